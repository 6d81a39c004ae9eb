import {
  arrivalChannel,
  queueJobId,
  queueName,
  queuePrefix,
  stepJobOptions,
  timestampQueueName,
  type ChunkQueueJob,
  type Lane,
  type QueueJob,
  type TimestampQueueJob,
} from '@kyso/contracts';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** What a queue knows of a job: nothing, that it is to be worked on, or that it ended (kept for a while). */
export type QueueKnowledge = 'unknown' | 'live' | 'finished';

/** Where one step of a job waits. */
export interface QueuePlace {
  readonly token: string;
  readonly lane: Lane;
  readonly job: QueueJob;
}

/** Milliseconds that Redis may take for one command before we go on without it. */
const patienceMs = 2_000;
const probeBatch = 500;

/** The BullMQ queues, one for each token and lane and one for later time-stamps, over one connection that fails at once when Redis is away. */
export class JobQueues {
  private readonly queues = new Map<string, Queue<QueueJob | TimestampQueueJob | ChunkQueueJob>>();

  constructor(
    private readonly redis: Redis,
    private readonly logger: Logger,
  ) {}

  /** False while Redis is known to be away: no job is accepted then. */
  get available(): boolean {
    return this.redis.status === 'ready';
  }

  /** Has batches stand back for a job that is about to be stored and queued. */
  announce({ token }: QueuePlace): void {
    this.redis.publish(arrivalChannel, token).catch(() => undefined);
  }

  /** Adds the step; adding it again while the queue knows it changes nothing. Throws when Redis doesn't answer in time. */
  async add({ token, lane, job }: QueuePlace): Promise<void> {
    await withPatience(
      this.queue(queueName(token, lane)).add('sign', job, { ...stepJobOptions, jobId: queueJobId(job) }),
    );
  }

  /** Removes what is left of an ended step and adds it again. */
  async addAgain(place: QueuePlace): Promise<void> {
    await withPatience(this.queue(queueName(place.token, place.lane)).remove(queueJobId(place.job)));
    await this.add(place);
  }

  /** Has a signer add the time-stamps that the jobs were released without; leaves alone those that the queue knows of. */
  async addTimestamps(jobIds: readonly string[]): Promise<void> {
    const queue = this.queue(timestampQueueName);
    const knowledge = await this.knowledge(jobIds.map((jobId) => queue.toKey(jobId)));
    for (const [index, jobId] of jobIds.entries()) {
      if (knowledge[index] === 'live') continue;
      if (knowledge[index] === 'finished') await withPatience(queue.remove(jobId));
      await withPatience(queue.add('timestamp', { jobId }, { ...stepJobOptions, jobId }));
    }
  }

  /** What the queues know of each place, in as few round trips as there are hundreds of places. */
  probe(places: readonly QueuePlace[]): Promise<QueueKnowledge[]> {
    return this.knowledge(
      places.map(({ token, lane, job }) => this.queue(queueName(token, lane)).toKey(queueJobId(job))),
    );
  }

  /** Puts a chunk of a batch into a bulk queue; adding it again while the queue knows it changes nothing. */
  async addChunk(name: string, message: ChunkQueueJob, options: JobsOptions): Promise<void> {
    await withPatience(this.queue(name).add('chunk', message, options));
  }

  /** The message of each of these that is on its queue, as JSON; undefined for the others. */
  async messages(jobs: readonly { readonly name: string; readonly jobId: string }[]): Promise<(string | undefined)[]> {
    const messages: (string | undefined)[] = [];
    for (let start = 0; start < jobs.length; start += probeBatch) {
      const pipeline = this.redis.pipeline();
      for (const { name, jobId } of jobs.slice(start, start + probeBatch)) {
        pipeline.hmget(this.queue(name).toKey(jobId), 'data', 'finishedOn');
      }
      for (const [error, reply] of (await withPatience(pipeline.exec())) ?? []) {
        if (error !== null) throw error;
        const [data, finishedOn] = reply as [string | null, string | null];
        messages.push(data === null || finishedOn !== null ? undefined : data);
      }
    }
    return messages;
  }

  private async knowledge(keys: readonly string[]): Promise<QueueKnowledge[]> {
    const knowledge: QueueKnowledge[] = [];
    for (let start = 0; start < keys.length; start += probeBatch) {
      const pipeline = this.redis.pipeline();
      for (const key of keys.slice(start, start + probeBatch)) pipeline.hmget(key, 'timestamp', 'finishedOn');
      const replies = (await withPatience(pipeline.exec())) ?? [];
      for (const [error, reply] of replies) {
        if (error !== null) throw error;
        const [addedAt, finishedOn] = reply as [string | null, string | null];
        knowledge.push(addedAt === null ? 'unknown' : finishedOn === null ? 'live' : 'finished');
      }
    }
    return knowledge;
  }

  /** Lets those work at once that would sleep until after `untilMs` of the wall clock. */
  async wakeOversleepers(untilMs: number): Promise<void> {
    for (const queue of this.queues.values()) {
      // BullMQ's score: milliseconds since 1970, times 4096.
      const ids = await withPatience(
        this.redis.zrangebyscore(queue.toKey('delayed'), untilMs * 4_096, '+inf', 'LIMIT', 0, probeBatch),
      );
      for (const id of ids) {
        const job = await withPatience(queue.getJob(id));
        // It may have been woken by somebody else.
        await job?.promote().catch(() => undefined);
        this.logger.warn({ queue: queue.name, queueJob: id }, 'step slept too long after the clock was put back');
      }
    }
  }

  /** BullMQ's word for where the step is; `unknown` also when Redis cannot be asked. */
  async state({ token, lane, job }: QueuePlace): Promise<string> {
    if (!this.available) return 'unknown';
    return withPatience(this.queue(queueName(token, lane)).getJobState(queueJobId(job))).catch(() => 'unknown');
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(name: string): Queue<QueueJob | TimestampQueueJob | ChunkQueueJob> {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, { connection: this.redis, prefix: queuePrefix, skipVersionCheck: true });
      queue.on('error', (error) => this.logger.debug({ err: error, queue: name }, 'queue connection'));
      this.queues.set(name, queue);
    }
    return queue;
  }
}

/** A connection that hangs (a firewall that drops packets) must not hold the caller. */
async function withPatience<T>(command: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis: expected an answer in ${patienceMs} ms`)), patienceMs);
  });
  command.catch(() => undefined);
  try {
    return await Promise.race([command, late]);
  } finally {
    clearTimeout(timer);
  }
}
