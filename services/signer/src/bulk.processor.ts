import { chunkItems, chunkQueueJobSchema, queueName, queuePrefix, type ChunkQueueJob } from '@kyso/contracts';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { setMaxListeners } from 'node:events';
import { Turns } from './chunks/turns.js';
import type { ChunkEnd } from './chunks/chunk-end.js';
import type { RunChunkPorts } from './chunks/run-chunk.js';
import { queueRecovery, setWorkerTaking, type ServedQueue, type StepObserver } from './signing.processor.js';
import type { StepQueues } from './step-queues.js';

/** Chunks of one token name that are worked on at a time: while the last items of one are ended, the next has begun. */
const chunksAtATime = 2;

/** Runs one step of a chunk; `runChunk` over the ports of this signer. */
export type RunChunk = (
  message: ChunkQueueJob,
  ports: Pick<RunChunkPorts, 'inTurn' | 'addStep' | 'stopping' | 'observe'>,
) => Promise<ChunkEnd>;

/** The door from BullMQ for the chunks of batches: a worker for each token. */
export class BulkProcessor {
  readonly #workers = new Map<string, Worker<ChunkQueueJob>>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly options: {
      readonly tokens: readonly ServedQueue[];
      /** Items at a time for each token that serves the name, over all its chunks. */
      readonly concurrency: number;
      readonly redis: Redis;
      readonly queues: Pick<StepQueues, 'addChunk'>;
      readonly run: RunChunk;
      readonly logger: Logger;
      readonly observe: StepObserver;
    },
  ) {
    setMaxListeners(0, this.#stopping.signal);
  }

  start(): void {
    for (const served of this.options.tokens) this.#workers.set(served.name, this.#startWorker(served));
  }

  /** Begins no further item and waits for those that run. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }

  /** Whether chunks for this token name are taken from now on. */
  setTaking(token: string, isTaking: boolean): void {
    setWorkerTaking(this.#workers.get(token), isTaking);
  }

  #startWorker({ name: token, tokens }: ServedQueue): Worker<ChunkQueueJob> {
    const { redis, logger, concurrency } = this.options;
    const turns = new Turns(concurrency * tokens);
    const worker = new Worker<ChunkQueueJob>(
      queueName(token, 'bulk'),
      (job, lock) => this.#process(job, { lock, token, turns }),
      {
        connection: redis,
        prefix: queuePrefix,
        concurrency: chunksAtATime + Math.floor((concurrency * tokens) / chunkItems),
        ...queueRecovery,
        skipVersionCheck: true,
      },
    );
    worker.on('error', (error) => logger.warn({ err: error, tokenName: token, lane: 'bulk' }, 'queue worker'));
    worker.on('stalled', (id) =>
      logger.warn({ queueJob: id, tokenName: token }, 'chunk runs again: its worker is gone'),
    );
    return worker;
  }

  async #process(
    job: Job<ChunkQueueJob>,
    at: { readonly lock: string | undefined; readonly token: string; readonly turns: Turns },
  ): Promise<void> {
    const { logger, queues, observe, run } = this.options;
    const message = chunkQueueJobSchema.safeParse(job.data);
    if (!message.success) throw new UnrecoverableError(`queue job ${job.id}: expected a chunk of a batch`);
    const { token, turns } = at;
    const about = { ...message.data, tokenName: token };
    const startedMs = performance.now();
    let end: ChunkEnd;
    try {
      end = await run(message.data, {
        inTurn: (work) => turns.take(work),
        addStep: (next, to) => queues.addChunk(next, { token: to, priority: job.priority }),
        stopping: this.#stopping.signal,
        observe: (item) => observe({ token, lane: 'bulk', ...item }),
      });
    } catch (error) {
      observe({ token, lane: 'bulk', end: 'error', seconds: (performance.now() - startedMs) / 1_000 });
      logger.error({ ...about, err: error }, 'chunk broken off; the queue tries it again');
      throw error;
    }
    switch (end.kind) {
      case 'finished':
        logger.info({ ...about, items: end.items, ms: Math.round(performance.now() - startedMs) }, 'chunk');
        return;
      case 'put-aside':
        logger.info({ ...about, reason: end.reason }, 'chunk put aside');
        return;
      case 'waits': {
        const { error, delayMs, waitedMs, held } = end;
        // What holds many chunks is told once, where it begins.
        if (held === undefined) logger.warn({ ...about, code: error.code, err: error, delayMs }, 'chunk waits');
        else logger.debug({ ...about, code: error.code, place: held.place, delayMs }, 'chunk is held');
        const { held: _before, ...rest } = message.data;
        await job.updateData({ ...rest, waitedMs, ...(held === undefined ? {} : { held }) });
        await job.moveToDelayed(Date.now() + delayMs, at.lock);
        throw new DelayedError();
      }
    }
  }
}
