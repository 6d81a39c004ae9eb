import { createHash } from 'node:crypto';
import { objectKeys, SigningError, type ApiClientRecord, type DocumentRecord } from '@kyso/contracts';
import { openObjectSource, type ObjectSource, type ObjectStore } from '@kyso/storage';
import type { Quotas } from '../retention/quotas.js';
import type { DocumentShelf } from './document-shelf.js';
import type { FreeSpace } from './free-space.js';
import { tooLarge } from './metered-body.js';
import { inspectPdf, type PageGeometry } from './page-geometry.js';
import type { UploadLimits } from './upload.js';

const readBytes = 1_048_576;

export interface InboxParts {
  readonly store: ObjectStore;
  readonly shelf: DocumentShelf;
  readonly geometry: PageGeometry;
  readonly freeSpace: FreeSpace;
  readonly quotas: Pick<Quotas, 'assertDocument' | 'tookDocument'>;
  readonly limits: Pick<UploadLimits, 'maxDocumentBytes' | 'maxScreenedObjects'>;
}

/** PDFs that clients put into the object store themselves, below `inbox/<clientId>/`. */
export class Inbox {
  constructor(private readonly parts: InboxParts) {}

  /**
   * Makes a document of the object, by copying it: what lies in the inbox is its owner's and may change. Repeating it with the
   * same id changes nothing. Throws OBJECT_UNKNOWN, DOCUMENT_TOO_LARGE, PDF_…, QUOTA_EXCEEDED, STORE_….
   */
  async take(client: ApiClientRecord, path: string, documentId: string): Promise<void> {
    const { store, shelf, geometry, limits, freeSpace, quotas } = this.parts;
    if ((await shelf.find(documentId)) !== undefined) return;
    // Erased since a chunk was cut off in the middle of being fed: it is not made anew.
    if ((await shelf.erasure(documentId)) !== undefined) return;
    const key = objectKeys.inbox(client.clientId, path);
    const source = await openObjectSource(store, key);
    if (source === undefined) throw new SigningError('OBJECT_UNKNOWN', { found: key });
    try {
      if (source.size > limits.maxDocumentBytes) throw tooLarge(limits.maxDocumentBytes, source.size);
      await quotas.assertDocument(client, source.size);
      await freeSpace.assertRoomFor(source.size);
      const facts = await inspectPdf(source, limits);
      const sha256 = await this.copy(source, key, objectKeys.version(documentId, 0));
      const record: DocumentRecord = {
        documentId,
        clientId: client.clientId,
        name: path.slice(path.lastIndexOf('/') + 1),
        pageCount: facts.pageCount,
        createdAt: new Date().toISOString(),
        findings: [...facts.findings],
        ...(facts.repaired === undefined ? {} : { repaired: facts.repaired }),
        sizeBytes: source.size,
        sha256,
      };
      await shelf.addRecord(record);
      quotas.tookDocument(client.clientId, source.size);
      geometry.remember(documentId, facts);
    } finally {
      await source.close();
    }
  }

  /** Gives the SHA-256 of what was read; a store that copies by itself refuses an object that has changed since. */
  private async copy(source: ObjectSource, base: string, key: string): Promise<string> {
    const { store } = this.parts;
    const hash = createHash('sha256');
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < source.size; at += readBytes) {
        const chunk = await source.read(at, readBytes);
        hash.update(chunk);
        yield chunk;
      }
    }
    if (source.tag !== undefined && store.createFrom !== undefined) {
      const body = { base, baseBytes: source.size, baseTag: source.tag, tail: [] };
      // Left by an attempt that was cut off: no document has it yet.
      await store.delete(key);
      if ((await store.createFrom(key, body)) !== undefined) {
        const read = bytes();
        while ((await read.next()).done !== true);
        return hash.digest('hex');
      }
    }
    await store.put(key, bytes());
    return hash.digest('hex');
  }
}
