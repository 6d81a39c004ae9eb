import {
  objectKeys,
  SigningError,
  storedJobSchema,
  storedOutcomeSchema,
  storedStepResultSchema,
  type ApiClientRecord,
  type SigningJob,
  type StoredJob,
  type StoredOutcome,
} from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';
import type { z } from 'zod';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { JobQueues, QueuePlace } from './job-queues.js';

type StepResult = z.infer<typeof storedStepResultSchema>;

/** What the object store says of jobs. Requests, step results and outcomes never change once they are written. */
export class JobArchive {
  private readonly requests = new ExpiringCache<StoredJob>({ maxEntries: 20_000, maxAgeMs: Infinity });
  private readonly steps = new ExpiringCache<StepResult>({ maxEntries: 20_000, maxAgeMs: Infinity });
  private readonly outcomes = new ExpiringCache<StoredOutcome>({ maxEntries: 5_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  /** Stores a request unless one is there; gives the one that counts. */
  async keepRequest(job: StoredJob): Promise<StoredJob> {
    const key = objectKeys.jobRequest(job.jobId);
    const counts = (await createJson(this.store, key, job)) ? job : await getJson(this.store, key, storedJobSchema);
    if (counts === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'a request that disappeared' });
    this.requests.set(job.jobId, counts);
    return counts;
  }

  async request(jobId: string): Promise<StoredJob | undefined> {
    const cached = this.requests.get(jobId);
    if (cached !== undefined) return cached;
    const job = await getJson(this.store, objectKeys.jobRequest(jobId), storedJobSchema);
    if (job !== undefined) this.requests.set(jobId, job);
    return job;
  }

  /** The client's job. Throws JOB_UNKNOWN, also for somebody else's. */
  async requestOf(client: ApiClientRecord, jobId: string): Promise<StoredJob> {
    const job = await this.request(jobId);
    if (job?.clientId !== client.clientId) throw new SigningError('JOB_UNKNOWN', { found: jobId });
    return job;
  }

  async outcome(jobId: string): Promise<StoredOutcome | undefined> {
    const cached = this.outcomes.get(jobId);
    if (cached !== undefined) return cached;
    const outcome = await getJson(this.store, objectKeys.outcome(jobId), storedOutcomeSchema);
    if (outcome !== undefined) this.outcomes.set(jobId, outcome);
    return outcome;
  }

  /** The steps released so far, in order. */
  async releasedSteps(job: StoredJob): Promise<StepResult[]> {
    const released: StepResult[] = [];
    while (released.length < job.steps.length) {
      const step = released.length;
      const key = `${job.jobId}/${step}`;
      let result = this.steps.get(key);
      if (result === undefined) {
        result = await getJson(this.store, objectKeys.stepResult(job.jobId, step), storedStepResultSchema);
        if (result === undefined) break;
        this.steps.set(key, result);
      }
      released.push(result);
    }
    return released;
  }

  /**
   * Where the job has to go on: its first step without a result, or the last one again when only the outcome is missing,
   * which the signer then writes.
   */
  async currentPlace(job: StoredJob): Promise<QueuePlace> {
    const released = await this.releasedSteps(job);
    return placeOf(job, Math.min(released.length, job.steps.length - 1));
  }

  async markOpen(jobId: string): Promise<void> {
    await this.store.put(objectKeys.openJob(jobId), Buffer.from('{}'));
  }

  async unmarkOpen(jobId: string): Promise<void> {
    await this.store.delete(objectKeys.openJob(jobId));
  }

  /** Ids of the jobs that are marked as open, in no certain order. */
  async *openJobIds(): AsyncIterable<string> {
    for await (const { key } of this.store.list(objectKeys.openJobsPrefix)) {
      yield key.slice(objectKeys.openJobsPrefix.length);
    }
  }
}

/** The queue in which a step of the job waits. */
export function placeOf(job: StoredJob, step: number): QueuePlace {
  const stored = job.steps[step];
  if (stored === undefined) throw new RangeError(`job ${job.jobId} has ${job.steps.length} steps, not step ${step}`);
  return { token: stored.token, lane: job.lane, job: { jobId: job.jobId, step } };
}

/** The places of all its steps. */
export function placesOf(job: StoredJob): QueuePlace[] {
  return job.steps.map((_step, index) => placeOf(job, index));
}

/** A job as a caller sees it. */
export async function describeJob(job: StoredJob, archive: JobArchive, queues: JobQueues): Promise<SigningJob> {
  const base = {
    jobId: job.jobId,
    documentId: job.documentId,
    ...(job.reference === undefined ? {} : { reference: job.reference }),
    createdAt: job.createdAt,
    stepCount: job.steps.length,
  };
  const outcome = await archive.outcome(job.jobId);
  if (outcome !== undefined) {
    const { status, completedAt, steps, failure } = outcome;
    return { ...base, status, completedAt, steps, ...(failure === undefined ? {} : { failure }) };
  }
  const steps = await archive.releasedSteps(job);
  const state = await queues.state(placeOf(job, Math.min(steps.length, job.steps.length - 1)));
  if (state === 'delayed') return { ...base, status: 'waiting', steps };
  return { ...base, status: state === 'active' || steps.length > 0 ? 'running' : 'accepted', steps };
}

/** The answer to a job that was accepted just now, without asking anybody. */
export function describeAccepted(job: StoredJob): SigningJob {
  return {
    jobId: job.jobId,
    documentId: job.documentId,
    ...(job.reference === undefined ? {} : { reference: job.reference }),
    status: 'accepted',
    createdAt: job.createdAt,
    stepCount: job.steps.length,
    steps: [],
  };
}
