import {
  apiClientRecordSchema,
  batchEndSchema,
  documentRecordSchema,
  erasureSchema,
  isOver,
  jobFailureSchema,
  objectKeys,
  retentionFor,
  retentionReportSchema,
  SigningError,
  type DocumentRecord,
  type Retention,
  type RetentionReport,
} from '@kyso/contracts';
import { getJson, putJson, readJob, readRelease, type ObjectStore } from '@kyso/storage';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { JobArchive } from '../jobs/job-archive.js';
import { allDocuments, isBeingSigned, type DocumentObjects } from './document-objects.js';
import { retention, type Erasures } from './erasures.js';
import type { OpenWork } from './open-work.js';
import { removeOutcomes } from './outcomes.js';

const reportKey = 'sweeps/retention.json';
const reason = 'Its time of retention was over';

type Counts = { -readonly [K in keyof Omit<RetentionReport, 'startedAt' | 'endedAt' | 'dryRun'>]: RetentionReport[K] };

/** One whose record is gone. */
const unknownClient = { documents: 0, bytes: 0, due: 0, counted: { documents: 0, bytes: 0 } };

export interface RetentionSweepParts {
  readonly store: ObjectStore;
  readonly erasures: Pick<Erasures, 'eraseRecord'>;
  readonly work: Pick<OpenWork, 'documents'>;
  readonly archive: Pick<JobArchive, 'forget'>;
  /** What holds where a client has no terms of its own. */
  readonly terms: Retention;
  /** Counts and deletes nothing. */
  readonly dryRun: boolean;
  /** All uploads of a client that were ever counted. */
  readonly counted: (clientId: string) => Promise<{ readonly documents: number; readonly bytes: number }>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What the last sweep saw; undefined before the first. */
export function lastSweep(store: ObjectStore): Promise<RetentionReport | undefined> {
  return getJson(store, reportKey, retentionReportSchema);
}

/**
 * Goes through all documents, failed jobs and ended batches, counts what each client has, and erases what was kept long enough.
 * It holds one document in memory at a time, and may be broken off: the next sweep begins anew.
 */
export class RetentionSweep {
  constructor(private readonly parts: RetentionSweepParts) {}

  async run(): Promise<RetentionReport> {
    const { store, dryRun, logger, now } = this.parts;
    const startedAt = now().toISOString();
    const counts: Counts = {
      looked: 0,
      due: 0,
      erased: 0,
      inUse: 0,
      outcomes: 0,
      failedJobs: 0,
      batches: 0,
      unreadable: 0,
      clients: {},
    };
    const terms = await this.#termsOfClients();
    // Before anything is looked at: an upload may then be counted twice until the next sweep, but never not at all.
    for (const clientId of terms.keys()) {
      const { documents, bytes } = await this.parts.counted(clientId).catch(() => ({ documents: 0, bytes: 0 }));
      counts.clients[clientId] = { documents: 0, bytes: 0, due: 0, counted: { documents, bytes } };
    }
    const ofClient = (clientId: string): Retention => terms.get(clientId) ?? this.parts.terms;
    const isAny = (name: keyof Retention): boolean =>
      [this.parts.terms, ...terms.values()].some((one) => one[name] !== undefined);
    await this.#documents(counts, ofClient);
    if (isAny('failedJobDays')) await this.#failedJobs(counts, ofClient);
    if (isAny('batchDays')) await this.#batches(counts, ofClient);
    const report: RetentionReport = { startedAt, endedAt: now().toISOString(), dryRun, ...counts };
    await putJson(store, reportKey, report);
    const { clients: _clients, ...sums } = counts;
    logger.info({ ...sums, dryRun }, 'retention: all documents were looked at');
    return report;
  }

  async #termsOfClients(): Promise<ReadonlyMap<string, Retention>> {
    const { store } = this.parts;
    const terms = new Map<string, Retention>();
    for await (const { key } of store.list(objectKeys.clientsPrefix)) {
      const client = await getJson(store, key, apiClientRecordSchema);
      if (client !== undefined) terms.set(client.clientId, retentionFor(this.parts.terms, client.retention));
    }
    return terms;
  }

