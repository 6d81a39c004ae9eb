import { keepEnded, queueJobSchema, queueName, queuePrefix, type Lane, type QueueJob } from '@kyso/contracts';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { JobStepEnd, StepEnd } from './run-step.js';

/** Runs one step; `runStep` over the ports of this signer. */
export type RunStep = (message: QueueJob) => Promise<StepEnd>;

/** What happened to one step, for metrics. */
export type StepObserver = (observed: {
  readonly token: string;
  readonly lane: Lane;
  readonly end: StepEnd['kind'] | JobStepEnd['kind'] | 'error';
  readonly seconds: number;
}) => void;

const lane: Lane = 'interactive';

/**
 * A worker that was killed holds its jobs for at most lockDuration and one stalled check. A step may stall any number of
 * times: it is safe to run again, and a crash loop of one signer must not fail an official's document.
 */
export const queueRecovery = { lockDuration: 10_000, stalledInterval: 2_000, maxStalledCount: 1_000_000 } as const;

/** A token name of credentials, and how many tokens of this signer serve it. */
export interface ServedQueue {
  readonly name: string;
  readonly tokens: number;
}

/**
 * Has a worker take jobs or not; those that it has go on. One that waits for a job when it is told to take none may still be given
 * one. False when it does so already.
 */
export function setWorkerTaking(
  worker: Pick<Worker, 'isPaused' | 'pause' | 'resume'> | undefined,
  isTaking: boolean,
): boolean {
  if (worker === undefined || worker.isPaused() !== isTaking) return false;
  // It says what went wrong by its event `error`.
  (isTaking ? worker.resume() : worker.pause(true)).catch(() => undefined);
  return true;
}

/** The door from BullMQ for interactive jobs: a worker for each token. */
export class SigningProcessor {
  readonly #workers = new Map<string, Worker<QueueJob>>();

  constructor(
    private readonly options: {
      readonly tokens: readonly ServedQueue[];
      /** Steps at a time for each token that serves the name. */
      readonly concurrency: number;
      readonly redis: Redis;
      readonly run: RunStep;
      readonly logger: Logger;
      readonly observe: StepObserver;
    },
  ) {}

  start(): void {
    for (const served of this.options.tokens) this.#workers.set(served.name, this.#startWorker(served));
  }

  /** Takes no more jobs and waits for those that run. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }

  /** Whether jobs of this token name are taken from now on. */
  setTaking(token: string, isTaking: boolean): void {
    if (!setWorkerTaking(this.#workers.get(token), isTaking)) return;
    const said = isTaking ? 'jobs are taken here' : 'jobs are left to another signer, which has a ready token';
    this.options.logger.info({ tokenName: token }, said);
  }

  #startWorker({ name: token, tokens }: ServedQueue): Worker<QueueJob> {
    const { redis, logger } = this.options;
    const concurrency = this.options.concurrency * tokens;
    const worker = new Worker<QueueJob>(queueName(token, lane), (job, lock) => this.#process(job, { lock, token }), {
      connection: redis,
      prefix: queuePrefix,
      concurrency,
      ...queueRecovery,
      ...keepEnded,
      skipVersionCheck: true,
    });
    worker.on('error', (error) => logger.warn({ err: error, tokenName: token, lane }, 'queue worker'));
    worker.on('stalled', (id) =>
      logger.warn({ queueJob: id, tokenName: token, lane }, 'step runs again: its worker is gone'),
    );
    return worker;
  }

  async #process(job: Job<QueueJob>, at: { readonly lock: string | undefined; readonly token: string }): Promise<void> {
    const { logger, observe, run } = this.options;
    const startedMs = performance.now();
    const observed = (end: StepEnd['kind'] | 'error'): void =>
      observe({ token: at.token, lane, end, seconds: (performance.now() - startedMs) / 1_000 });
    const message = queueJobSchema.safeParse(job.data);
    if (!message.success) throw new UnrecoverableError(`queue job ${job.id}: expected a job id and a step`);
    const about = { ...message.data, tokenName: at.token, lane };
    let end: StepEnd;
    try {
      end = await run(message.data);
    } catch (error) {
      observed('error');
      logger.error({ ...about, err: error }, 'step broken off; the queue tries it again');
      throw error;
    }
    observed(end.kind);
    switch (end.kind) {
      case 'finished':
        return;
      case 'dropped':
        logger.info({ ...about, reason: end.reason }, 'nothing to do');
        return;
      case 'waits':
        logger.warn({ ...about, code: end.error.code, err: end.error, delayMs: end.delayMs }, 'step waits');
        await job.updateData({ ...message.data, waitedMs: end.waitedMs });
        await job.moveToDelayed(Date.now() + end.delayMs, at.lock);
        throw new DelayedError();
      case 'failed':
        logger.warn({ ...about, code: end.error.code, err: end.error }, 'job failed');
        throw new UnrecoverableError(end.error.code);
    }
  }
}
