import type { Readable } from 'node:stream';
import { objectKeys, SigningError, type ApiClientRecord, type ValidationReport } from '@kyso/contracts';
import type { Certificate } from '@kyso/cms';
import type { ByteSource } from '@kyso/pdf';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { validatePdf, type RevocationSource } from '@kyso/validation';
import type { DocumentShelf } from '../documents/document-shelf.js';
import { MeteredBody, tooLarge } from '../documents/metered-body.js';
import { refusing } from '../documents/pdf-refusal.js';
import { spool } from './spool.js';
import { readOn } from '../documents/read-on.js';

export interface VerificationParts {
  readonly store: ObjectStore;
  readonly shelf: DocumentShelf;
  readonly trustAnchors: readonly Certificate[];
  readonly tsaTrustAnchors: readonly Certificate[];
  readonly revocation: RevocationSource | undefined;
  readonly limits: {
    readonly maxDocumentBytes: number;
    readonly idleMs: number;
    readonly maxConcurrent: number;
    readonly tempFolder: string;
  };
}

/** Validates PDFs: one that is sent, or a version of a stored document. Nothing of a sent one is kept. */
export class Verifications {
  private running = 0;

  constructor(private readonly parts: VerificationParts) {}

  /** Throws DOCUMENT_TOO_LARGE, PDF_…, RATE_LIMITED, REQUEST_TIMEOUT. */
  async ofBody(request: Readable, declaredBytes: number | undefined): Promise<ValidationReport> {
    const { maxDocumentBytes, idleMs, tempFolder } = this.parts.limits;
    if (declaredBytes !== undefined && declaredBytes > maxDocumentBytes) {
      await readOn(request);
      throw tooLarge(maxDocumentBytes, declaredBytes);
    }
    return this.inTurn(async () => {
      const body = await spool(new MeteredBody(request, { maxBytes: maxDocumentBytes, idleMs }), tempFolder);
      try {
        return await this.validate(body.source, body.sha256);
      } finally {
        await body.close();
      }
    });
  }

  /** Throws DOCUMENT_UNKNOWN, VERSION_UNKNOWN, PDF_…, RATE_LIMITED. */
  async ofStored(client: ApiClientRecord, documentId: string, wanted: number | 'current'): Promise<ValidationReport> {
    const { shelf, store } = this.parts;
    const version = await shelf.wantedVersion(await shelf.record(client, documentId), wanted);
    return this.inTurn(async () => {
      const source = await openObjectSource(store, objectKeys.version(documentId, version.version));
      if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { found: 'a version without its file' });
      try {
        return await this.validate(source, version.sha256);
      } finally {
        await source.close();
      }
    });
  }

  private async validate(source: ByteSource, sha256: string): Promise<ValidationReport> {
    const { trustAnchors, tsaTrustAnchors, revocation } = this.parts;
    const report = await refusing(() =>
      validatePdf(source, {
        trustAnchors,
        tsaTrustAnchors,
        ...(revocation === undefined ? {} : { revocation }),
        now: new Date(),
      }),
    );
    return { ...report, sha256 };
  }

  /** Validation is arithmetic on the event loop: without a bound it would starve uploads and jobs. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { maxConcurrent } = this.parts.limits;
    if (this.running >= maxConcurrent) {
      throw new SigningError('RATE_LIMITED', { expected: `at most ${maxConcurrent} verifications at a time` });
    }
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }
}
