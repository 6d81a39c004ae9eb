import {
  chunkJobOptions,
  chunkQueueJobId,
  queueJobId,
  queueName,
  queuePrefix,
  stepJobOptions,
  type ChunkQueueJob,
  type QueueJob,
  type StoredJob,
} from '@kyso/contracts';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { StepQueue } from './run-step.js';

/** The queues that following steps are put into; the token of a step may be another signer's. */
export class StepQueues implements StepQueue {
  readonly #queues = new Map<string, Queue<QueueJob | ChunkQueueJob>>();

  constructor(
    private readonly redis: Redis,
    private readonly onError: (error: Error) => void,
  ) {}

  async add(job: StoredJob, step: number): Promise<void> {
    const token = job.steps[step]?.token;
    if (token === undefined) return;
    const message: QueueJob = { jobId: job.jobId, step };
    await this.#queue(queueName(token, job.lane)).add('sign', message, {
      ...stepJobOptions,
      jobId: queueJobId(message),
    });
  }

  /** Puts the next step of a chunk into the bulk queue of its token; `priority` is BullMQ's, 1 goes first. */
  async addChunk(message: ChunkQueueJob, to: { readonly token: string; readonly priority: number }): Promise<void> {
    await this.#queue(queueName(to.token, 'bulk')).add('chunk', message, {
      jobId: chunkQueueJobId(message),
      priority: to.priority,
      ...chunkJobOptions,
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()));
  }

  #queue(name: string): Queue<QueueJob | ChunkQueueJob> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue<QueueJob | ChunkQueueJob>(name, {
        connection: this.redis,
        prefix: queuePrefix,
        skipVersionCheck: true,
      });
      queue.on('error', this.onError);
      this.#queues.set(name, queue);
    }
    return queue;
  }
}
