import { PdfError } from '../errors.js';
import type { WindowReader } from '../reader/window.js';
import { asBuffer } from '../sources.js';
import { Dictionary } from '../syntax/values.js';
import { editDictionary, type Part } from '../writer/parts.js';
import type { FoundObject } from './found.js';

/** An object that is written anew, since readers who don't repair can't read it where it stands. */
export interface Amendment {
  readonly objectNumber: number;
  readonly generation: number;
  /** What stands between `obj` and `endobj`, as encrypted as it was. */
  readonly parts: readonly Part[];
}

/**
 * Objects without an `endobj`, and streams with a wrong /Length or without an end, with that put right: what is signed
 * must be read by everyone as it was read here. Streams are amended as long as all amendments together stay below
 * `maxObjectBytes`, those with objects in them first; the rest stays as it is, and readers do with it as they did before.
 * So does everything that is drawn, unless `withContents`: what a reader showed in part it would show as a whole.
 */
export async function amend(
  windows: WindowReader,
  live: ReadonlyMap<number, FoundObject>,
  { withContents }: { readonly withContents: boolean },
): Promise<Amendment[]> {
  const amendments: Amendment[] = [];
  let room = windows.limits.maxObjectBytes;
  const broken = [...live.values()].filter(
    ({ state, stream }) => state === 'unclosed' || (stream !== undefined && !stream.isLengthRight),
  );
  const concerned = broken.filter((object) => rank(object) < 2 || (withContents && !isItsOwnLength(object)));
  for (const object of concerned.sort((a, b) => rank(a) - rank(b) || a.offset - b.offset)) {
    const size = object.valueEnd - object.bodyStart + (object.stream?.length ?? 0);
    const parts = size > room ? undefined : await amended(windows, object);
    if (parts !== undefined) {
      room -= size;
      amendments.push({ objectNumber: object.objectNumber, generation: object.generation, parts });
    }
  }
  return amendments.sort((a, b) => a.objectNumber - b.objectNumber);
}

/** Readers show nothing of such a stream: with a length it would come to light. */
function isItsOwnLength({ objectNumber, stream }: FoundObject): boolean {
  return stream?.lengthReference === objectNumber;
}

function rank({ stream, type }: FoundObject): number {
  return stream === undefined ? 0 : type === 'ObjStm' ? 1 : 2;
}

async function amended(windows: WindowReader, object: FoundObject): Promise<readonly Part[] | undefined> {
  const { source } = windows;
  const { bodyStart, valueEnd, stream } = object;
  if (stream?.length === undefined) {
    return [asBuffer(await source.read(bodyStart, valueEnd - bodyStart))];
  }
  const { length } = stream;
  const dictionary = await windows.at(bodyStart, ({ parser }) => parser.value());
  if (!(dictionary instanceof Dictionary)) {
    return undefined;
  }
  try {
    const edited = editDictionary(dictionary, new Map([['Length', String(length)]]));
    const data = asBuffer(await source.read(stream.dataOffset, length));
    return [...edited, '\nstream\n', data, '\nendstream'];
  } catch (error) {
    // A key stands twice: readers choose between them as they did before.
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return undefined;
    }
    throw error;
  }
}
