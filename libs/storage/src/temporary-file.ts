import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { disk, onDisk, writeAll } from './disk.js';

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
