import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, objectKeys, queueJobId, SigningError, toFailure, type StoredJob } from '@kyso/contracts';
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
  woken: number[] = [];

  async probe(places: readonly QueuePlace[]): Promise<QueueKnowledge[]> {
    this.probes += 1;
    return places.map(({ job }) => this.known.get(queueJobId(job)) ?? 'unknown');
  }
  async add({ job }: QueuePlace): Promise<void> {
    this.added.push(queueJobId(job));
    this.known.set(queueJobId(job), 'live');
  }
  async wakeOversleepers(untilMs: number): Promise<void> {
    this.woken.push(untilMs);
  }
  async addAgain({ job }: QueuePlace): Promise<void> {
    this.again.push(queueJobId(job));
  }
}

const start = Date.parse('2026-11-22T00:00:00Z');
const step = { credentialId: 'leader', token: 'token-a', role: 'leader', level: 'B-B' } as const;

/** The key of a mark whose job was accepted this long ago. */
function mark(ageMs: number): string {
  return objectKeys.openJob({ jobId: newId('job'), createdAt: new Date(start - ageMs).toISOString() });
}

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
    store.putJson(objectKeys.jobRequest(job.jobId), job);
    store.putJson(objectKeys.openJob(job), {});
    return job;
  }

  function release(job: StoredJob, index: number): void {
    const at = new Date(start).toISOString();
    const result = {
      step: index,
      credentialId: 'leader',
      role: 'leader',
      version: index + 1,
      fieldName: 'Signature1',
      level: 'B-B',
      signingTime: at,
      sizeBytes: 10,
      sha256: 'a'.repeat(64),
    };
    store.putJson(objectKeys.release(job.documentId, index + 1), { jobId: job.jobId, createdAt: at, result });
  }

  it('puts back a job that the queue does not know, at the step that comes next', async () => {
    const first = openJob(10_000, 2);
    const second = openJob(10_000, 2);
    release(second, 0);
    await expect(reconciler.run()).resolves.toEqual({ open: 2, added: 2, closed: 0 });
    expect(queues.added.sort()).toEqual([`${first.jobId}.0`, `${second.jobId}.1`].sort());
  });

  it('does not take the release of another job for its own', async () => {
    const job = openJob(10_000);
    release({ ...job, jobId: newId('job') }, 0);
    await reconciler.run();
    expect(queues.added).toEqual([`${job.jobId}.0`]);
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

  it('puts back a job that was accepted before the clock was put back', async () => {
    const { jobId } = openJob(-3_600_000);
    await reconciler.run();
    expect(queues.added).toEqual([`${jobId}.0`]);
  });

  it('wakes what would sleep for longer than anything is told to', async () => {
    await reconciler.run();
    expect(queues.woken).toEqual([start + 600_000]);
  });

  it('removes the marks of jobs that have ended', async () => {
    const completed = openJob(10_000, 2);
    release(completed, 0);
    release(completed, 1);
    const failed = openJob(10_000);
    const failure = toFailure(new SigningError('TOKEN_QUARANTINED'));
    const failedAt = new Date(start).toISOString();
    store.putJson(objectKeys.jobFailure(failed.jobId), { jobId: failed.jobId, failedAt, failure });
    await expect(reconciler.run()).resolves.toEqual({ open: 2, added: 0, closed: 2 });
    for (const job of [completed, failed]) expect(store.objects.has(objectKeys.openJob(job))).toBe(false);
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
    const [old, young] = [mark(7_200_000), mark(60_000)];
    store.putJson(old, {});
    store.putJson(young, {});
    await expect(reconciler.run()).resolves.toEqual({ open: 2, added: 0, closed: 1 });
    expect([...store.objects.keys()]).toEqual([young]);
  });
});
