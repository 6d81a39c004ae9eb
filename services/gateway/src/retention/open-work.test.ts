import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, objectKeys, type StoredJob } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { BatchArchive } from '../batches/batch-archive.js';
import { JobArchive } from '../jobs/job-archive.js';
import { OpenWork } from './open-work.js';

const createdAt = '2026-11-22T00:00:00.000Z';

function job(of: string): StoredJob {
  const step = { credentialId: 'leader', token: 'token-a', role: 'leader', level: 'B-B' } as const;
  const head = { jobId: newId('job'), clientId: 'portal', documentId: of, expectedVersion: 0, requestId: 'r' };
  return { ...head, lane: 'interactive', createdAt, steps: [step] };
}

describe('OpenWork', () => {
  let store: MemoryStore;
  const documentId = newId('doc');
  const batchId = newId('bat');
  const on = (): Promise<string | undefined> =>
    new OpenWork({ store, jobs: new JobArchive(store), batches: new BatchArchive(store) }).on(documentId);

  const keep = (wanted: StoredJob): void => store.putJson(objectKeys.jobRequest(wanted.jobId), wanted);
  const mark = (wanted: StoredJob): void => void store.objects.set(objectKeys.openJob(wanted), Buffer.alloc(0));
  function chunk(n: number, of: string): void {
    const groups = [{ tokens: ['token-a'], jobs: [{ item: 7, job: job(of) }] }];
    store.putJson(objectKeys.batchChunk(batchId, n), { batchId, chunk: n, createdAt, groups });
    store.putJson(objectKeys.fedChunk(batchId, n), { groups: 1, at: createdAt, items: [] });
  }
  const end = (n: number): void =>
    store.putJson(objectKeys.groupOutcome({ batchId, chunk: n, group: 0 }), { endedAt: createdAt, items: [] });

  beforeEach(() => {
    store = new MemoryStore();
    store.objects.set(objectKeys.openBatch({ batchId, createdAt }), Buffer.alloc(0));
  });

  it('finds the open job of a document among many', async () => {
    for (let n = 0; n < 70; n++) {
      const other = job(newId('doc'));
      keep(other);
      mark(other);
    }
    await expect(on()).resolves.toBeUndefined();
    const own = job(documentId);
    keep(own);
    mark(own);
    await expect(on()).resolves.toBe(`signing job ${own.jobId}`);
  });

  it('does not mind jobs that have ended, and marks without a job', async () => {
    keep(job(documentId));
    mark(job(documentId));
    await expect(on()).resolves.toBeUndefined();
  });

  it('finds the item of an open batch until its group has ended', async () => {
    chunk(0, newId('doc'));
    chunk(1, documentId);
    end(0);
    await expect(on()).resolves.toBe(`item 7 of batch ${batchId}`);
    end(1);
    await expect(on()).resolves.toBeUndefined();
  });
});
