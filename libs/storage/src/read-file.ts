import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { readExactly } from './disk.js';

/** A file opened for reading. */
export interface OpenFile {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly tag: string;
}

/**
 * Up to here a file is read at once, on the main thread: 50 µs where the disk has it in its cache, against 150 µs of CPU through
 * another thread, most of them for waking it.
 */
const maxSyncBytes = 262_144;

/** NONBLOCK: a pipe among the objects would otherwise hold the process until someone writes to it. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file; undefined when it is no file. Synchronous: open, fstat, read and close take 20 µs together where the disk has the
 * file in its cache, and as asynchronous calls 25 to 50 µs each. The price: the event loop stands still while a disk that is
 * stalled (a hanging network share) gives no answer. Throws what Node throws.
 */
export function openToRead(path: string): OpenFile | undefined {
  // Asked first: an ENOENT that is thrown costs 13 µs, this 2. Not existsSync, to which a disk that fails is an absent file.
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const fd = openSync(path, readFlags);
  try {
    const stats = fstatSync(fd);
    if (stats.isFile()) return { fd, sizeBytes: stats.size, tag: fileTag(stats) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** Tells a file from one that takes its place, and from itself after it was written to. Not by ctime: a link changes that. */
export function fileTag({ ino, mtimeMs, size }: Stats): string {
  return `${ino}-${mtimeMs}-${size}`;
}

/** All of the file, which is closed then; above 256 KiB without holding the event loop. Throws what Node throws. */
export function readWhole({ fd, sizeBytes }: OpenFile): Promise<Uint8Array> {
  return readRange(fd, 0, sizeBytes);
}

/** Bytes [start, end) of a file, which is closed then; else as readWhole. */
export async function readRange(fd: number, start: number, end: number): Promise<Uint8Array> {
  try {
    return end - start > maxSyncBytes ? await readExactly(fd, start, end) : readSmall(fd, start, Math.max(start, end));
  } finally {
    closeSync(fd);
  }
}

function readSmall(fd: number, start: number, end: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let done = 0; done < bytes.length;) {
    const bytesRead = readSync(fd, bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error(`expected ${bytes.length} bytes at ${start}, found ${done}`);
    done += bytesRead;
  }
  return bytes;
}
