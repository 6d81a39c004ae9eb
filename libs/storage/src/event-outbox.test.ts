import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { objectKeys, type Release, type StoredJob, type WebhookEvent } from '@kyso/contracts';
import { keepEvent, keepTimestamped, listEvents, readEvent } from './event-outbox.js';
import { closeJob, readReleases } from './job-records.js';
import { createJson, putJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';
import { openStore } from './open-store.js';

const at = '2026-11-23T01:02:03.004Z';
const id = (prefix: string, n = 0): string => `${prefix}_${String(n).padStart(26, '0')}`;

const job: StoredJob = {
  jobId: id('job'),
  clientId: 'portal',
  documentId: id('doc'),
  expectedVersion: 0,
  reference: 'HS-1',
  requestId: 'r',
  lane: 'interactive',
  createdAt: at,
  webhooks: true,
  steps: [{ credentialId: 'leader', token: 'token-a', role: 'leader', level: 'B-T' }],
};

function release(deferred = false): Release {
  const result = {
    step: 0,
    credentialId: 'leader',
    role: 'leader' as const,
    version: 1,
    fieldName: 'S1',
    level: deferred ? ('B-B' as const) : ('B-T' as const),
    ...(deferred ? { deferredLevel: 'B-T' as const } : {}),
    signingTime: at,
    sizeBytes: 1,
    sha256: 'a'.repeat(64),
  };
  return { jobId: job.jobId, createdAt: '2026-11-23T01:02:05.000Z', result };
}

describe('the event outbox', () => {
  let folder: string;
  let store: ObjectStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-outbox-'));
    store = await openStore({ folder, durable: false });
    await store.put(objectKeys.openJob(job), new Uint8Array(0));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function events(): Promise<(WebhookEvent | undefined)[]> {
    const found = [];
    for await (const entry of listEvents(store)) found.push(await readEvent(store, entry));
    return found;
  }

  it('has the end of a job before its mark goes, and the same event when that is repeated', async () => {
    await createJson(store, objectKeys.release(job.documentId, 1), release());
    jest.spyOn(store, 'delete').mockRejectedValueOnce(new Error('killed'));
    await expect(closeJob(store, job)).rejects.toThrow('killed');
    const [first] = await events();
    await closeJob(store, job);
    expect(await events()).toEqual([
      {
        id: expect.stringMatching(/^evt_[0-9a-z]{26}$/),
        type: 'signing-job.completed',
        timestamp: '2026-11-23T01:02:05.000Z',
        data: {
          jobId: job.jobId,
          documentId: job.documentId,
          reference: 'HS-1',
          status: 'completed',
          version: 1,
          versions: [1],
        },
      },
    ]);
    expect((await events())[0]).toEqual(first);
    expect(await store.stat(objectKeys.openJob(job))).toBeUndefined();
  });

  it('keeps the mark of a job whose event cannot be kept', async () => {
    await createJson(store, objectKeys.release(job.documentId, 1), release());
    jest.spyOn(store, 'create').mockRejectedValueOnce(new Error('full'));
    await expect(closeJob(store, job)).rejects.toThrow('full');
    expect(await store.stat(objectKeys.openJob(job))).toBeDefined();
  });

  it('says why a job failed', async () => {
    const failure = { code: 'TOKEN_QUARANTINED', messageVi: 'vi', messageEn: 'en', retryable: false };
    await putJson(store, objectKeys.jobFailure(job.jobId), { jobId: job.jobId, failedAt: at, failure });
    await closeJob(store, job);
    expect(await events()).toMatchObject([
      { type: 'signing-job.failed', data: { status: 'failed', version: 0, versions: [], code: 'TOKEN_QUARANTINED' } },
    ]);
  });

  it('has nothing of a job whose client has no webhooks, nor of one that was closed before', async () => {
    await createJson(store, objectKeys.release(job.documentId, 1), release());
    const { webhooks: _, ...quiet } = job;
    await closeJob(store, quiet);
    expect(await events()).toEqual([]);
    await closeJob(store, job);
    expect(await events()).toEqual([]);
  });

  it('has the later time-stamp as long as the job is marked to wait for it', async () => {
    await createJson(store, objectKeys.release(job.documentId, 1), release(true));
    const deferred: StoredJob = { ...job, policy: { name: 'night', timestamp: 'deferred' } };
    await closeJob(store, deferred);
    expect(await events()).toMatchObject([{ type: 'signing-job.completed', data: { deferred: true } }]);
    const timestamped = {
      version: 2,
      fieldName: 'T',
      timestamp: at,
      sizeBytes: 2,
      sha256: 'b'.repeat(64),
      signatures: [
        { fieldName: 'S1', level: 'B-T' },
        { fieldName: 'other', level: 'B-LT' },
      ],
    };
    await keepTimestamped(store, deferred, await readReleases(store, job.documentId));
    expect(await events()).toHaveLength(1);
    await createJson(store, objectKeys.release(job.documentId, 2), { createdAt: at, timestamped });
    const releases = await readReleases(store, job.documentId);
    await keepTimestamped(store, deferred, releases);
    await keepTimestamped(store, deferred, releases);
    expect((await events()).filter((event) => event?.type === 'document.timestamped')).toMatchObject([
      { data: { jobId: job.jobId, version: 2, timestamp: at, signatures: [{ fieldName: 'S1', level: 'B-T' }] } },
    ]);
    await store.delete(objectKeys.openTimestamp(deferred));
    for await (const entry of listEvents(store)) await store.delete(entry.key);
    await keepTimestamped(store, deferred, releases);
    expect(await events()).toEqual([]);
  });

  it('has one event of a batch, whoever keeps it', async () => {
    const data = { batchId: id('bat'), completed: 9, failed: 1, cancelled: 0 };
    const happening = { clientId: 'portal', type: 'batch.completed', at, data } as const;
    await Promise.all([keepEvent(store, happening), keepEvent(store, happening)]);
    expect(await events()).toMatchObject([{ type: 'batch.completed', timestamp: at, data }]);
  });
});
