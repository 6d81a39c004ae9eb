import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { asStoreError } from './store-error.js';

/**
 * Node's callback functions as promises, for large bodies. `node:fs/promises` does the same through FileHandle objects, for half
 * as much CPU again.
 */
export const disk = {
  open: promisify(fs.open),
  copyFile: promisify(fs.copyFile),
  fstat: promisify(fs.fstat),
  close: promisify(fs.close),
  read: promisify(fs.read),
  write: promisify(fs.write),
  fdatasync: promisify(fs.fdatasync),
  unlink: promisify(fs.unlink),
  mkdir: promisify(fs.mkdir),
  stat: promisify(fs.stat),
  readdir: promisify(fs.readdir),
};

/** Writes all of the bytes at the file's position. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.byteLength;) {
    written += (await disk.write(fd, bytes, written, bytes.byteLength - written)).bytesWritten;
  }
}

/** Bytes [start, end); throws when the file is shorter. */
export async function readExactly(fd: number, start: number, end: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await disk.read(fd, bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error(`expected ${bytes.length} bytes at ${start}, found ${done}`);
    done += bytesRead;
  }
  return bytes;
}

/** The work's result; its errors as STORE_FULL or STORE_UNAVAILABLE. */
export function onDisk<T>(work: Promise<T>, doing: string): Promise<T> {
  return work.catch((error: unknown) => {
    throw asStoreError(error, doing);
  });
}
