import {
  isStepRelease,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type JobOutcome,
  type SigningJob,
  type StepResult,
  type StoredJob,
} from '@kyso/contracts';
import {
  closeJob,
  createJson,
  readJob,
  readOutcome,
  readReleases,
  readStepResults,
  type ObjectStore,
} from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { JobQueues, QueuePlace } from './job-queues.js';

/** The mark of an open job, as it stands in the store. */
export interface OpenMark {
  readonly key: string;
  readonly jobId: string;
  /** When the job was accepted, in milliseconds since 1970. */
  readonly createdAtMs: number;
}

/** So long a gateway may still show what another one has erased. */
const knownForMs = 600_000;

/** What the object store says of jobs. Requests and outcomes never change while they are there. */
export class JobArchive {
  private readonly requests = new ExpiringCache<StoredJob>({ maxEntries: 20_000, maxAgeMs: knownForMs });
  private readonly outcomes = new ExpiringCache<JobOutcome>({ maxEntries: 5_000, maxAgeMs: knownForMs });

  constructor(private readonly store: ObjectStore) {}

  /** Stores a request unless one is there; gives the one that counts. */
  async keepRequest(job: StoredJob): Promise<StoredJob> {
    const created = await createJson(this.store, objectKeys.jobRequest(job.jobId), job);
    const counts = created ? job : await readJob(this.store, job.jobId);
    if (counts === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'a request that disappeared' });
    this.requests.set(job.jobId, counts);
    return counts;
  }

  async request(jobId: string): Promise<StoredJob | undefined> {
    const cached = this.requests.get(jobId);
    if (cached !== undefined) return cached;
    const job = await readJob(this.store, jobId);
    if (job !== undefined) this.requests.set(jobId, job);
    return job;
  }

  /** The client's job. Throws JOB_UNKNOWN, also for somebody else's. */
  async requestOf(client: ApiClientRecord, jobId: string): Promise<StoredJob> {
    const job = await this.request(jobId);
    if (job?.clientId !== client.clientId) throw new SigningError('JOB_UNKNOWN', { found: jobId });
    return job;
  }

  async outcome(job: StoredJob): Promise<JobOutcome | undefined> {
    const cached = this.outcomes.get(job.jobId);
    if (cached !== undefined) return cached;
    const outcome = await readOutcome(this.store, job);
    if (outcome !== undefined) this.outcomes.set(job.jobId, outcome);
    return outcome;
  }

  /** The steps released so far, in order. */
  releasedSteps(job: StoredJob): Promise<StepResult[]> {
    return readStepResults(this.store, job);
  }

  /** Where an open job has to go on: its first step that was not released. */
  async currentPlace(job: StoredJob): Promise<QueuePlace> {
    const released = await this.releasedSteps(job);
    return placeOf(job, Math.min(released.length, job.steps.length - 1));
  }

  /** Called when the job is erased. */
  forget(jobId: string): void {
    this.requests.delete(jobId);
    this.outcomes.delete(jobId);
  }

  async markOpen(job: StoredJob): Promise<void> {
    // A name is all that is asked of it, and an empty object costs a folder store least.
    await this.store.put(objectKeys.openJob(job), new Uint8Array(0));
  }

  /** Takes an ended job off the list of open ones; onto that of documents that wait for a time-stamp where one was left out. */
  async close(job: StoredJob): Promise<void> {
    await closeJob(this.store, job);
  }

  async unmark(mark: OpenMark): Promise<void> {
    await this.store.delete(mark.key);
  }

  /** The marks of open jobs, in no certain order. */
  openMarks(): AsyncIterable<OpenMark> {
    return this.marks(objectKeys.openJobsPrefix);
  }

  /** The marks of ended jobs whose document waits for a time-stamp, in no certain order. */
  timestampMarks(): AsyncIterable<OpenMark> {
    return this.marks(objectKeys.openTimestampsPrefix);
  }

  private async *marks(prefix: string): AsyncIterable<OpenMark> {
    for await (const { key } of this.store.list(prefix)) {
      const [createdAt = '', jobId = ''] = key.slice(prefix.length).split('.');
      yield { key, jobId, createdAtMs: Number(createdAt) };
    }
  }

  /** What later versions did for steps that were released without their time-stamp. */
  async withLaterTimestamps(job: StoredJob, steps: readonly StepResult[]): Promise<StepResult[]> {
    if (steps.every(({ deferredLevel }) => deferredLevel === undefined)) return [...steps];
    const releases = await readReleases(this.store, job.documentId);
    return steps.map((step) => {
      if (step.deferredLevel === undefined) return step;
      const release = releases.slice(step.version).find((one) => !isStepRelease(one));
      if (release === undefined || isStepRelease(release)) return step;
      const { version, timestamp, signatures, failure } = release.timestamped;
      const level = signatures.find(({ fieldName }) => fieldName === step.fieldName)?.level ?? step.level;
      const timestampedLater = { version, level, timestamp, ...(failure === undefined ? {} : { failure }) };
      return { ...step, timestampedLater };
    });
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
  const base = constantPart(job);
  const outcome = await archive.outcome(job);
  if (outcome !== undefined) {
    const { status, completedAt, failure } = outcome;
    const steps = await archive.withLaterTimestamps(job, outcome.steps);
    return { ...base, status, completedAt, steps, ...(failure === undefined ? {} : { failure }) };
  }
  const steps = await archive.releasedSteps(job);
  const state = await queues.state(placeOf(job, Math.min(steps.length, job.steps.length - 1)));
  if (state === 'delayed') return { ...base, status: 'waiting', steps };
  return { ...base, status: state === 'active' || steps.length > 0 ? 'running' : 'accepted', steps };
}

/** The answer to a job that was accepted just now, without asking anybody. */
export function describeAccepted(job: StoredJob): SigningJob {
  return { ...constantPart(job), status: 'accepted', steps: [] };
}

/** What never changes of a job. */
function constantPart({ jobId, documentId, reference, createdAt, policy, warnings, steps }: StoredJob) {
  return {
    jobId,
    documentId,
    ...(reference === undefined ? {} : { reference }),
    createdAt,
    ...(policy === undefined ? {} : { policy: policy.name }),
    ...(warnings === undefined ? {} : { warnings }),
    stepCount: steps.length,
  } satisfies Partial<SigningJob>;
}