  async #documents(counts: Counts, ofClient: (clientId: string) => Retention): Promise<void> {
    const { store, work } = this.parts;
    let open: ReadonlySet<string> | undefined;
    const openDocuments = async (): Promise<ReadonlySet<string>> => (open ??= await work.documents());
    for await (const objects of allDocuments(store)) {
      await this.#guarded(counts, objects.documentId, async () => {
        const document = objects.keys.has(objectKeys.documentRecord(objects.documentId))
          ? await getJson(store, objectKeys.documentRecord(objects.documentId), documentRecordSchema)
          : undefined;
        if (document === undefined) return this.#erased(objects, counts, ofClient);
        counts.looked += 1;
        const isDue = await this.#isDue(document, objects, ofClient(document.clientId));
        if (isDue) counts.due += 1;
        const isErased = isDue && (await this.#erase({ document, objects, openDocuments }, counts));
        const ofThis = counts.clients[document.clientId] ?? unknownClient;
        counts.clients[document.clientId] = isErased
          ? ofThis
          : {
              ...ofThis,
              documents: ofThis.documents + 1,
              bytes: ofThis.bytes + objects.bytes,
              due: ofThis.due + (isDue ? 1 : 0),
            };
      });
    }
  }

  /** Lets callers go first, and goes on after a record that nobody can read: one of them must not keep all the others for ever. */
  async #guarded(counts: Counts, what: string, work: () => Promise<void>): Promise<void> {
    await nextTurn();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SigningError) || error.code !== 'INTERNAL') throw error;
      counts.unreadable += 1;
      this.parts.logger.error({ err: error, what }, 'retention: a record can’t be read and stays as it is');
    }
  }

  async #isDue(document: DocumentRecord, { documentId, keys }: DocumentObjects, terms: Retention): Promise<boolean> {
    const { store, now } = this.parts;
    // Nothing of a document is older than its upload.
    if (!isOver(document.createdAt, terms.documentDays, now())) return false;
    let last = 0;
    while (keys.has(objectKeys.release(documentId, last + 1))) last++;
    const release = last === 0 ? undefined : await readRelease(store, documentId, last);
    return isOver(release?.createdAt ?? document.createdAt, terms.documentDays, now());
  }

  async #erase(
    due: {
      readonly document: DocumentRecord;
      readonly objects: DocumentObjects;
      readonly openDocuments: () => Promise<ReadonlySet<string>>;
    },
    counts: Counts,
  ): Promise<boolean> {
    const { erasures, dryRun, logger } = this.parts;
    if (dryRun) return false;
    const { documentId, clientId } = due.document;
    try {
      if (isBeingSigned(due.objects) || (await due.openDocuments()).has(documentId)) {
        throw new SigningError('DOCUMENT_IN_USE', { found: documentId });
      }
      await erasures.eraseRecord(due.document, { by: retention, reason });
    } catch (error) {
      if (!(error instanceof SigningError) || error.code !== 'DOCUMENT_IN_USE') throw error;
      logger.info({ documentId, found: error.found }, 'retention: a document is still in use');
      counts.inUse += 1;
      return false;
    }
    logger.info({ documentId, clientId, erasedBy: retention, reason }, 'document erased');
    counts.erased += 1;
    return true;
  }

  /** Of a document that is erased: the results of its jobs may be due. */
  async #erased(
    { documentId, keys }: DocumentObjects,
    counts: Counts,
    ofClient: (clientId: string) => Retention,
  ): Promise<void> {
    const { store, archive, dryRun, now } = this.parts;
    if (!keys.has(objectKeys.release(documentId, 1)) || !keys.has(objectKeys.erasure(documentId))) return;
    const erasure = await getJson(store, objectKeys.erasure(documentId), erasureSchema);
    if (erasure === undefined || !isOver(erasure.erasedAt, ofClient(erasure.clientId).outcomeDays, now())) return;
    counts.outcomes += 1;
    if (!dryRun) await removeOutcomes(store, archive, documentId);
  }

  async #failedJobs(counts: Counts, ofClient: (clientId: string) => Retention): Promise<void> {
    const { store, dryRun, now } = this.parts;
    for await (const { key } of store.list(objectKeys.jobsPrefix)) {
      const [, jobId] = /\/([^/.]+)\.failure\.json$/.exec(key) ?? [];
      if (jobId === undefined) continue;
      await this.#guarded(counts, jobId, async () => {
        const failure = await getJson(store, key, jobFailureSchema);
        // Of a document in a batch there is no request here.
        const clientId = (await readJob(store, jobId))?.clientId ?? '';
        if (failure === undefined || !isOver(failure.failedAt, ofClient(clientId).failedJobDays, now())) return;
        counts.failedJobs += 1;
        if (dryRun) return;
        // The request first: a failure without it belongs to nothing, a request without it would be an open job.
        await store.delete(objectKeys.jobRequest(jobId));
        await store.delete(key);
      });
    }
  }

  async #batches(counts: Counts, ofClient: (clientId: string) => Retention): Promise<void> {
    const { store, dryRun, now } = this.parts;
    for await (const { key } of store.list(objectKeys.allClientBatchesPrefix)) {
      const [, clientId = '', name = ''] = key.split('/');
      const batchId = name.slice(name.indexOf('.') + 1);
      const { batchDays } = ofClient(clientId);
      if (batchDays === undefined) continue;
      await this.#guarded(counts, batchId, async () => {
        const end = await getJson(store, objectKeys.batchEnd(batchId), batchEndSchema);
        if (end === undefined || !isOver(end.endedAt, batchDays, now())) return;
        counts.batches += 1;
        if (!dryRun) await this.#removeBatch(batchId, key);
      });
    }
  }

  async #removeBatch(batchId: string, mark: string): Promise<void> {
    const { store } = this.parts;
    const last = new Set([objectKeys.batch(batchId), objectKeys.batchEnd(batchId)]);
    const keys: string[] = [];
    for await (const object of store.list(objectKeys.batchPrefix(batchId))) keys.push(object.key);
    for (const object of keys) if (!last.has(object)) await store.delete(object);
    await store.delete(objectKeys.batch(batchId));
    // While it is there the next sweep finds the batch; without its end it would be an open one.
    await store.delete(mark);
    await store.delete(objectKeys.batchEnd(batchId));
  }
}
