import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { newId, objectKeys, type StoredJob } from '@kyso/contracts';
import { openObjectSource, openStore, type BasedBody, type ObjectStore } from '@kyso/storage';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SigningWork } from '../signing-work.js';
import { createVersion } from './release-version.js';

const [jobId, documentId] = [newId('job'), newId('doc')];
// Only what createVersion reads.
const job = { jobId, documentId } as StoredJob;
const work = { job, stepIndex: 0, baseVersion: 0, newVersion: 1 } as SigningWork;
const intent = {
  jobId,
  step: 0,
  documentId,
  version: 1,
  fieldName: 'Signature-1-0',
  signingTime: '2025-01-01T00:00:00.000Z',
  reservedBytes: 10_000,
  certificateSha256: 'a'.repeat(64),
  scheme: 'rsa-pkcs1',
  digestAlgorithm: 'sha256',
};

describe('a new version', () => {
  let folder: string;
  let store: ObjectStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-version-'));
    store = await openStore({ folder, durable: false });
    await store.create(objectKeys.intent(documentId, 1), Buffer.from(JSON.stringify(intent)));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Releases a version on an original of that size; what came of it, and the bases that the store was asked to copy. */
  async function release(
    bytes: Buffer,
    answer: 'store' | 'not here' | 'other store',
  ): Promise<{ created: boolean; bases: string[] }> {
    await store.put(objectKeys.version(documentId, 0), bytes);
    const original = await openObjectSource(store, objectKeys.version(documentId, 0));
    if (original === undefined) throw new Error('expected the original');
    const bases: string[] = [];
    const createFrom = async (key: string, body: BasedBody): Promise<boolean | undefined> => {
      bases.push(body.base);
      return answer === 'store' ? store.createFrom?.(key, body) : undefined;
    };
    const asked = new Proxy(store, {
      get: (target, name) => {
        if (name === 'createFrom') return answer === 'other store' ? undefined : createFrom;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    try {
      const increments = [Buffer.from('increment 1'), Buffer.from('increment 2')];
      return { created: await createVersion({ store: asked }, work, { original, increments }), bases };
    } finally {
      await original.close();
    }
  }

  it.each([
    ['of a small original, which is sent', 200_000, 'store'],
    ['of a large one, put together by the store', 9_000_000, 'store'],
    ['of a large one that the store cannot copy', 9_000_000, 'not here'],
    ['in a store that cannot put anything together', 9_000_000, 'other store'],
  ] as const)('is the original and its increments, once (%s)', async (_, sizeBytes, answer) => {
    const bytes = randomBytes(sizeBytes);
    const { created, bases } = await release(bytes, answer);
    expect(created).toBe(true);
    expect(bases).toEqual(answer === 'other store' ? [] : [objectKeys.version(documentId, 0)]);
    const stored = Buffer.from((await store.get(objectKeys.version(documentId, 1))) ?? []);
    expect(stored.equals(Buffer.concat([bytes, Buffer.from('increment 1increment 2')]))).toBe(true);
    expect((await release(bytes, answer)).created).toBe(false);
  });

  it('is not made when the claim on it is gone', async () => {
    await store.delete(objectKeys.intent(documentId, 1));
    await expect(release(randomBytes(9_000_000), 'store')).rejects.toMatchObject({ code: 'VERSION_STALE' });
    expect(await store.stat(objectKeys.version(documentId, 1))).toBeUndefined();
  });
});
