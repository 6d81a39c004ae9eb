import { open, readFile, rm } from 'node:fs/promises';

/**
 * Takes `file` as a lock for this process; a lock whose process is gone is taken over. Throws when a living process holds it.
 * Returns the function that releases it.
 */
export async function lockFolder(file: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (isAlive(pid))
        throw new Error(`another cluster of this checkout is running here (pid ${pid}); stop it first`, {
          cause: error,
        });
      await rm(file, { force: true });
    }
  }
  throw new Error(`the lock ${file} cannot be taken`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
