import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { disk, onDisk, writeAll } from './disk.js';
import { asStoreError } from './store-error.js';

/** A body that is too large to be collected, written as it comes, before it gets its name. Throws as ObjectStore does. */
export class TemporaryFile {
  #open = true;

  private constructor(
    readonly path: string,
    private readonly fd: number,
  ) {}

  /** A new file (0600) with a name of its own in the folder. */
  static async create(folder: string): Promise<TemporaryFile> {
    const path = join(folder, randomBytes(15).toString('base64url'));
    return new TemporaryFile(path, await onDisk(disk.open(path, 'wx', 0o600), 'write an object'));
  }

  /**
   * A copy of a file, to be written on from there. The file system does the copying (a reflink where it can): the bytes don't come
   * through this process, and none are kept in memory.
   */
  static async copyOf(path: string, folder: string): Promise<TemporaryFile> {
    const copy = join(folder, randomBytes(15).toString('base64url'));
    try {
      await oneCopy(() => disk.copyFile(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE));
      return new TemporaryFile(copy, await disk.open(copy, 'a'));
    } catch (error) {
      await disk.unlink(copy).catch(() => undefined);
      throw asStoreError(error, 'copy an object');
    }
  }

  async sizeBytes(): Promise<number> {
    return (await onDisk(disk.fstat(this.fd), 'write an object')).size;
  }

  write(bytes: Uint8Array): Promise<void> {
    return onDisk(writeAll(this.fd, bytes), 'write an object');
  }

  makeDurable(): Promise<void> {
    return onDisk(disk.fdatasync(this.fd), 'write an object');
  }

  close(): Promise<void> {
    this.#open = false;
    return onDisk(disk.close(this.fd), 'write an object');
  }

  /** Closes and removes it; throws nothing. */
  async abandon(): Promise<void> {
    if (this.#open) await this.close().catch(() => undefined);
    await disk.unlink(this.path).catch(() => undefined);
  }
}

let lastCopy: Promise<unknown> = Promise.resolve();

/** One copy at a time: each holds one of libuv's four threads until its last byte, seconds for a gigabyte. */
function oneCopy(copy: () => Promise<void>): Promise<void> {
  const done = lastCopy.then(copy);
  lastCopy = done.catch(() => undefined);
  return done;
}
