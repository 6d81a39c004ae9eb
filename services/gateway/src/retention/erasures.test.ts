import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, objectKeys, SigningError, type ApiClientRecord } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { DocumentShelf } from '../documents/document-shelf.js';
import { Erasures } from './erasures.js';

const start = Date.parse('2026-11-22T00:00:00Z');
const hour = 3_600_000;
const at = new Date(start).toISOString();
const sha256 = 'a'.repeat(64);
const portal: ApiClientRecord = {
  clientId: 'portal',
  name: 'portal',
  keySha256: sha256,
  scopes: ['erase'],
  credentials: {},
  enabled: true,
};
const why = 'Quyết định 12/QĐ-UBND';

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof SigningError ? error.code : String(error)),
  );

describe('Erasures', () => {
  let store: MemoryStore;
  let documentId: string;
  let nowMs: number;
  let open: string | undefined;
  const jobId = newId('job');

  beforeEach(() => {
    store = new MemoryStore();
    documentId = newId('doc', start);
    nowMs = start;
    open = undefined;
    for (const version of [0, 1]) store.objects.set(objectKeys.version(documentId, version), Buffer.from('%PDF'));
    store.putJson(objectKeys.uploadedScan(documentId), {});
    store.putJson(objectKeys.intent(documentId, 1), {});
    release({ level: 'B-B' });
    store.putJson(objectKeys.documentRecord(documentId), {
      documentId,
      clientId: 'portal',
      name: 'Hồ sơ.pdf',
      pageCount: 3,
      createdAt: at,
      sizeBytes: 4,
      sha256,
    });
  });

  function release(level: object): void {
    const step = { step: 0, credentialId: 'leader', role: 'leader', version: 1, fieldName: 'Signature1' };
    const result = { ...step, signingTime: at, sizeBytes: 4, sha256, ...level };
    store.putJson(objectKeys.release(documentId, 1), { jobId, createdAt: at, result });
  }
  /** A process of its own: nothing is in its memory. */
  const room = (shelf = new DocumentShelf(store)): Erasures =>
    new Erasures({
      store,
      shelf,
      work: { on: () => Promise.resolve(open) },
      logger: pino({ level: 'silent' }),
      now: () => new Date(nowMs),
    });
  const left = (prefix: string): string[] => [...store.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const kept = (): string[] => [
    objectKeys.intent(documentId, 1),
    objectKeys.release(documentId, 1),
    objectKeys.erasure(documentId),
  ];

  it('deletes what was signed, and keeps its hashes and what says how keys were used', async () => {
    const erasure = await room().erase(portal, documentId, why);
    expect(erasure).toEqual({
      documentId,
      clientId: 'portal',
      erasedAt: at,
      erasedBy: 'portal',
      reason: why,
      pageCount: 3,
      versions: [
        { version: 0, sizeBytes: 4, sha256, createdAt: at },
        { version: 1, sizeBytes: 4, sha256, createdAt: at, jobId, step: 0, fieldName: 'Signature1' },
      ],
    });
    expect(left('documents/')).toEqual(kept().sort());
  });

  it('is given by no shelf afterwards, also by one that has the document in memory', async () => {
    const shelf = new DocumentShelf(store);
    await shelf.record(portal, documentId);
    await room().erase(portal, documentId, why);
    expect(await code(shelf.record(portal, documentId))).toBe('DOCUMENT_ERASED');
    expect(await code(shelf.record({ ...portal, clientId: 'other' }, documentId))).toBe('DOCUMENT_UNKNOWN');
  });

  it('gives the first erasure to whoever asks again', async () => {
    const first = await room().erase(portal, documentId, why);
    nowMs += hour;
    expect(await room().erase(portal, documentId, 'another reason')).toEqual(first);
  });

  it('refuses the document of another client, and touches nothing', async () => {
    const before = left('');
    expect(await code(room().erase({ ...portal, clientId: 'other' }, documentId, why))).toBe('DOCUMENT_UNKNOWN');
    expect(left('')).toEqual(before);
  });

  it.each([
    ['work is open', (): void => void (open = 'signing job job_1')],
    ['a signature waits for its time-stamp', (): void => release({ level: 'B-B', deferredLevel: 'B-T' })],
  ])('refuses while %s, and touches nothing', async (_what, prepare) => {
    prepare();
    const before = left('');
    expect(await code(room().erase(portal, documentId, why))).toBe('DOCUMENT_IN_USE');
    expect(left('')).toEqual(before);
  });

  // Mark, tombstone, then four files: a process that dies at any of them.
  it.each([1, 2, 3, 4, 5])('leaves a document whole or erased when it dies after %i writes', async (writes) => {
    let done = 0;
    const dying = new Proxy(store, {
      get: (target, name: keyof MemoryStore) => {
        if (!['put', 'create', 'delete'].includes(name)) return Reflect.get(target, name);
        return (...args: never[]) => {
          if (done++ >= writes) throw new SigningError('STORE_UNAVAILABLE');
          return (target[name] as (...all: never[]) => unknown)(...args);
        };
      },
    });
    const parts = { work: { on: () => Promise.resolve(undefined) }, logger: pino({ level: 'silent' }) };
    const dies = new Erasures({ store: dying, shelf: new DocumentShelf(dying), ...parts, now: () => new Date(nowMs) });
    expect(await code(dies.erase(portal, documentId, why))).toBe('STORE_UNAVAILABLE');
    const isErased = writes >= 2;
    const seen = await code(new DocumentShelf(store).record(portal, documentId));
    expect(seen).toBe(isErased ? 'DOCUMENT_ERASED' : 'none');
    await room().run();
    expect(left('documents/')).toHaveLength(isErased ? 3 : 6);
    nowMs += hour;
    expect(await room().run()).toBe(0);
    expect(left('open-erasures/')).toEqual([]);
    expect(left('documents/')).toHaveLength(isErased ? 3 : 6);
  });

  it('deletes a version that a signer stored meanwhile, when the erasure has settled', async () => {
    const erasures = room();
    await erasures.erase(portal, documentId, why);
    store.objects.set(objectKeys.version(documentId, 2), Buffer.from('%PDF'));
    expect(await erasures.run()).toBe(1);
    nowMs += hour;
    expect(await erasures.run()).toBe(0);
    expect(left('documents/')).toEqual(kept().sort());
  });
});
