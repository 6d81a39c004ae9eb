import { createHash } from 'node:crypto';
import {
  isStepRelease,
  objectKeys,
  progressChannel,
  queueJobId,
  queueName,
  queuePrefix,
  SigningError,
  timestampQueueName,
  toFailure,
  type Progress,
  type QueueJob,
  type StoredJob,
  type TimestampQueueJob,
} from '@kyso/contracts';
import {
  closeJob,
  createJson,
  keepTimestamped,
  readJob,
  readReleases,
  takeTurn,
  type ObjectStore,
} from '@kyso/storage';
import { Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';

/** Does what a signer does to the store, the queue and the channel, without signing: each step appends a few bytes. */
export class FakeSigner {
  /** BullMQ jobs that were worked on, in order. */
  readonly worked: string[] = [];
  /** What to do with the next jobs: work, fail with an outcome, or give up without one. */
  mode: 'work' | 'fail' | 'give-up' = 'work';
  delayMs = 0;
  /** False: jobs whose policy lets time-stamps come later are released without, and none is added. */
  tsaAnswers = true;
  /** Jobs for whose time-stamp it was asked. */
  readonly timestampsWanted: string[] = [];
  private readonly redis: Redis;
  private readonly workers: Worker<QueueJob>[];
  private readonly timestamps: Worker<TimestampQueueJob>;
  private readonly queues = new Map<string, Queue<QueueJob>>();

  constructor(
    private readonly store: ObjectStore,
    redisUrl: string,
    tokens: readonly string[] = ['token-a', 'token-b'],
  ) {
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.redis.on('error', () => undefined);
    this.workers = tokens.map((token) => {
      const worker = new Worker<QueueJob>(queueName(token, 'interactive'), (job) => this.work(job), {
        connection: this.redis,
        prefix: queuePrefix,
        concurrency: 4,
      });
      worker.on('error', () => undefined);
      return worker;
    });
    this.timestamps = new Worker<TimestampQueueJob>(timestampQueueName, (job) => this.addTimestamp(job.data.jobId), {
      connection: this.redis,
      prefix: queuePrefix,
    });
    this.timestamps.on('error', () => undefined);
  }

  async ready(): Promise<void> {
    await Promise.all([...this.workers, this.timestamps].map((worker) => worker.waitUntilReady()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers, this.timestamps].map((worker) => worker.close(true)));
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
    this.redis.disconnect();
  }

  private async work({ data }: Job<QueueJob>): Promise<void> {
    const { jobId, step } = data;
    this.worked.push(queueJobId(data));
    const job = await readJob(this.store, jobId);
    if (job === undefined) throw new Error(`no request of ${jobId}`);
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (this.mode === 'give-up') throw new Error('given up');
    if (this.mode === 'fail') {
      const failure = toFailure(new SigningError('TOKEN_QUARANTINED'));
      const failedAt = new Date().toISOString();
      await createJson(this.store, objectKeys.jobFailure(jobId), { jobId, failedAt, failure });
      return this.end(job, 'failed');
    }
    await this.tell(jobId, step, 'signed');
    await this.release(job, step);
    await this.tell(jobId, step, 'released');
    const next = job.steps[step + 1];
    if (next !== undefined) {
      const queue = this.queue(queueName(next.token, job.lane));
      const following = { jobId, step: step + 1 };
      await queue.add('sign', following, { jobId: queueJobId(following) });
      return;
    }
    await this.end(job, 'completed');
  }

  private queue(name: string): Queue<QueueJob> {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue<QueueJob>(name, { connection: this.redis, prefix: queuePrefix });
      queue.on('error', () => undefined);
      this.queues.set(name, queue);
    }
    return queue;
  }

  private async append(documentId: string, version: number): Promise<{ sizeBytes: number; sha256: string }> {
    const before = await this.store.get(objectKeys.version(documentId, version - 1));
    const bytes = Buffer.concat([before ?? Buffer.alloc(0), Buffer.from(`% version ${version}\n`)]);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.store.create(objectKeys.version(documentId, version), bytes);
    return { sizeBytes: bytes.length, sha256 };
  }

  private async addTimestamp(jobId: string): Promise<void> {
    this.timestampsWanted.push(jobId);
    const job = await readJob(this.store, jobId);
    if (job === undefined || !this.tsaAnswers) throw new Error('no time-stamp');
    const { documentId } = job;
    const releases = await readReleases(this.store, documentId);
    const version = releases.length + 1;
    const at = new Date().toISOString();
    await takeTurn(this.store, { documentId, version }, { holder: 'timestamp', at });
    const signatures = releases.flatMap((one) =>
      isStepRelease(one) && one.result.deferredLevel !== undefined
        ? [{ fieldName: one.result.fieldName, level: one.result.deferredLevel }]
        : [],
    );
    const file = await this.append(documentId, version);
    const timestamped = { version, fieldName: 'T', timestamp: at, ...file, signatures };
    await createJson(this.store, objectKeys.release(documentId, version), { createdAt: at, timestamped });
    await keepTimestamped(this.store, job, await readReleases(this.store, documentId));
    await this.store.delete(objectKeys.openTimestamp(job));
  }

  private async release(job: StoredJob, step: number): Promise<void> {
    const version = job.expectedVersion + step + 1;
    const stored = job.steps[step]!;
    const { sizeBytes, sha256 } = await this.append(job.documentId, version);
    const at = new Date().toISOString();
    const { credentialId, role, level } = stored;
    const isLeftOut = !this.tsaAnswers && job.policy?.timestamp === 'deferred';
    const result = {
      step,
      credentialId,
      role,
      ...(isLeftOut ? { level: 'B-B', deferredLevel: level } : { level }),
      version,
      fieldName: `S${step}`,
      signingTime: at,
      sizeBytes,
      sha256,
    };
    const release = { jobId: job.jobId, createdAt: at, result };
    await createJson(this.store, objectKeys.release(job.documentId, version), release);
  }

  private async end(job: StoredJob, status: 'completed' | 'failed'): Promise<void> {
    await closeJob(this.store, job);
    await this.tell(job.jobId, job.steps.length - 1, status);
  }

  private async tell(jobId: string, step: number, stage: Progress['stage']): Promise<void> {
    const progress: Progress = { jobId, step, stage, at: new Date().toISOString() };
    await this.redis.publish(progressChannel, JSON.stringify([progress]));
  }
}
