import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bodyStart, runBatch, type WriteOutcome, type WriteRequest } from './write-batch.js';

function run(requests: WriteRequest[], bodies: string[] = []): WriteOutcome[] {
  const memory = Buffer.alloc(1_000);
  let end = 0;
  for (const body of bodies) end = bodyStart(end) + memory.write(body, bodyStart(end));
  return runBatch({ requests, bodies: memory });
}

describe('a batch of writes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-batch-'));
    await mkdir(join(folder, '.tmp'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const request = (action: WriteRequest['action'], name: string, more: Partial<WriteRequest> = {}): WriteRequest => ({
    action,
    folder,
    path: join(folder, name),
    directories: [],
    syncDirectories: true,
    bodyBytes: 1,
    durable: true,
    ...more,
  });

  it('gives each object its own bytes, and the names to the first of two creators', async () => {
    expect(
      run(
        [
          request('create', 'a', { bodyBytes: 2 }),
          request('put', 'b', { bodyBytes: 0 }),
          request('create', 'a'),
          request('put', 'c', { bodyBytes: 3 }),
        ],
        ['aa', '', '-', 'ccc'],
      ),
    ).toEqual([true, true, false, true]);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('aa');
    expect(await readFile(join(folder, 'b'), 'utf8')).toBe('');
    expect(await readFile(join(folder, 'c'), 'utf8')).toBe('ccc');
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });

  it('makes the directories that are missing, for their owner alone', async () => {
    const directories = [join(folder, 'x'), join(folder, 'x/y')];
    expect(
      run([request('create', 'x/y/a', { directories }), request('put', 'x/y/b', { directories })], ['a', 'b']),
    ).toEqual([true, true]);
    expect((await stat(join(folder, 'x/y'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'x/y'))).toEqual(['a', 'b']);
  });

  it('makes an empty object one more name of the empty file, and replaces others by a file of its own', async () => {
    await writeFile(join(folder, '.empty'), '');
    await writeFile(join(folder, 'b'), 'old');
    const empty = { bodyBytes: 0 };
    expect(run([request('create', 'a', empty), request('create', 'a', empty), request('put', 'b', empty)])).toEqual([
      true,
      false,
      true,
    ]);
    expect((await stat(join(folder, '.empty'))).nlink).toBe(2);
    expect((await stat(join(folder, 'a'))).ino).toBe((await stat(join(folder, '.empty'))).ino);
    expect(await stat(join(folder, 'b'))).toMatchObject({ size: 0, nlink: 1 });
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });

  it('writes an empty object where the empty file is not there, and says when that fails too', async () => {
    const empty = { bodyBytes: 0 };
    expect(run([request('create', 'a', empty), request('put', 'absent/b', empty)])).toMatchObject([
      true,
      { code: 'ENOENT' },
    ]);
    expect(await stat(join(folder, 'a'))).toMatchObject({ size: 0, nlink: 1 });
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });

  it('answers a failure to the one request that failed, and removes what that had written', async () => {
    const outcomes = run([request('put', 'a'), request('put', 'absent/b'), request('create', 'c')], ['a', 'b', 'c']);
    expect(outcomes).toMatchObject([true, { code: 'ENOENT' }, true]);
    expect(await readFile(join(folder, 'c'), 'utf8')).toBe('c');
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  });

  it.each(['put', 'create'] as const)(
    'names a body that was written before (%s), and removes it on failure',
    async (action) => {
      const temporary = join(folder, '.tmp', 'before');
      for (const name of ['a', 'absent/b']) {
        await writeFile(temporary, 'before');
        const [outcome] = run([request(action, name, { temporary, bodyBytes: 0 })]);
        expect(outcome === true).toBe(name === 'a');
        expect(existsSync(temporary)).toBe(false);
      }
      expect(await readFile(join(folder, 'a'), 'utf8')).toBe('before');
    },
  );

  it('tries a write without leaving anything, and says when it cannot', async () => {
    expect(run([request('try', '')], ['.'])).toEqual([true]);
    expect(await readdir(join(folder, '.tmp'))).toEqual([]);
    await rm(join(folder, '.tmp'), { recursive: true });
    expect(run([request('try', '')], ['.'])).toMatchObject([{ code: 'ENOENT' }]);
  });
});
