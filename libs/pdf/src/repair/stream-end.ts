import type { ByteSource } from '../byte-source.js';
import type { Meter } from '../limits.js';
import { asBuffer } from '../sources.js';
import { isSpace } from '../syntax/parser.js';
import type { FoundObject, Scan } from './found.js';

/** White space before `endstream` and the keyword. */
const endBytes = 32;
const chunkBytes = 1024 * 1024;

/** True when `endstream` stands at a file offset, white space before it. `known` is a part of the file that is at hand. */
export async function endsAt(
  source: ByteSource,
  offset: number,
  known?: { readonly chunk: Buffer; readonly base: number },
): Promise<boolean> {
  if (offset >= source.size) {
    return false;
  }
  const isKnown = known !== undefined && offset >= known.base && offset + endBytes <= known.base + known.chunk.length;
  const bytes = isKnown
    ? known.chunk.subarray(offset - known.base, offset - known.base + endBytes)
    : asBuffer(await source.read(offset, endBytes));
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at])) {
    at += 1;
  }
  return bytes.toString('latin1', at, at + 9) === 'endstream';
}

/**
 * Takes the /Length that other objects hold where it is right. True when what was taken for objects lies inside of such a
 * stream, as in a PDF that is attached to this one: then the file is to be scanned once more.
 */
export async function settleLengths(source: ByteSource, { objects, integers }: Scan, meter: Meter): Promise<boolean> {
  let isMistaken = false;
  for (const [index, { stream }] of objects.entries()) {
    meter.visit();
    const stated = stream?.lengthReference === undefined ? undefined : integers.get(stream.lengthReference);
    if (stream === undefined || stream.isLengthRight || stated === undefined) {
      continue;
    }
    const end = stream.dataOffset + stated;
    if (await endsAt(source, end)) {
      stream.length = stated;
      stream.isLengthRight = true;
      isMistaken ||= (objects[index + 1]?.offset ?? Infinity) < end;
    }
  }
  return isMistaken;
}

/**
 * Finds where the streams with a wrong /Length end: at the next `endstream`, else where the next object begins. What can't
 * be read and lies inside of one was no object. Gives the objects that are left.
 */
export async function findStreamEnds(
  source: ByteSource,
  objects: readonly FoundObject[],
  meter: Meter,
): Promise<FoundObject[]> {
  const left: FoundObject[] = [];
  let end = 0;
  for (const [index, object] of objects.entries()) {
    meter.visit();
    if (object.offset < end && object.state === 'unreadable') {
      continue;
    }
    left.push(object);
    const { stream } = object;
    if (stream === undefined || stream.isLengthRight) {
      continue;
    }
    let next = index + 1;
    while (objects[next]?.state === 'unreadable') {
      next += 1;
    }
    const limit = objects[next]?.offset ?? source.size;
    const found =
      (await findKeyword(source, 'endstream', { from: stream.dataOffset, to: limit })) ??
      (await findKeyword(source, 'endobj', { from: stream.dataOffset, to: limit }));
    if (found === undefined && limit === source.size) {
      object.state = 'cut-off';
    }
    end = found ?? limit;
    stream.length = (await beforeLineEnd(source, stream.dataOffset, end)) - stream.dataOffset;
  }
  return left;
}

/** File offset of a word between two others; undefined where it isn't there. */
export async function findKeyword(
  source: ByteSource,
  keyword: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number | undefined> {
  for (let at = from; at < to; at += chunkBytes) {
    const chunk = asBuffer(await source.read(at, Math.min(chunkBytes + keyword.length, to - at)));
    const found = chunk.indexOf(keyword, 0, 'latin1');
    if (found >= 0) {
      return at + found;
    }
  }
  return undefined;
}

async function beforeLineEnd(source: ByteSource, start: number, end: number): Promise<number> {
  const from = Math.max(start, end - 2);
  const last = asBuffer(await source.read(from, end - from)).toString('latin1');
  return end - (last.endsWith('\r\n') ? 2 : /[\r\n]$/.test(last) ? 1 : 0);
}
