import { closeSync, fsyncSync, openSync, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { emptyName, temporaryName } from './write-batch.js';

/** Temporary files older than this are left over from a crash; younger ones may belong to another process that writes now. */
const strayAfterMs = 3_600_000;

/** File systems whose fsync of a directory makes its own name durable too: the log keeps the order of changes to names. */
const orderedFileSystems: ReadonlySet<string> = new Set(['ext4', 'xfs']);

/** What is known of a store's folder when it is opened. */
export interface StoreFolder {
  /** The directories in it, whose names are durable. */
  readonly directories: readonly string[];
  readonly namesKeepOrder: boolean;
}

/**
 * Makes the folder of a store and what belongs to the store in it, removes what a crash left, and makes the names of the folder
 * and of the directories in it durable. Throws what Node throws.
 */
export async function openFolder(folder: string, durable: boolean): Promise<StoreFolder> {
  const temporary = join(folder, temporaryName);
  const firstMade = await mkdir(temporary, { recursive: true, mode: 0o700 });
  await removeStrays(temporary);
  await provideEmptyFile(folder);
  const entries = await readdir(folder, { withFileTypes: true });
  if (durable) {
    syncDirectory(folder);
    // Each directory that was made has its name in the one above.
    const above = firstMade === undefined ? folder : dirname(firstMade);
    for (let directory = folder; directory.length > above.length; directory = dirname(directory)) {
      syncDirectory(dirname(directory));
    }
  }
  return {
    directories: entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name)),
    namesKeepOrder: await namesKeepOrder(folder),
  };
}

/**
 * True where an fsync of a directory makes its own name durable too, and the names of the directories above it. POSIX doesn't
 * promise that; docs/decisions/0018 says why these file systems do. False where the system doesn't tell which one it is.
 */
async function namesKeepOrder(folder: string): Promise<boolean> {
  const { dev } = await stat(folder, { bigint: true });
  const device = `${((dev >> 32n) & ~0xfffn) | ((dev >> 8n) & 0xfffn)}:${((dev >> 12n) & ~0xffn) | (dev & 0xffn)}`;
  // Not statfs(2), which has one number for ext4 and for ext2, which has no log. Fields: proc_pid_mountinfo(5).
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return mounts.split('\n').some((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    return mount.split(' ')[2] === device && orderedFileSystems.has(source.split(' ')[0] ?? '');
  });
}

async function removeStrays(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > strayAfterMs) await unlink(path).catch(() => undefined);
  }
}

/** The empty file (0600). One that isn't empty any more is given up; the objects that are its names stay as they are. */
async function provideEmptyFile(folder: string): Promise<void> {
  const path = join(folder, emptyName);
  const stats: Stats | undefined = await lstat(path).catch(() => undefined);
  if (stats?.isFile() === true && stats.size === 0) return;
  if (stats !== undefined) await unlink(path);
  const file = await open(path, 'a', 0o600);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
