import { limitExceeded } from '../limits.js';
import type { ObjectView } from '../reader/objects.js';
import { freeEntry, type XrefEntry } from '../reader/section.js';
import { PdfError } from '../errors.js';
import type { FoundObject } from './found.js';
import type { Mending } from './mending.js';

/**
 * The definition of each number that counts: the last one that can be read; one that can't be only where there is no
 * other. What the file ends within is dropped, but for a stream that nothing else defines: its first part is there.
 * Cross-reference streams describe a file that is no more.
 */
export function liveObjects(objects: readonly FoundObject[]): Map<number, FoundObject> {
  const live = new Map<number, FoundObject>();
  for (const object of objects) {
    if (object.type === 'XRef') {
      continue;
    }
    const known = live.get(object.objectNumber);
    const isCutOff = object.state === 'cut-off' && (object.stream === undefined || known !== undefined);
    const isWorse = object.state === 'unreadable' && known !== undefined && known.state !== 'unreadable';
    if (!isCutOff && !isWorse) {
      live.set(object.objectNumber, object);
    }
  }
  return live;
}

/**
 * Enters the members of the object streams that count, in the order of the file: they count where nothing behind their
 * stream defines them anew. A stream that can't be read is left out with its members. Gives whether one holds a
 * signature. Throws PdfError LIMIT_EXCEEDED.
 */
export async function enterMembers(
  view: ObjectView,
  live: ReadonlyMap<number, FoundObject>,
  { entries, mending }: { readonly entries: Map<number, XrefEntry>; readonly mending: Mending },
): Promise<{ readonly isSigned: boolean }> {
  const { limits, meter } = view.windows;
  const containers = [...live.values()].filter(({ type }) => type === 'ObjStm').sort((a, b) => a.offset - b.offset);
  let isSigned = false;
  let inflated = 0;
  for (const container of containers) {
    meter.visit();
    const stream = await readContainer(view, container.objectNumber);
    if (stream === undefined) {
      continue;
    }
    inflated += stream.bytes.length;
    if (inflated > limits.maxRepairInflatedBytes) {
      throw limitExceeded(`at most ${limits.maxRepairInflatedBytes} bytes inflated in object streams`, 'more');
    }
    isSigned ||= stream.bytes.includes('/ByteRange');
    const counting = stream.members
      .map((member, index) => ({ ...member, index }))
      .filter(({ objectNumber }) => (live.get(objectNumber)?.offset ?? -1) < container.offset);
    for (const { objectNumber, offset, index } of counting) {
      if (stream.isDamaged) {
        mendMember(view, { entries, mending }, { objectNumber, offset, bytes: stream.bytes });
      } else {
        mending.forget(objectNumber);
        entries.set(objectNumber, { kind: 'compressed', container: container.objectNumber, index });
      }
    }
    if (entries.size > limits.maxRepairObjects) {
      throw limitExceeded(`at most ${limits.maxRepairObjects} objects in a damaged file`, 'more');
    }
  }
  return { isSigned };
}

/** A member of an object stream that other readers may not be able to read gets an object of its own, if it is whole. */
function mendMember(
  { windows }: ObjectView,
  { entries, mending }: { readonly entries: Map<number, XrefEntry>; readonly mending: Mending },
  { objectNumber, offset, bytes }: { readonly objectNumber: number; readonly offset: number; readonly bytes: Buffer },
): void {
  // Its strings would have to be encrypted: nobody has met such a file.
  if (windows.securityHandler !== undefined || offset >= bytes.length) {
    return;
  }
  const parser = windows.over(bytes, offset);
  try {
    parser.value();
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return;
    }
    throw error;
  }
  mending.set({ objectNumber, generation: 0 }, Buffer.from(bytes.subarray(offset, parser.pos)));
  entries.set(objectNumber, freeEntry);
}

type ObjectStream = Awaited<ReturnType<ObjectView['objects']['objectStream']>>;

async function readContainer(view: ObjectView, objectNumber: number): Promise<ObjectStream | undefined> {
  try {
    const container = await view.object(objectNumber);
    return container === undefined ? undefined : await view.objects.objectStream(container, view);
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return undefined;
    }
    throw error;
  }
}
