import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withFolderLock } from './folder.js';
import { run, temporaryFolder } from './test-folder.js';

const module = new URL('./folder.js', import.meta.url).href;
const script = (work: string): string[] => [
  '--input-type=module',
  '--eval',
  `import { rm, writeFile } from 'node:fs/promises';
   import { withFolderLock } from ${JSON.stringify(module)};
   const [folder] = process.argv.slice(1);
   const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
   ${work}`,
];

/** Fails where another process is inside as well: `wx` refuses a file that exists. */
const enterAndLeave = `for (let i = 0; i < 5; i++)
  await withFolderLock(folder, async () => {
    await writeFile(folder + '/inside', '', { flag: 'wx' });
    await pause(3);
    await rm(folder + '/inside');
  });`;

/** A number that no process has: that of one that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('the lock of a folder', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('lets one in at a time within a process', async () => {
    let inside = 0;
    const most = await Promise.all(
      Array.from({ length: 20 }, () =>
        withFolderLock(folder.path, async () => {
          inside++;
          const seen = inside;
          await new Promise((resolve) => setTimeout(resolve, 1));
          inside--;
          return seen;
        }),
      ),
    );
    expect(Math.max(...most)).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('lets one process in at a time where several take over from the dead at once', async () => {
    const dead = await deadPid();
    for (let i = 0; i < 30; i++) await writeFile(join(folder.path, `lock-${dead}-0${i}`), '');
    const processes = Array.from({ length: 4 }, () => run(process.execPath, [...script(enterAndLeave), folder.path]));
    for (const { code, text } of await Promise.all(processes)) expect({ code, text }).toEqual({ code: 0, text: '' });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('waits for a holder that lives, and takes over when it is killed', async () => {
    const hold = `await withFolderLock(folder, async () => { process.stdout.write('held\\n'); await pause(60_000); });`;
    const holder = spawn(process.execPath, [...script(hold), folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(holder, 'exit');
    await once(createInterface(holder.stdout), 'line');
    let entered = false;
    const waiting = withFolderLock(folder.path, () => {
      entered = true;
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(entered).toBe(false);
    holder.kill('SIGKILL');
    await ended;
    await waiting;
    expect(entered).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('gives the lock back when the work fails', async () => {
    await expect(withFolderLock(folder.path, () => Promise.reject(new Error('expected')))).rejects.toThrow('expected');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
