import {
  keepEnded,
  queuePrefix,
  timestampQueueJobSchema,
  timestampQueueName,
  type TimestampQueueJob,
} from '@kyso/contracts';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { AddedTimestamp } from './deferral/add-timestamp.js';
import { queueRecovery } from './signing.processor.js';

/** Documents that one signer adds time-stamps to at a time: signatures that somebody waits for go before. */
const concurrency = 2;
/** Pause before a document is looked at again, in milliseconds: a quarter of the time that it has waited, within these. */
const minDelayMs = 2_000;
const maxDelayMs = 300_000;

/** The door from BullMQ for documents whose signatures were released without a time-stamp. */
export class TimestampsProcessor {
  #worker: Worker<TimestampQueueJob> | undefined;

  constructor(
    private readonly options: {
      readonly redis: Redis;
      readonly add: (jobId: string) => Promise<AddedTimestamp>;
      readonly logger: Logger;
      readonly observe: (end: AddedTimestamp['kind']) => void;
    },
  ) {}

  start(): void {
    const { redis, logger } = this.options;
    this.#worker = new Worker<TimestampQueueJob>(timestampQueueName, (job, lock) => this.#process(job, lock), {
      connection: redis,
      prefix: queuePrefix,
      concurrency,
      ...queueRecovery,
      ...keepEnded,
      skipVersionCheck: true,
    });
    this.#worker.on('error', (error) => logger.warn({ err: error }, 'queue worker of later time-stamps'));
  }

  /** Takes no more documents and waits for those that are being worked on. */
  async stop(): Promise<void> {
    await this.#worker?.close();
  }

  async #process(job: Job<TimestampQueueJob>, lock: string | undefined): Promise<void> {
    const { logger, add, observe } = this.options;
    const message = timestampQueueJobSchema.safeParse(job.data);
    if (!message.success) throw new UnrecoverableError(`queue job ${job.id}: expected a job id`);
    const { jobId } = message.data;
    const end = await add(jobId);
    observe(end.kind);
    switch (end.kind) {
      case 'added':
        logger[end.failure === undefined ? 'info' : 'error']({ jobId, ...end }, 'time-stamp added');
        return;
      case 'nothing':
        logger.info({ jobId, reason: end.reason }, 'no time-stamp to add');
        return;
      case 'waits': {
        const delayMs = Math.min(maxDelayMs, Math.max(minDelayMs, (Date.now() - job.timestamp) / 4));
        const { code } = end.error;
        logger.warn({ jobId, code, err: end.error, delayMs }, 'a document waits for its time-stamp');
        await job.moveToDelayed(Date.now() + delayMs, lock);
        throw new DelayedError();
      }
    }
  }
}
