import {
  documentRecordSchema,
  erasureSchema,
  isStepRelease,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type Document,
  type DocumentRecord,
  type DocumentVersion,
  type Erasure,
  type VersionRecord,
} from '@kyso/contracts';
import { getJson, putJson, readRelease, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';

/**
 * The documents of each client and their versions. Records never change once they are written, so they are kept in memory;
 * only whether a further version exists is asked each time.
 */
export class DocumentShelf {
  private readonly records = new ExpiringCache<DocumentRecord>({ maxEntries: 20_000, maxAgeMs: Infinity });
  private readonly versions = new ExpiringCache<DocumentVersion>({ maxEntries: 40_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  /** Makes an uploaded file a document. `document.json` comes last: a document exists when it is there, and whole. */
  async addRecord(record: DocumentRecord): Promise<void> {
    await putJson(this.store, objectKeys.documentRecord(record.documentId), record);
    this.records.set(record.documentId, record);
  }

  /**
   * The client's document. Throws DOCUMENT_ERASED, and DOCUMENT_UNKNOWN, also for the document of somebody else, so that ids tell
   * nothing.
   */
  async record(client: ApiClientRecord, documentId: string): Promise<DocumentRecord> {
    // Asked each time: another gateway may have erased it a moment ago.
    const [erasure, record] = await Promise.all([this.erasure(documentId), this.find(documentId)]);
    if (erasure?.clientId === client.clientId) {
      const { erasedAt, erasedBy, reason } = erasure;
      throw new SigningError('DOCUMENT_ERASED', { found: `erased at ${erasedAt} by ${erasedBy}: ${reason}` });
    }
    if (record?.clientId !== client.clientId) throw new SigningError('DOCUMENT_UNKNOWN', { found: documentId });
    return record;
  }

  /** Called when the document is erased. */
  forget(documentId: string): void {
    this.records.delete(documentId);
  }

  /** How the document was erased, whosever it was; undefined while it is there. */
  erasure(documentId: string): Promise<Erasure | undefined> {
    return getJson(this.store, objectKeys.erasure(documentId), erasureSchema);
  }

  /** The document, whosever it is, also one that is being erased. */
  async find(documentId: string): Promise<DocumentRecord | undefined> {
    const known = this.records.get(documentId);
    if (known !== undefined) return known;
    const record = await getJson(this.store, objectKeys.documentRecord(documentId), documentRecordSchema);
    if (record !== undefined) this.records.set(documentId, record);
    return record;
  }

  /** The version, or undefined when it was not released (yet). */
  async version(document: DocumentRecord, version: number): Promise<DocumentVersion | undefined> {
    if (version === 0) return uploadedVersion(document);
    const key = `${document.documentId}/${version}`;
    const cached = this.versions.get(key);
    if (cached !== undefined) return cached;
    const release = await readRelease(this.store, document.documentId, version);
    if (release === undefined) return undefined;
    const read = describeVersion(version, release);
    this.versions.set(key, read);
    return read;
  }

  /** All versions, ascending; the last one is current. */
  async allVersions(document: DocumentRecord): Promise<DocumentVersion[]> {
    const versions: DocumentVersion[] = [];
    for (;;) {
      const next = await this.version(document, versions.length);
      if (next === undefined) return versions;
      versions.push(next);
    }
  }

  /** The version that is asked for by number or as `current`. Throws VERSION_UNKNOWN. */
  async wantedVersion(document: DocumentRecord, wanted: number | 'current'): Promise<DocumentVersion> {
    const found =
      wanted === 'current' ? (await this.allVersions(document)).at(-1) : await this.version(document, wanted);
    if (found === undefined) throw new SigningError('VERSION_UNKNOWN', { found: `version ${wanted}` });
    return found;
  }

  /**
   * The newest version of a document of which the caller has seen `expected`: that one, or one that only adds time-stamps to it.
   * Throws VERSION_STALE when something else was added since, VERSION_UNKNOWN when it is none.
   */
  async current(document: DocumentRecord, expected: number): Promise<DocumentVersion> {
    const found = await this.version(document, expected);
    if (found === undefined) throw new SigningError('VERSION_UNKNOWN', { found: `version ${expected}` });
    for (let newest = found; ;) {
      const newer = await this.version(document, newest.version + 1);
      if (newer === undefined) return newest;
      if (newer.timestamp === undefined) {
        const current = (await this.allVersions(document)).length - 1;
        throw new SigningError('VERSION_STALE', { expected: `version ${current}`, found: `version ${expected}` });
      }
      newest = newer;
    }
  }

  async document(client: ApiClientRecord, documentId: string): Promise<Document> {
    const record = await this.record(client, documentId);
    return describeDocument(record, await this.allVersions(record));
  }
}

function describeVersion(version: number, release: VersionRecord): DocumentVersion {
  const { createdAt } = release;
  if (!isStepRelease(release)) {
    const { sizeBytes, sha256, timestamp } = release.timestamped;
    return { version, sizeBytes, sha256, createdAt, timestamp };
  }
  const { sizeBytes, sha256, step, deferredLevel } = release.result;
  const deferred = deferredLevel === undefined ? {} : { deferredLevel };
  return { version, sizeBytes, sha256, createdAt, jobId: release.jobId, step, ...deferred };
}

/** Whether a signature of these versions was released without its time-stamp and has not got one since. */
export function awaitsTimestamp(versions: readonly DocumentVersion[]): boolean {
  const last = versions.findLastIndex(({ timestamp }) => timestamp !== undefined);
  return versions.slice(last + 1).some(({ deferredLevel }) => deferredLevel !== undefined);
}

/** A document as a caller sees it. */
export function describeDocument(record: DocumentRecord, versions: DocumentVersion[]): Document {
  const { sizeBytes: _size, sha256: _hash, ...shown } = record;
  return { ...shown, versions };
}

/** Version 0, which the document's record describes. */
export function uploadedVersion({ sizeBytes, sha256, createdAt }: DocumentRecord): DocumentVersion {
  return { version: 0, sizeBytes, sha256, createdAt };
}
