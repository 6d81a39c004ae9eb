import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, objectKeys, SigningError, type ApiClientRecord, type SigningJobRequest } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { DocumentShelf } from '../documents/document-shelf.js';
import { JobAcceptance, type AcceptedJob } from './acceptance.js';
import { ImageShelf } from '../images/image-shelf.js';
import { VersionTurns } from './version-turns.js';
import { JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import { Policies } from '../policies/policies.js';
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
    store.putJson(`documents/${documentId}/document.json`, {
      documentId,
      clientId: 'portal',
      pageCount: 1,
      createdAt,
      sizeBytes: 1,
      sha256: 'a'.repeat(64),
    });
    request = { documentId, expectedVersion: 0, steps: [step] };
  });

  /** A gateway that has just started: nothing in its memory. */
  function accept(idempotencyKey: string | undefined): Promise<AcceptedJob> {
    const queues = {
      get available() {
        return queue.available;
      },
      announce: () => undefined,
      probe: async (places: unknown[]) => places.map(() => 'unknown'),
      add: async ({ job }: { job: { jobId: string } }) => {
        if (queue.broken) throw new Error('Redis is gone');
        added.push(job.jobId);
      },
    } as unknown as JobQueues;
    const validation = {
      validate: async () => ({ steps: [{ ...step, token: 'token-a' }], images: [], warnings: [] }),
    } as unknown as StepValidation;
    const shelf = new DocumentShelf(store);
    const acceptance = new JobAcceptance({
      archive: new JobArchive(store),
      queues,
      shelf,
      turns: new VersionTurns({ shelf, store }),
      images: new ImageShelf(store),
      policies: new Policies([]),
      templates: { find: () => Promise.reject(new Error('no templates here')) },
      validation,
      activations: { assertActivations: async () => {} },
      numbers: { claim: async () => {} },
      fields: { assertEmpty: async () => {} },
      quotas: { assertJobs: async () => {}, tookJobs: () => {} },
      webhooks: { hasEnabled: async () => false },
      screening: {},
      logger: pino({ level: 'silent' }),
    });
    return acceptance.accept(client, request, { requestId: 'req', idempotencyKey });
  }
  const keys = (prefix: string): string[] => [...store.objects.keys()].filter((key) => key.startsWith(prefix));

  it('writes the request and the mark, and queues the job only when both are there', async () => {
    const { job } = await accept('key');
    expect(keys('jobs/')).toEqual([objectKeys.jobRequest(job.jobId)]);
    expect(keys('open-jobs/')).toEqual([objectKeys.openJob(job)]);
    expect(added).toEqual([job.jobId]);
  });

  it('makes one job of the same key, also when two gateways get it at once, and two jobs of two keys', async () => {
    const [one, two] = await Promise.all([accept('key'), accept('key')]);
    expect(two.job).toEqual(one.job);
    expect(one.isRepeat).not.toBe(two.isRepeat);
    const other = await accept('other');
    expect(other.job.jobId).not.toBe(one.job.jobId);
    expect(keys('jobs/')).toHaveLength(2);
  });

  it('refuses a key that stands for another request, also while that one is being accepted', async () => {
    const first = accept('key');
    request = { ...request, reference: 'other' };
    const [one, two] = await Promise.allSettled([first, accept('key')]);
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
    await expect(accept('key').then(() => accept('key'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it.each(['jobs/', 'open-jobs/'])('is completed by a repeat after a failure to write %s', async (at) => {
    store.beforeWrite = (key) => {
      if (key.startsWith(at)) throw new SigningError('STORE_UNAVAILABLE');
    };
    await expect(accept('key')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(added).toEqual([]);
    store.beforeWrite = () => undefined;
    const { job } = await accept('key');
    expect(keys('open-jobs/')).toContain(objectKeys.openJob(job));
    expect(keys('jobs/')).toEqual([objectKeys.jobRequest(job.jobId)]);
    expect(added).toEqual([job.jobId]);
  });

  it('accepts a job that Redis fails to take: the reconciler will find it', async () => {
    queue.broken = true;
    const { job } = await accept(undefined);
    expect(keys('open-jobs/')).toEqual([objectKeys.openJob(job)]);
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
    store.objects.delete(objectKeys.openJob(job));
    const createdAt = new Date().toISOString();
    const result = {
      ...step,
      step: 0,
      version: 1,
      fieldName: 'Signature-1',
      signingTime: createdAt,
      sizeBytes: 2,
      sha256: 'b'.repeat(64),
    };
    store.putJson(objectKeys.release(request.documentId, 1), { jobId, createdAt, result });
    await expect(accept('key')).resolves.toMatchObject({ isRepeat: true, job: { jobId } });
    expect(keys('open-jobs/')).toEqual([]);
    expect(added).toEqual([jobId]);
    await expect(accept(undefined)).rejects.toMatchObject({ code: 'VERSION_STALE' });
  });
});
