import type { Retention, RetentionReport } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { Config } from '../config.js';
import type { DocumentShelf } from '../documents/document-shelf.js';
import type { JobArchive } from '../jobs/job-archive.js';
import { Erasures } from './erasures.js';
import type { OpenWork } from './open-work.js';
import { Quotas } from './quotas.js';
import { lastSweep, RetentionSweep } from './retention-sweep.js';
import { UsageBook } from './usage-book.js';
import { UsageDesk } from './usage-desk.js';

/** A look at the last sweep that is so old is new enough. */
const sweepMaxAgeMs = 5_000;

interface Parts {
  readonly config: Config;
  readonly store: ObjectStore;
  readonly redis: Redis;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What counts: needed by all who take something in. */
export interface CountingRooms {
  readonly usage: UsageBook;
  readonly quotas: Quotas;
  readonly desk: UsageDesk;
}

export function countingRooms(parts: Parts, batches: { openOf(clientId: string): Promise<number> }): CountingRooms {
  const { store } = parts;
  const usage = new UsageBook(parts);
  const sweeps = new ExpiringCache<{ readonly report: RetentionReport | undefined }>({
    maxEntries: 1,
    maxAgeMs: sweepMaxAgeMs,
  });
  const readSweep = async (): Promise<RetentionReport | undefined> =>
    (await sweeps.getOrLoad('last', async () => ({ report: await lastSweep(store) }))).report;
  const quotas = new Quotas({ usage, lastSweep: readSweep, openBatches: (clientId) => batches.openOf(clientId) });
  const desk = new UsageDesk({ store, usage, quotas, terms: termsOf(parts.config), lastSweep: readSweep });
  return { usage, quotas, desk };
}

/** What erases. */
export function erasingRooms(
  parts: Parts,
  of: {
    readonly shelf: DocumentShelf;
    readonly archive: JobArchive;
    readonly work: OpenWork;
    readonly usage: UsageBook;
  },
): { readonly erasures: Erasures; readonly sweep: RetentionSweep } {
  const { store, logger, now, config } = parts;
  const { shelf, archive, work } = of;
  const erasures = new Erasures({ store, shelf, work, logger, now });
  const sweep = new RetentionSweep({
    store,
    erasures,
    work,
    archive,
    terms: termsOf(config),
    dryRun: config.retentionDryRun,
    counted: (clientId) => of.usage.total(clientId),
    logger,
    now,
  });
  return { erasures, sweep };
}

function termsOf(config: Config): Retention {
  const { retentionDocumentDays, retentionOutcomeDays, retentionFailedJobDays, retentionBatchDays } = config;
  return {
    ...(retentionDocumentDays === undefined ? {} : { documentDays: retentionDocumentDays }),
    ...(retentionOutcomeDays === undefined ? {} : { outcomeDays: retentionOutcomeDays }),
    ...(retentionFailedJobDays === undefined ? {} : { failedJobDays: retentionFailedJobDays }),
    ...(retentionBatchDays === undefined ? {} : { batchDays: retentionBatchDays }),
  };
}
