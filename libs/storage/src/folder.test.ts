import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openObjectSource } from './object-source.js';
import { openStore } from './open-store.js';
import { asStoreError } from './store-error.js';
import { describeStore } from './store-contract.js';

describeStore(
  'a folder',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kyso-store-'));
    return {
      first: await openStore({ folder }),
      second: await openStore({ folder }),
      leftovers: () => readdir(join(folder, '.tmp')),
      close: () => rm(folder, { recursive: true }),
    };
  },
  { atomicCreate: true, copiesFrom: (baseBytes) => baseBytes > 1_048_576 },
);

/** Parts of 100,000 bytes, all in one buffer. */
async function* parts(count: number): AsyncGenerator<Buffer> {
  const part = Buffer.alloc(100_000);
  for (let index = 0; index < count; index++) yield part.fill(index);
}

describe('the folder store', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-store-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('lets nobody but its user read documents', async () => {
    const inner = join(folder, 'private');
    const store = await openStore({ folder: inner });
    await store.put('documents/a/0.pdf', Buffer.from('x'));
    expect((await stat(join(inner, 'documents/a'))).mode & 0o077).toBe(0);
    expect((await stat(join(inner, 'documents/a/0.pdf'))).mode & 0o077).toBe(0);
  });

  it('removes what a crash left, and not what another process is writing now', async () => {
    const temporary = join(folder, 'stray', '.tmp');
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'old'), 'x');
    await writeFile(join(temporary, 'young'), 'x');
    await utimes(join(temporary, 'old'), new Date(0), new Date(0));
    await openStore({ folder: join(folder, 'stray') });
    expect(await readdir(temporary)).toEqual(['young']);
  });

  it('never lists or shows its own files', async () => {
    const store = await openStore({ folder: join(folder, 'stray') });
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual([]);
  });

  it('keeps what is written to an empty object apart from the other empty objects', async () => {
    const inner = join(folder, 'markers');
    const store = await openStore({ folder: inner });
    const keys = ['open/1', 'open/2', 'open/3'];
    for (const key of keys) await store.put(key, Buffer.alloc(0));
    await store.put('open/1', Buffer.from('now with a body'));
    await store.delete('open/2');
    expect(await store.get('open/1')).toHaveLength(15);
    expect(await store.stat('open/2')).toBeUndefined();
    expect(await store.get('open/3')).toHaveLength(0);
    expect(await store.create('open/2', Buffer.from('again'))).toBe(true);
    await store.put('open/3', Buffer.alloc(0));
    expect(await store.get('open/3')).toHaveLength(0);
    expect((await stat(join(inner, '.empty'))).size).toBe(0);
    expect(await readdir(join(inner, '.tmp'))).toEqual([]);
  });

  it('gives up an empty file that somebody wrote to', async () => {
    const inner = join(folder, 'spoilt');
    await openStore({ folder: inner });
    await writeFile(join(inner, '.empty'), 'not empty');
    const store = await openStore({ folder: inner });
    await store.put('a', Buffer.alloc(0));
    expect(await store.get('a')).toHaveLength(0);
  });

  it('says that it is unavailable when the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(openStore({ folder: join(folder, 'file') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('says that it is unavailable when the folder went away', async () => {
    const gone = join(folder, 'gone');
    const store = await openStore({ folder: gone });
    await rm(gone, { recursive: true });
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('keeps the parts of a stream whose producer uses one buffer for all of them', async () => {
    const store = await openStore({ folder: join(folder, 'reused') });
    for (const count of [3, 30]) {
      await store.put('a', parts(count));
      const bytes = (await store.get('a')) ?? new Uint8Array(0);
      expect(bytes).toHaveLength(count * 100_000);
      for (let index = 0; index < count; index++) expect(bytes[index * 100_000]).toBe(index);
    }
  });

  it('never takes an object for a folder, nor a folder for an object', async () => {
    const store = await openStore({ folder: join(folder, 'shapes') });
    await store.put('a/b', Buffer.from('x'));
    expect(await store.get('a')).toBeUndefined();
    expect(await store.get('a/b/c')).toBeUndefined();
    expect(await store.openObject?.('a', 100)).toBeUndefined();
    await expect(store.put('a/b/c', Buffer.from('y'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.put('a', Buffer.from('y'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await readdir(join(folder, 'shapes', '.tmp'))).toEqual([]);
  });

  it('finishes its writes and then lets the process end, in plain node', async () => {
    const script = `
      const { openStore } = await import(${JSON.stringify(new URL('./index.js', import.meta.url).href)});
      const store = await openStore({ folder: ${JSON.stringify(join(folder, 'plain'))} });
      for (let i = 0; i < 3; i++) await store.create('a/' + i, Buffer.from('x'));
      console.log(await store.create('a/0', Buffer.from('y')));`;
    const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20_000,
    });
    expect(ended.stdout).toBe('false\n');
    expect((await readdir(join(folder, 'plain', 'a'))).sort()).toEqual(['0', '1', '2']);
  });

  it('tells a full disk from other faults', () => {
    const full = Object.assign(new Error('x'), { code: 'ENOSPC' });
    expect(asStoreError(full, 'write')).toMatchObject({ code: 'STORE_FULL' });
    expect(asStoreError(Object.assign(new Error('x'), { code: 'EIO' }), 'write')).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      found: 'EIO',
    });
  });

  it('refuses a configuration with no store, or with two', async () => {
    await expect(openStore({})).rejects.toThrow(TypeError);
  });

  it('reads a file that is hashed in sequence with few large reads', async () => {
    const store = await openStore({ folder: join(folder, 'sequence') });
    await store.put('large', Buffer.alloc(40_000_000, 1));
    let reads = 0;
    const counting = {
      ...store,
      openObject: async (key: string, wholeBelowBytes: number) => {
        const object = await store.openObject?.(key, wholeBelowBytes);
        if (object === undefined) return undefined;
        return {
          ...object,
          close: () => object.close(),
          read: (start: number, end: number) => {
            reads++;
            return object.read(start, end);
          },
        };
      },
    };
    const source = await openObjectSource(counting, 'large');
    for (let offset = 0; offset < 40_000_000; offset += 262_144) {
      expect(await source?.read(offset, 262_144)).toHaveLength(Math.min(262_144, 40_000_000 - offset));
    }
    await source?.close();
    expect(reads).toBeLessThan(20);
  });
});
