import type { ObjectStore } from '@kyso/storage';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { SealedPinSweeper } from '../activations/sealed-pin-sweeper.js';
import { UploadSweeper } from '../documents/upload-sweeper.js';
import type { BatchFeeder } from '../batches/batch-feeder.js';
import type { BatchMetrics } from '../batches/batch-metrics.js';
import type { JobArchive } from '../jobs/job-archive.js';
import type { JobMetrics } from '../jobs/job-metrics.js';
import type { JobQueues } from '../jobs/job-queues.js';
import { queueLaterTimestamps } from '../jobs/later-timestamps.js';
import type { Deliverer } from '../webhooks/deliverer.js';
import type { Erasures } from '../retention/erasures.js';
import { Reconciler } from '../jobs/reconciler.js';
import { Chores, type Chore } from './chores.js';
import { Leadership } from './leadership.js';

export interface HousekeepingParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly store: ObjectStore;
  readonly redis: Redis;
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly metrics: JobMetrics;
  readonly deliverer: Deliverer;
  readonly erasures: Erasures;
  readonly retention: () => Promise<void>;
  readonly batches: { readonly feeder: BatchFeeder; readonly metrics: BatchMetrics };
}

const longestRetentionPauseMs = 5_000;
/** What is being sent to webhooks when the process stops may take so long. */
const lastDeliveriesMs = 5_000;

/** What one of the gateways does in the background: the reconciler, batches, the queue of later time-stamps, webhooks, what is kept how long, and what crashes left of uploads and erasures. */
export class Housekeeping {
  private readonly chores: Chores;
  private readonly leadership: Leadership;

  private readonly deliverer: Deliverer;

  constructor(parts: HousekeepingParts) {
    this.deliverer = parts.deliverer;
    const { config, logger, store, redis, archive, queues, metrics, batches, erasures, retention } = parts;
    // A gateway that dies is followed by another after three intervals.
    this.leadership = new Leadership(redis, 'kyso:gateway:leader', Math.max(2_000, config.reconcileIntervalMs * 3));
    const reconciler = new Reconciler({ archive, queues, logger, graceMs: config.reconcileGraceMs });
    const sweeper = new UploadSweeper({ store, logger, settledAfterMs: config.uploadTimeoutMs + 3_600_000 });
    const ledByUs = async (): Promise<boolean> => queues.available && (await this.leadership.take());
    const reconcile: Chore = {
      name: 'reconcile jobs',
      everyMs: config.reconcileIntervalMs,
      run: async () => {
        if (await ledByUs()) metrics.reconciled(await reconciler.run());
      },
    };
    const timestamps: Chore = {
      name: 'queue later time-stamps',
      everyMs: config.reconcileIntervalMs,
      run: async () => {
        if (await ledByUs()) metrics.timestampsWait(await queueLaterTimestamps(archive, queues));
      },
    };
    const sweep: Chore = {
      name: 'sweep uploads',
      everyMs: config.sweepIntervalMs,
      run: async () => {
        if (await ledByUs()) await sweeper.run();
      },
    };
    const pins = new SealedPinSweeper({ store, logger });
    const sweepPins: Chore = {
      name: 'delete expired sealed PINs',
      everyMs: 60_000,
      // Each gateway, and without Redis: there is little to list, and a PIN must not outlive its time.
      run: async () => {
        await pins.run();
      },
    };
    const tellWebhooks: Chore = {
      name: 'tell webhooks',
      everyMs: config.webhookIntervalMs,
      run: async () => {
        // Without Redis it is not known who leads: better late than by several.
        if (await ledByUs().catch(() => false)) await this.deliverer.pass();
        else this.deliverer.rest();
      },
    };
    const sweepDeadLetters: Chore = {
      name: 'sweep dead letters',
      everyMs: config.sweepIntervalMs,
      run: async () => {
        if (await ledByUs()) await this.deliverer.sweepDeadLetters(config.webhookDeadLetterDays);
      },
    };
    const feedBatches: Chore = {
      name: 'feed batches',
      everyMs: config.batchIntervalMs,
      run: async () => {
        if (await ledByUs()) batches.metrics.passed(await batches.feeder.run());
      },
    };
    const finishErasures: Chore = {
      name: 'finish erasures',
      everyMs: config.sweepIntervalMs,
      run: async () => {
        if (await ledByUs()) await erasures.run();
      },
    };
    // The first time at once: what is configured may have changed.
    let sweptAtMs = -Infinity;
    const sweepRetention: Chore = {
      name: 'sweep what is kept',
      // Looked at more often: whoever leads when it is due may not lead a day later.
      everyMs: Math.min(config.retentionIntervalMs, longestRetentionPauseMs),
      run: async () => {
        const isDue = performance.now() - sweptAtMs >= config.retentionIntervalMs * 0.9;
        if (!isDue || !(await ledByUs())) return;
        await retention();
        sweptAtMs = performance.now();
      },
    };
    const ofWebhooks = config.webhookHosts.length === 0 ? [] : [tellWebhooks, sweepDeadLetters];
    this.chores = new Chores(
      [reconcile, feedBatches, timestamps, sweep, finishErasures, sweepPins, sweepRetention, ...ofWebhooks],
      logger,
    );
    // Redis may have come back empty.
    redis.on('ready', () => this.chores.hurry(reconcile));
  }

  start(): void {
    this.chores.start();
  }

  async stop(): Promise<void> {
    await this.chores.stop();
    await this.deliverer.stop(lastDeliveriesMs);
    await this.leadership.release();
  }
}
