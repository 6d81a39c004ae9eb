import {
  isStepRelease,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type DocumentRecord,
  type DocumentVersion,
  type Erasure,
} from '@kyso/contracts';
import { createJson, readReleases, type ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';
import { awaitsTimestamp, type DocumentShelf } from '../documents/document-shelf.js';
import { documentObjects } from './document-objects.js';
import type { OpenWork } from './open-work.js';

/**
 * Nobody who had the document open when it was erased is at work on it after this time: what such a one stored is deleted by
 * the last look. Until then nobody is given it, since the tombstone is there.
 */
const settledAfterMs = 3_600_000;
/** Erasures that one pass looks at. */
const maxErasuresAPass = 1_000;
const maxRemembered = 10_000;
/** Stands for the sweep of what was kept long enough. */
export const retention = 'retention';

export interface ErasureParts {
  readonly store: ObjectStore;
  readonly shelf: DocumentShelf;
  readonly work: Pick<OpenWork, 'on'>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * Erases documents. Each line may be the last one before a crash:
 * 1. the mark, by which the pass finds what is not finished;
 * 2. the tombstone, `erased.json`: the one point at which the document ends to be there for everybody;
 * 3. the files. What says how keys were used stays: releases, intents and turns; of them the jobs' outcomes are read.
 * 4. an hour later once more the files, then the mark goes.
 */
export class Erasures {
  /** Marks whose files this process has deleted; the pass has only the last look left to do. */
  private readonly deleted = new Set<string>();

  /** How many this process has erased, and why. */
  readonly erased = { retention: 0, request: 0 };

  constructor(private readonly parts: ErasureParts) {}

  /**
   * Erases the client's document for ever; one that was erased earlier is left as it is, and its tombstone is given.
   * Throws DOCUMENT_UNKNOWN, DOCUMENT_IN_USE, STORE_…: then it may have been erased, and the pass deletes the files.
   */
  async erase(client: ApiClientRecord, documentId: string, reason: string): Promise<Erasure> {
    const { shelf, work } = this.parts;
    const earlier = await shelf.erasure(documentId);
    if (earlier?.clientId === client.clientId) return earlier;
    const record = await shelf.record(client, documentId);
    const open = await work.on(documentId);
    if (open !== undefined) throw inUse(open);
    return this.eraseRecord(record, { by: client.clientId, reason });
  }

  /** Erases a document on which, as far as the caller has seen, no work is open. Throws DOCUMENT_IN_USE, STORE_…. */
  async eraseRecord(
    record: DocumentRecord,
    { by, reason }: { readonly by: string; readonly reason: string },
  ): Promise<Erasure> {
    const { store, shelf, now } = this.parts;
    const { documentId } = record;
    const erasedAt = now();
    const mark = objectKeys.openErasure({ documentId, atMs: erasedAt.getTime() });
    const erasure: Erasure = {
      documentId,
      clientId: record.clientId,
      erasedAt: erasedAt.toISOString(),
      erasedBy: by,
      reason,
      pageCount: record.pageCount,
      versions: await this.versionsLeft(record),
    };
    await store.put(mark, new Uint8Array(0));
    const created = await createJson(store, objectKeys.erasure(documentId), erasure);
    await this.deleteFiles(documentId);
    this.remember(mark);
    shelf.forget(documentId);
    this.erased[by === retention ? 'retention' : 'request'] += 1;
    // Of two calls at the same time the first one counts; the mark of the other is looked at by the pass as well.
    return created ? erasure : ((await shelf.erasure(documentId)) ?? erasure);
  }

  /** Finishes what was cut off, and looks a last time where an erasure has settled; gives the number of those that are open. */
  async run(): Promise<number> {
    const { store, logger, now } = this.parts;
    const prefix = objectKeys.openErasuresPrefix;
    const marks: string[] = [];
    for await (const { key } of store.list(prefix)) {
      marks.push(key);
      if (marks.length === maxErasuresAPass) break;
    }
    let open = 0;
    for (const mark of marks) {
      const [atMs = '', documentId = ''] = mark.slice(prefix.length).split('.');
      const settled = now().getTime() - Number(atMs) >= settledAfterMs;
      if (!settled) open += 1;
      if (!settled && this.deleted.has(mark)) continue;
      const isErased = (await store.stat(objectKeys.erasure(documentId))) !== undefined;
      const count = isErased ? await this.deleteFiles(documentId) : 0;
      if (count > 0) logger.info({ documentId, files: count }, 'deleted what was left of an erased document');
      if (isErased) this.remember(mark);
      if (!settled) continue;
      await store.delete(mark);
      this.deleted.delete(mark);
    }
    return open;
  }

  private remember(mark: string): void {
    // To forget one costs a listing.
    if (this.deleted.size >= maxRemembered) this.deleted.clear();
    this.deleted.add(mark);
  }

  /** What the tombstone says of the versions. Throws DOCUMENT_IN_USE where a signature waits for its time-stamp. */
  private async versionsLeft(record: DocumentRecord): Promise<Erasure['versions']> {
    const { store, shelf } = this.parts;
    const versions = await shelf.allVersions(record);
    if (awaitsTimestamp(versions)) throw inUse('a signature that waits for its time-stamp');
    const releases = await readReleases(store, record.documentId);
    return versions.map((version) => {
      const release = releases[version.version - 1];
      const made = release && (isStepRelease(release) ? release.result : release.timestamped);
      return { ...withoutLevels(version), ...(made === undefined ? {} : { fieldName: made.fieldName }) };
    });
  }

  /** Versions, uploaded scan and record; the record last, so that what is left of a document never looks like an upload. */
  private async deleteFiles(documentId: string): Promise<number> {
    const { store } = this.parts;
    const prefix = objectKeys.documentPrefix(documentId);
    const record = objectKeys.documentRecord(documentId);
    const scan = objectKeys.uploadedScan(documentId);
    const { keys } = await documentObjects(store, documentId);
    const isFile = (key: string): boolean =>
      /^\d+\.pdf$/.test(key.slice(prefix.length)) || key === scan || key === record;
    const files = [...keys].filter(isFile);
    files.sort((left, right) => Number(left === record) - Number(right === record));
    for (const key of files) await store.delete(key);
    return files.length;
  }
}

function withoutLevels({ version, sizeBytes, sha256, createdAt, jobId, step }: DocumentVersion) {
  return {
    version,
    sizeBytes,
    sha256,
    createdAt,
    ...(jobId === undefined ? {} : { jobId }),
    ...(step === undefined ? {} : { step }),
  };
}

function inUse(found: string): SigningError {
  return new SigningError('DOCUMENT_IN_USE', { expected: 'a document on which no work is open', found });
}
