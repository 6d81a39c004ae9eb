import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, queueJobId, type StoredJob } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { JobArchive } from './job-archive.js';
import type { JobQueues, QueueKnowledge, QueuePlace } from './job-queues.js';
import { Reconciler } from './reconciler.js';

class FakeQueues {
  readonly known = new Map<string, QueueKnowledge>();
  readonly added: string[] = [];
  readonly again: string[] = [];
  probes = 0;

  async probe(places: readonly QueuePlace[]): Promise<QueueKnowledge[]> {
    this.probes += 1;
    return places.map(({ job }) => this.known.get(queueJobId(job)) ?? 'unknown');
  }
  async add({ job }: QueuePlace): Promise<void> {
    this.added.push(queueJobId(job));
    this.known.set(queueJobId(job), 'live');
  }
  async addAgain({ job }: QueuePlace): Promise<void> {
    this.again.push(queueJobId(job));
  }
}

const start = Date.parse('2026-11-22T00:00:00Z');
const step = { credentialId: 'leader', token: 'token-a', role: 'leader', level: 'B-B' } as const;

describe('Reconciler', () => {
  let store: MemoryStore;
  let queues: FakeQueues;
  let reconciler: Reconciler;
  let nowMs = start;

  beforeEach(() => {
    store = new MemoryStore();
    queues = new FakeQueues();
    nowMs = start;
    reconciler = new Reconciler({
      archive: new JobArchive(store),
      queues: queues as unknown as JobQueues,
      logger: pino({ level: 'silent' }),
      graceMs: 3_000,
      nowMs: () => nowMs,
    });
  });

  function openJob(ageMs: number, steps = 1): StoredJob {
    const job: StoredJob = {
      jobId: newId('job', start - ageMs),
      clientId: 'portal',
      documentId: newId('doc'),
      expectedVersion: 0,
      requestId: 'req',
      lane: 'interactive',
      createdAt: new Date(start - ageMs).toISOString(),
      steps: Array.from({ length: steps }, () => step),
    };
    store.putJson(`jobs/${job.jobId}/request.json`, job);
    store.putJson(`open-jobs/${job.jobId}`, {});
    return job;
  }

  function release(job: StoredJob, index: number): void {
    store.putJson(`jobs/${job.jobId}/steps/${index}.json`, {
      step: index,
      credentialId: 'leader',
      role: 'leader',
      version: index + 1,
      fieldName: 'Signature1',
      level: 'B-B',
      signingTime: new Date(start).toISOString(),
      sizeBytes: 10,
      sha256: 'a'.repeat(64),
    });
  }

  it('puts back a job that the queue does not know, at the step that comes next', async () => {
    const first = openJob(10_000, 2);
    const second = openJob(10_000, 2);
    release(second, 0);
    await expect(reconciler.run()).resolves.toEqual({ open: 2, added: 2, closed: 0 });
    expect(queues.added.sort()).toEqual([`${first.jobId}.0`, `${second.jobId}.1`].sort());
  });

  it('runs the last step again when every step was released and only the outcome is missing', async () => {
    const job = openJob(10_000, 2);
    release(job, 0);
    release(job, 1);
    await reconciler.run();
    expect(queues.added).toEqual([`${job.jobId}.1`]);
  });

  it('leaves alone what the queue is working on, without reading the store for it', async () => {
    const jobs = Array.from({ length: 1_200 }, () => openJob(10_000));
    for (const { jobId } of jobs) queues.known.set(`${jobId}.0`, 'live');
    await reconciler.run();
    store.reads.length = 0;
    queues.probes = 0;
    await expect(reconciler.run()).resolves.toEqual({ open: 1_200, added: 0, closed: 0 });
    expect(store.reads).toEqual([]);
    expect(queues.probes).toBe(3);
  });

  it('leaves alone a job that is just being posted', async () => {
    openJob(1_000);
    await expect(reconciler.run()).resolves.toEqual({ open: 1, added: 0, closed: 0 });
  });

  it('removes the mark of a job that has ended', async () => {
    const job = openJob(10_000);
    store.putJson(`jobs/${job.jobId}/outcome.json`, {
      jobId: job.jobId,
      status: 'completed',
      completedAt: new Date(start).toISOString(),
      steps: [],
    });
    await expect(reconciler.run()).resolves.toEqual({ open: 1, added: 0, closed: 1 });
    expect(store.objects.has(`open-jobs/${job.jobId}`)).toBe(false);
    expect(queues.added).toEqual([]);
  });

  it('runs a job again that the queue gave up, and more slowly each time', async () => {
    const job = openJob(10_000);
    queues.known.set(`${job.jobId}.0`, 'finished');
    const turns: number[] = [];
    for (let second = 0; second < 100; second += 1) {
      nowMs = start + second * 1_000;
      const before = queues.again.length;
      await reconciler.run();
      if (queues.again.length > before) turns.push(second);
    }
    expect(turns).toEqual([0, 5, 15, 35, 75]);
  });

  it('forgets a mark without a request only when it is old', async () => {
    const old = newId('job', start - 7_200_000);
    const young = newId('job', start - 60_000);
    store.putJson(`open-jobs/${old}`, {});
    store.putJson(`open-jobs/${young}`, {});
    await expect(reconciler.run()).resolves.toEqual({ open: 2, added: 0, closed: 1 });
    expect([...store.objects.keys()]).toEqual([`open-jobs/${young}`]);
  });
});
