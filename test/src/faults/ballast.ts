import { execFile } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Fills a file system to the last byte, and makes room again. */
export class Ballast {
  readonly #file: string;

  constructor(private readonly folder: string) {
    this.#file = join(folder, '.ballast');
  }

  /** Nothing more can be written afterwards: every free block is taken. */
  async fill(): Promise<void> {
    const file = await open(this.#file, 'a');
    try {
      for (;;) {
        const { bavail, bsize } = await statfs(this.folder);
        if (bavail === 0) return;
        await file.appendFile(Buffer.alloc(Math.min(bavail * bsize, 1 << 22)));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async drop(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

/** Mounts a tmpfs of `megabytes`; false where that is not allowed. A mount that an earlier run left is taken away first. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<boolean> {
  await unmount(folder);
  await mkdir(folder, { recursive: true });
  const options = `size=${megabytes}m,mode=0700`;
  return run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).then(
    () => true,
    () => false,
  );
}

/** Harmless where nothing is mounted. */
export async function unmount(folder: string): Promise<void> {
  await run('umount', ['-l', folder]).catch(() => undefined);
}
