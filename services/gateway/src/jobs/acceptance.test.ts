import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, SigningError, type ApiClientRecord, type SigningJobRequest } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { DocumentShelf } from '../documents/document-shelf.js';
import { JobAcceptance, type AcceptedJob } from './acceptance.js';
import { IdempotencyRecords } from './idempotency.js';
import { ImageShelf } from './image-shelf.js';
import { JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import type { StepValidation } from './step-validation.js';

const client = { clientId: 'portal' } as ApiClientRecord;
const step = { credentialId: 'leader', role: 'leader', level: 'B-B' } as const;

describe('JobAcceptance', () => {
  let store: MemoryStore;
  let added: string[];
  let queue: { available: boolean; broken: boolean };
  let request: SigningJobRequest;

  beforeEach(() => {
    store = new MemoryStore();
    added = [];
    queue = { available: true, broken: false };
    const documentId = newId('doc');
    const createdAt = new Date().toISOString();
    store.putJson(`documents/${documentId}/document.json`, { documentId, clientId: 'portal', pageCount: 1, createdAt });
    const version = { version: 0, sizeBytes: 1, sha256: 'a'.repeat(64), createdAt };
    store.putJson(`documents/${documentId}/0.json`, version);
    request = { documentId, expectedVersion: 0, steps: [step] };
  });

  /** A gateway that has just started: nothing in its memory. */
  function accept(idempotencyKey: string | undefined): Promise<AcceptedJob> {
    const queues = {
      get available() {
        return queue.available;
      },
      probe: async (places: unknown[]) => places.map(() => 'unknown'),
      add: async ({ job }: { job: { jobId: string } }) => {
        if (queue.broken) throw new Error('Redis is gone');
        added.push(job.jobId);
      },
    } as unknown as JobQueues;
    const validation = {
      validate: async () => ({ steps: [{ ...step, token: 'token-a' }], images: [] }),
    } as unknown as StepValidation;
    const acceptance = new JobAcceptance({
      archive: new JobArchive(store),
      queues,
      shelf: new DocumentShelf(store),
      images: new ImageShelf(store),
      idempotency: new IdempotencyRecords(store),
      validation,
      logger: pino({ level: 'silent' }),
    });
    return acceptance.accept(client, request, { requestId: 'req', idempotencyKey });
  }
  const keys = (prefix: string): string[] => [...store.objects.keys()].filter((key) => key.startsWith(prefix));

  it('writes the idempotency record, the request and the mark, in this order', async () => {
    const written: string[] = [];
    store.beforeWrite = (key) =>
      void written.push(
        key
          .replace(/job_[0-9a-z]+/, 'JOB')
          .split('/')
          .slice(0, 2)
          .join('/'),
      );
    const { job } = await accept('key');
    expect(written).toEqual(['idempotency/portal', 'jobs/JOB', 'open-jobs/JOB']);
    expect(added).toEqual([job.jobId]);
  });

  it.each(['idempotency/', 'jobs/', 'open-jobs/'])(
    'is completed by a repeat after a failure to write %s',
    async (at) => {
      store.beforeWrite = (key) => {
        if (key.startsWith(at)) throw new SigningError('STORE_UNAVAILABLE');
      };
      await expect(accept('key')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(keys('open-jobs/')).toEqual([]);
      expect(added).toEqual([]);
      store.beforeWrite = () => undefined;
      const { job } = await accept('key');
      expect(keys('open-jobs/')).toEqual([`open-jobs/${job.jobId}`]);
      expect(keys('jobs/')).toEqual([`jobs/${job.jobId}/request.json`]);
      expect(added).toEqual([job.jobId]);
    },
  );

  it('accepts a job that Redis fails to take: the reconciler will find it', async () => {
    queue.broken = true;
    const { job } = await accept(undefined);
    expect(keys('open-jobs/')).toEqual([`open-jobs/${job.jobId}`]);
  });

  it('stores nothing while Redis is known to be away', async () => {
    queue.available = false;
    const before = store.objects.size;
    await expect(accept('key')).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect(store.objects.size).toBe(before);
  });

  it('leaves a job alone that has ended, when it is posted again', async () => {
    const { job } = await accept('key');
    const { jobId } = job;
    store.objects.delete(`open-jobs/${jobId}`);
    const completedAt = new Date().toISOString();
    store.putJson(`jobs/${jobId}/outcome.json`, { jobId, status: 'completed', completedAt, steps: [] });
    store.putJson(`documents/${request.documentId}/1.json`, {
      version: 1,
      sizeBytes: 2,
      sha256: 'b'.repeat(64),
      createdAt: completedAt,
    });
    await expect(accept('key')).resolves.toMatchObject({ isRepeat: true, job: { jobId } });
    expect(keys('open-jobs/')).toEqual([]);
    expect(added).toEqual([jobId]);
    await expect(accept(undefined)).rejects.toMatchObject({ code: 'VERSION_STALE' });
  });
});
