import type { Readable } from 'node:stream';
import {
  newId,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type Document,
  type DocumentRecord,
  type ScanMediaType,
} from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import type { Quotas } from '../retention/quotas.js';
import { describeDocument, uploadedVersion, type DocumentShelf } from './document-shelf.js';
import type { FreeSpace } from './free-space.js';
import { MeteredBody, tooLarge } from './metered-body.js';
import { inspectPdf, type PageGeometry, type PdfFacts } from './page-geometry.js';
import { readOn } from './read-on.js';
import { isScan, type Scans } from './scans.js';
import { smallBodyBytes } from './small-body.js';

export interface UploadLimits {
  readonly maxDocumentBytes: number;
  readonly idleMs: number;
  readonly maxConcurrent: number;
  /** Objects of one document that are screened. */
  readonly maxScreenedObjects: number;
}

export interface UploadParts {
  readonly store: ObjectStore;
  readonly shelf: DocumentShelf;
  readonly geometry: PageGeometry;
  readonly freeSpace: FreeSpace;
  readonly scans: Scans;
  readonly limits: UploadLimits;
  readonly quotas: Pick<Quotas, 'assertDocument' | 'tookDocument'>;
}

/** What a caller sends with the body. */
export interface UploadHead {
  readonly name: string | undefined;
  /** Content-Length, where the caller gave one. */
  readonly declaredBytes: number | undefined;
  /** application/pdf, or that of an image. */
  readonly mediaType: string;
}

type ScanHead = UploadHead & { readonly mediaType: ScanMediaType };

/** Takes in PDFs, and images of which it makes PDFs: streamed to the store, hashed on the way, refused with a code when they cannot be signed. */
export class Uploads {
  private running = 0;

  constructor(private readonly parts: UploadParts) {}

  /**
   * Stores version 0 and the document’s record. After a refusal or a lost connection nothing is left; after a crash at most
   * a file without `document.json`, which the sweeper removes.
   * Throws DOCUMENT_TOO_LARGE, PDF_…, RATE_LIMITED, QUOTA_EXCEEDED, REQUEST_TIMEOUT, STORE_FULL, STORE_UNAVAILABLE.
   */
  async receive(client: ApiClientRecord, request: Readable, head: UploadHead): Promise<Document> {
    const { limits, freeSpace, quotas } = this.parts;
    const { declaredBytes } = head;
    if (declaredBytes !== undefined && declaredBytes > limits.maxDocumentBytes) {
      await readOn(request);
      throw tooLarge(limits.maxDocumentBytes, declaredBytes);
    }
    // Each one holds up to a megabyte and a connection: a bound keeps the memory flat under any load.
    if (this.running >= limits.maxConcurrent) {
      throw new SigningError('RATE_LIMITED', { expected: `at most ${limits.maxConcurrent} uploads at a time` });
    }
    this.running += 1;
    try {
      await freeSpace.assertRoomFor(declaredBytes ?? 0);
      await quotas.assertDocument(client, declaredBytes ?? 0);
      const body = new MeteredBody(request, { maxBytes: limits.maxDocumentBytes, idleMs: limits.idleMs });
      const document = isScan(head.mediaType)
        ? await this.storeScan(client, body, { ...head, mediaType: head.mediaType })
        : await this.store(client, body, head.name);
      quotas.tookDocument(client.clientId, body.sizeBytes);
      return document;
    } finally {
      this.running -= 1;
    }
  }

  private async store(client: ApiClientRecord, body: MeteredBody, name: string | undefined): Promise<Document> {
    const { store, shelf, geometry } = this.parts;
    const documentId = newId('doc');
    const key = objectKeys.version(documentId, 0);
    const small = await body.wholeWithin(smallBodyBytes);
    const smallFacts = small === undefined ? undefined : await inspectPdf(bufferSource(small), this.parts.limits);
    try {
      if (small === undefined) {
        await store.put(key, body.chunks()).catch((error: unknown) => {
          throw body.failure ?? error;
        });
      }
      const facts = smallFacts ?? (await this.inspectStored(key));
      if (small !== undefined) await store.put(key, small);
      const record: DocumentRecord = {
        documentId,
        clientId: client.clientId,
        ...(name === undefined ? {} : { name }),
        pageCount: facts.pageCount,
        createdAt: new Date().toISOString(),
        findings: [...facts.findings],
        ...(facts.repaired === undefined ? {} : { repaired: facts.repaired }),
        sizeBytes: body.sizeBytes,
        sha256: body.sha256(),
      };
      await shelf.addRecord(record);
      geometry.remember(documentId, facts);
      return describeDocument(record, [uploadedVersion(record)]);
    } catch (error) {
      await this.remove(documentId);
      throw error;
    }
  }

  /** Keeps the image as it was handed in, and makes version 0 of it. Throws SCAN_INVALID, SCAN_LIMIT_EXCEEDED too. */
  private async storeScan(client: ApiClientRecord, body: MeteredBody, head: ScanHead): Promise<Document> {
    const { store, shelf, geometry, scans } = this.parts;
    const documentId = newId('doc');
    try {
      await store.put(objectKeys.uploadedScan(documentId), body.chunks()).catch((error: unknown) => {
        throw body.failure ?? error;
      });
      const source = { mediaType: head.mediaType, sizeBytes: body.sizeBytes, sha256: body.sha256() };
      if (source.sizeBytes === 0) throw new SigningError('SCAN_INVALID', { expected: 'an image', found: 'no bytes' });
      const made = await scans.makeVersion(documentId);
      const facts = await this.inspectStored(objectKeys.version(documentId, 0));
      const record: DocumentRecord = {
        documentId,
        clientId: client.clientId,
        ...(head.name === undefined ? {} : { name: head.name }),
        pageCount: facts.pageCount,
        createdAt: new Date().toISOString(),
        findings: [...facts.findings],
        source,
        ...made,
      };
      await shelf.addRecord(record);
      geometry.remember(documentId, facts);
      return describeDocument(record, [uploadedVersion(record)]);
    } catch (error) {
      await this.remove(documentId);
      throw error;
    }
  }

  /** As far as the store lets us; the sweeper does the rest. */
  private async remove(documentId: string): Promise<void> {
    const { store } = this.parts;
    const { documentRecord, version, uploadedScan } = objectKeys;
    for (const key of [documentRecord(documentId), version(documentId, 0), uploadedScan(documentId)]) {
      await store.delete(key).catch(() => undefined);
    }
  }

  private async inspectStored(key: string): Promise<PdfFacts> {
    const source = await openObjectSource(this.parts.store, key, { wholeBelowBytes: 0 });
    if (source === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'an upload that disappeared' });
    try {
      return await inspectPdf(source, this.parts.limits);
    } finally {
      await source.close();
    }
  }
}
