import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DiskWriters, type DiskWriterSettings } from './disk-writers.js';
import type { WriteRequest } from './write-batch.js';

const settings = (maxThreads: number): DiskWriterSettings => ({
  maxThreads,
  patienceMs: 10,
  maxBatchBytes: 4_194_304,
});

describe('the writing threads', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-writers-'));
    await mkdir(join(folder, '.tmp'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const put = (name: string, bodyBytes: number): WriteRequest => ({
    action: 'put',
    folder,
    path: join(folder, name),
    directories: [],
    syncDirectories: true,
    bodyBytes,
    durable: false,
  });
  /** A thread that does what the code says with a batch. */
  async function scripted(code: string): Promise<URL> {
    const path = join(folder, 'script.mjs');
    await writeFile(path, `import { parentPort } from 'node:worker_threads';\n${code}`);
    return pathToFileURL(path);
  }
  /** A put whose thread answers that the disk gave this error. */
  async function writeWhenDiskSays(code: string): Promise<boolean> {
    const answer = `[{ code: '${code}', message: 'x' }]`;
    const thread = await scripted(`parentPort.on('message', () => parentPort.postMessage(${answer}));`);
    return new DiskWriters(settings(1), thread).write(put('a', 0), [], 'put a');
  }

  it('write many bodies at once, more than a batch holds, and leave them to the caller', async () => {
    const writers = new DiskWriters(settings(2));
    const bodies = Array.from({ length: 300 }, (_, index) => Buffer.from(`body ${index}`));
    // Large ones in between: batches are bounded by bytes too.
    const large = Array.from({ length: 12 }, (_, index) => Buffer.alloc(1_000_000, index));
    await Promise.all(
      [...bodies, ...large].map((body, index) =>
        writers.write(put(`${index}`, body.length), [body.subarray(0, 3), body.subarray(3)], 'put'),
      ),
    );
    for (const [index, body] of [...bodies, ...large].entries()) {
      expect((await readFile(join(folder, `${index}`))).equals(body)).toBe(true);
    }
    expect(bodies[7]?.toString()).toBe('body 7');
  });

  it('keep to the bytes of a batch, and take a larger body alone', async () => {
    const thread = await scripted(`parentPort.on('message', (requests) => {
      parentPort.postMessage(requests.map(() => requests.length === 1 || requests.every(({ bodyBytes }) => bodyBytes <= 100)));
    });`);
    const writers = new DiskWriters({ maxThreads: 1, patienceMs: 0, maxBatchBytes: 1_000 }, thread);
    const sizes = [100, 5_000, 100, 100, 2_000, 100];
    const done = await Promise.all(
      sizes.map((bytes) => writers.write(put('a', bytes), [Buffer.alloc(bytes)], 'put a')),
    );
    expect(done).toEqual([true, true, true, true, true, true]);
  });

  it('pass on what the disk says, a full disk apart', async () => {
    await expect(writeWhenDiskSays('ENOSPC')).rejects.toMatchObject({ code: 'STORE_FULL', expected: 'to put a' });
    await expect(writeWhenDiskSays('EIO')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', found: 'EIO' });
  });

  it.each(['process.exit(3)', 'throw new Error("out of order")'])(
    'answer STORE_UNAVAILABLE when a thread dies (%s), and are replaced',
    async (death) => {
      const writers = new DiskWriters(
        settings(1),
        await scripted(`import { workerData } from 'node:worker_threads';
        parentPort.on('message', (requests) => {
          if (new Uint8Array(workerData)[0] === 0x78) ${death};
          parentPort.postMessage(requests.map(() => true));
        });`),
      );
      const write = (body: string): Promise<boolean> => writers.write(put('a', 1), [Buffer.from(body)], 'put a');
      for (let round = 0; round < 3; round++) {
        expect(await write('a')).toBe(true);
        const dying = write('x');
        await expect(dying).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect(await write('b')).toBe(true);
      }
      // Those that wait for the thread while it dies are not lost.
      const together = await Promise.allSettled(
        Array.from({ length: 80 }, (_, index) => write(index === 0 ? 'x' : 'a')),
      );
      expect(together[0]?.status).toBe('rejected');
      expect(together.at(-1)).toEqual({ status: 'fulfilled', value: true });
    },
  );

  it('answer STORE_UNAVAILABLE when no thread can be started', async () => {
    const writers = new DiskWriters(settings(1), pathToFileURL(join(folder, 'absent.mjs')));
    for (let round = 0; round < 2; round++) {
      await expect(writers.write(put('a', 0), [], 'put a')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    }
  });
});
