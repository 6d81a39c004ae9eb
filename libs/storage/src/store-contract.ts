import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createJson, getJson, putJson } from './json-object.js';
import type { ObjectInfo, ObjectStore } from './object-store.js';
import { openObjectSource } from './object-source.js';

/** One kind of store, opened twice as two processes would. */
export interface StoreUnderTest {
  readonly first: ObjectStore;
  readonly second: ObjectStore;
  /** What lies in the store besides objects: temporary files, unfinished uploads. */
  readonly leftovers: () => Promise<string[]>;
  readonly close: () => Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const newKey = (): string => `tests/${randomBytes(8).toString('hex')}`;

async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

async function* failingAfter(byteCount: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < byteCount; sent += 65_536) yield Buffer.alloc(65_536, 0x61);
  throw new Error('the upload broke off');
}

async function keysUnder(store: ObjectStore, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix)) found.push(info);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * What every ObjectStore must do. `atomicCreate` is false for S3 servers that ignore If-None-Match; `copiesFrom` tells of which
 * sizes createFrom takes the base.
 */
export function describeStore(
  kind: string,
  open: () => Promise<StoreUnderTest>,
  options: { atomicCreate: boolean; copiesFrom: (baseBytes: number) => boolean },
): void {
  describe(`the object store contract, ${kind}`, () => {
    let tested: StoreUnderTest;
    let store: ObjectStore;
    beforeAll(async () => {
      tested = await open();
      store = tested.first;
    });
    afterAll(async () => tested?.close());

    it('gives back what was put, and replaces it', async () => {
      const key = newKey();
      await store.put(key, Buffer.from('một'));
      await store.put(key, Buffer.from('hai'));
      expect(Buffer.from((await tested.second.get(key)) ?? []).toString()).toBe('hai');
      expect(await store.stat(key)).toEqual({ key, sizeBytes: 3 });
    });

    it('answers undefined for what is absent', async () => {
      const key = newKey();
      expect(await store.get(key)).toBeUndefined();
      expect(await store.stat(key)).toBeUndefined();
      expect(await store.openRead(key)).toBeUndefined();
      expect(await store.openRead(key, { start: 0, end: 0 })).toBeUndefined();
      expect(await openObjectSource(store, key)).toBeUndefined();
      await expect(store.delete(key)).resolves.toBeUndefined();
    });

    it('keeps an empty object', async () => {
      const key = newKey();
      await store.put(key, new Uint8Array(0));
      expect(await store.stat(key)).toEqual({ key, sizeBytes: 0 });
      expect(await store.get(key)).toHaveLength(0);
      expect((await openObjectSource(store, key))?.size).toBe(0);
    });

    it.each([0, 1, 70_000, 8_388_608, 8_388_609, 20_000_000])(
      'writes a stream of unknown size, %d bytes',
      async (size) => {
        const key = newKey();
        const bytes = randomBytes(size);
        await store.put(key, chunksOf(bytes, 65_537));
        expect(await store.stat(key)).toEqual({ key, sizeBytes: size });
        const stream = await store.openRead(key);
        expect(sha256(await buffer(stream ?? Readable.from([])))).toBe(sha256(bytes));
      },
    );

    it.each([130_000, 12_000_000])('leaves nothing behind when the body fails after %d bytes', async (size) => {
      const key = newKey();
      await expect(store.put(key, failingAfter(size))).rejects.toThrow('the upload broke off');
      await expect(store.create(key, failingAfter(size))).rejects.toThrow('the upload broke off');
      expect(await store.stat(key)).toBeUndefined();
      expect(await tested.leftovers()).toEqual([]);
    });

    it('keeps the old body when a replacement fails', async () => {
      const key = newKey();
      await store.put(key, Buffer.from('old'));
      await expect(store.put(key, failingAfter(12_000_000))).rejects.toThrow('the upload broke off');
      expect(Buffer.from((await store.get(key)) ?? []).toString()).toBe('old');
    });

    it('creates a key once and keeps the first body', async () => {
      const key = newKey();
      expect(await store.create(key, Buffer.from('first'))).toBe(true);
      expect(await tested.second.create(key, Buffer.from('second'))).toBe(false);
      expect(await store.create(key, chunksOf(randomBytes(100_000), 10_000))).toBe(false);
      expect(await store.create(key, chunksOf(randomBytes(9_000_000), 100_000))).toBe(false);
      expect(Buffer.from((await store.get(key)) ?? []).toString()).toBe('first');
      expect(await tested.leftovers()).toEqual([]);
    });

    it('creates a large object from a stream', async () => {
      const key = newKey();
      const bytes = randomBytes(17_000_000);
      expect(await store.create(key, chunksOf(bytes, 100_000))).toBe(true);
      expect(await store.create(key, bytes)).toBe(false);
      expect(sha256((await store.get(key)) ?? new Uint8Array(0))).toBe(sha256(bytes));
    });

    const exactlyOneWins = async () => {
      for (const size of [10, 9_000_000]) {
        const key = newKey();
        const bodies = Array.from({ length: 6 }, (_, index) => Buffer.alloc(size, index));
        const results = await Promise.all(
          bodies.map((body, index) => (index % 2 === 0 ? store : tested.second).create(key, body)),
        );
        expect(results.filter(Boolean)).toHaveLength(1);
        const winner = bodies[results.indexOf(true)];
        expect(sha256((await store.get(key)) ?? new Uint8Array(0))).toBe(sha256(winner ?? new Uint8Array(0)));
      }
      expect(await tested.leftovers()).toEqual([]);
    };
    if (options.atomicCreate) it('lets exactly one of many creators win, small and large', exactlyOneWins);

    it.each([1_000_000, 5_242_879, 5_242_880, 9_000_000])(
      'creates an object from another of %d bytes and what comes after it, or says that it has to be sent',
      async (baseBytes) => {
        const [base, key] = [newKey(), newKey()];
        const original = randomBytes(baseBytes);
        const tail = [randomBytes(30_000), randomBytes(8_388_608), randomBytes(7)];
        await store.put(base, original);
        const source = await openObjectSource(store, base, { wholeBelowBytes: 65_536 });
        await source?.close();
        expect(source?.tag).toBeTruthy();
        const body = { base, baseBytes, baseTag: source?.tag ?? '', tail };
        const created = await store.createFrom?.(key, body);
        expect(created).toBe(options.copiesFrom(baseBytes) ? true : undefined);
        if (created === undefined) return expect(await store.stat(key)).toBeUndefined();
        expect(sha256((await store.get(key)) ?? new Uint8Array(0))).toBe(sha256(Buffer.concat([original, ...tail])));
        expect(await tested.second.createFrom?.(key, { ...body, tail: [] })).toBe(false);
        expect(sha256((await store.get(base)) ?? new Uint8Array(0))).toBe(sha256(original));
        expect(await tested.leftovers()).toEqual([]);
      },
    );

    it('copies no base that was replaced since it was read, nor one that is gone', async () => {
      const [base, key] = [newKey(), newKey()];
      const baseBytes = 6_000_000;
      if (!options.copiesFrom(baseBytes)) return;
      await store.put(base, randomBytes(baseBytes));
      const source = await openObjectSource(store, base, { wholeBelowBytes: 65_536 });
      await source?.close();
      const body = { base, baseBytes, baseTag: source?.tag ?? '', tail: [Buffer.from('tail')] };
      await store.put(base, randomBytes(baseBytes));
      await expect(store.createFrom?.(key, body)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await store.delete(base);
      await expect(store.createFrom?.(key, body)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await store.stat(key)).toBeUndefined();
      expect(await tested.leftovers()).toEqual([]);
    });

    const oneComposerWins = async () => {
      const [base, key] = [newKey(), newKey()];
      await store.put(base, randomBytes(6_000_000));
      const source = await openObjectSource(store, base, { wholeBelowBytes: 65_536 });
      await source?.close();
      const results = await Promise.all(
        Array.from({ length: 6 }, async (_, index) =>
          (index % 2 === 0 ? store : tested.second).createFrom?.(key, {
            base,
            baseBytes: 6_000_000,
            baseTag: source?.tag ?? '',
            tail: [Buffer.alloc(10, index)],
          }),
        ),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await store.get(key))?.at(-1)).toBe(results.indexOf(true));
      expect(await tested.leftovers()).toEqual([]);
    };
    if (options.atomicCreate) it('lets exactly one of many win that create from the same object', oneComposerWins);

    it.each([
      [0, 4, '0123'],
      [3, 7, '3456'],
      [8, 100, '89'],
      [10, 20, ''],
      [50, 60, ''],
      [4, 4, ''],
    ])('reads the range from %d to %d', async (start, end, expected) => {
      const key = newKey();
      await store.put(key, Buffer.from('0123456789'));
      expect((await buffer((await store.openRead(key, { start, end })) ?? Readable.from([]))).toString()).toBe(
        expected,
      );
    });

    it('lists by prefix, in folders or in the middle of a name', async () => {
      const base = newKey();
      for (const name of ['a/1.json', 'a/2.json', 'a/b/3.json', 'ab.json']) {
        await store.put(`${base}/${name}`, Buffer.from(name));
      }
      expect((await keysUnder(store, `${base}/a/`)).map(({ key }) => key.slice(base.length + 1))).toEqual([
        'a/1.json',
        'a/2.json',
        'a/b/3.json',
      ]);
      expect(await keysUnder(store, `${base}/ab`)).toEqual([{ key: `${base}/ab.json`, sizeBytes: 7 }]);
      await store.delete(`${base}/a/1.json`);
      expect(await keysUnder(store, `${base}/a/1`)).toEqual([]);
      expect(await keysUnder(store, `${base}/nothing/`)).toEqual([]);
    });

    it('lists more than a thousand objects', async () => {
      const base = newKey();
      const names = Array.from({ length: 1_010 }, (_, index) => `${base}/${index}`);
      for (let start = 0; start < names.length; start += 32) {
        await Promise.all(names.slice(start, start + 32).map((key) => store.put(key, Buffer.from('.'))));
      }
      expect(new Set((await keysUnder(store, `${base}/`)).map(({ key }) => key))).toEqual(new Set(names));
    });

    it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/.b', '.tmp/x', 'a\0b', 'a b', 'ă', `${'a/'.repeat(300)}a`])(
      'refuses the key %j',
      async (key) => {
        await expect(store.get(key)).rejects.toThrow(TypeError);
        await expect(store.put(key, Buffer.from('x'))).rejects.toThrow(TypeError);
        await expect(store.create(key, Buffer.from('x'))).rejects.toThrow(TypeError);
        await expect(store.stat(key)).rejects.toThrow(TypeError);
        await expect(store.delete(key)).rejects.toThrow(TypeError);
      },
    );

    it('refuses prefixes that leave the store', async () => {
      await expect(keysUnder(store, '../')).rejects.toThrow(TypeError);
      await expect(keysUnder(store, '/etc')).rejects.toThrow(TypeError);
    });

    it('keeps JSON and refuses what does not fit its schema', async () => {
      const key = newKey();
      const schema = {
        parse: (value: unknown) => {
          if (typeof (value as { n?: unknown }).n !== 'number') throw new Error('expected n');
          return value as { n: number };
        },
      };
      expect(await getJson(store, key, schema)).toBeUndefined();
      expect(await createJson(store, key, { n: 1 })).toBe(true);
      expect(await createJson(store, key, { n: 2 })).toBe(false);
      expect(await getJson(store, key, schema)).toEqual({ n: 1 });
      await putJson(store, key, { m: 'ký số' });
      await expect(getJson(store, key, schema)).rejects.toMatchObject({ code: 'INTERNAL' });
    });

    it.each([8_388_608, 1_000])(
      'reads anywhere in an object through a source (whole below %d)',
      async (wholeBelowBytes) => {
        const key = newKey();
        const bytes = randomBytes(300_000);
        await store.put(key, bytes);
        const source = await openObjectSource(store, key, { wholeBelowBytes });
        expect(source?.size).toBe(bytes.length);
        for (const [offset, length] of [
          [0, 10],
          [299_990, 100],
          [150_000, 70_000],
          [100, 5],
          [220_000, 80_000],
          [300_000, 10],
          [0, 300_000],
        ] as const) {
          const read = await source?.read(offset, length);
          expect(Buffer.compare(Buffer.from(read ?? []), bytes.subarray(offset, offset + length))).toBe(0);
        }
        await source?.close();
      },
    );

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
      expect(await tested.leftovers()).toEqual([]);
    });
  });
}
