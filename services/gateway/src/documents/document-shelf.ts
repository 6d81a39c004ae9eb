import {
  documentRecordSchema,
  documentVersionSchema,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type Document,
  type DocumentRecord,
  type DocumentVersion,
} from '@kyso/contracts';
import { getJson, putJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';

/**
 * The documents of each client and their versions. Records never change once they are written, so they are kept in memory;
 * only whether a further version exists is asked each time.
 */
export class DocumentShelf {
  private readonly records = new ExpiringCache<DocumentRecord>({ maxEntries: 20_000, maxAgeMs: Infinity });
  private readonly versions = new ExpiringCache<DocumentVersion>({ maxEntries: 40_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  /** Stores the record of version 0 of a document that is being made. */
  async addUpload(documentId: string, upload: DocumentVersion): Promise<void> {
    await putJson(this.store, objectKeys.versionRecord(documentId, 0), upload);
    this.versions.set(`${documentId}/0`, upload);
  }

  /** Makes an uploaded file a document. `document.json` comes last: a document exists when it is there, and whole. */
  async addRecord(record: DocumentRecord): Promise<void> {
    await putJson(this.store, objectKeys.documentRecord(record.documentId), record);
    this.records.set(record.documentId, record);
  }

  /** The client's document. Throws DOCUMENT_UNKNOWN, also for the document of somebody else, so that ids tell nothing. */
  async record(client: ApiClientRecord, documentId: string): Promise<DocumentRecord> {
    let record = this.records.get(documentId);
    if (record === undefined) {
      record = await getJson(this.store, objectKeys.documentRecord(documentId), documentRecordSchema);
      if (record !== undefined) this.records.set(documentId, record);
    }
    if (record?.clientId !== client.clientId) throw new SigningError('DOCUMENT_UNKNOWN', { found: documentId });
    return record;
  }

  /** The version, or undefined when it was not released (yet). */
  async version(documentId: string, version: number): Promise<DocumentVersion | undefined> {
    const key = `${documentId}/${version}`;
    const cached = this.versions.get(key);
    if (cached !== undefined) return cached;
    const read = await getJson(this.store, objectKeys.versionRecord(documentId, version), documentVersionSchema);
    if (read !== undefined) this.versions.set(key, read);
    return read;
  }

  /** All versions, ascending; the last one is current. */
  async allVersions(documentId: string): Promise<DocumentVersion[]> {
    const versions: DocumentVersion[] = [];
    for (;;) {
      const next = await this.version(documentId, versions.length);
      if (next === undefined) return versions;
      versions.push(next);
    }
  }

  /** The version that is asked for by number or as `current`. Throws VERSION_UNKNOWN. */
  async wantedVersion(documentId: string, wanted: number | 'current'): Promise<DocumentVersion> {
    const found =
      wanted === 'current' ? (await this.allVersions(documentId)).at(-1) : await this.version(documentId, wanted);
    if (found === undefined) throw new SigningError('VERSION_UNKNOWN', { found: `version ${wanted}` });
    return found;
  }

  /** Throws VERSION_STALE unless `expected` is the newest version of the document, VERSION_UNKNOWN when it is none. */
  async assertCurrent(documentId: string, expected: number): Promise<DocumentVersion> {
    const [version, newer] = await Promise.all([
      this.version(documentId, expected),
      this.version(documentId, expected + 1),
    ]);
    if (newer !== undefined) {
      const current = (await this.allVersions(documentId)).length - 1;
      throw new SigningError('VERSION_STALE', { expected: `version ${current}`, found: `version ${expected}` });
    }
    if (version === undefined) {
      throw new SigningError('VERSION_UNKNOWN', { found: `version ${expected}` });
    }
    return version;
  }

  async document(client: ApiClientRecord, documentId: string): Promise<Document> {
    const record = await this.record(client, documentId);
    return { ...record, versions: await this.allVersions(documentId) };
  }
}
