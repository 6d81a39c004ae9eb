import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { objectKeys, SigningError, type FailureCode, type ScanMediaType } from '@kyso/contracts';
import { PdfError } from '@kyso/pdf';
import { scansToPdfIsolated } from '@kyso/pdf/making';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { Turns } from '../turns.js';
import { smallBodyBytes } from './small-body.js';

export interface ScanLimits {
  /** Of the PDF that is made, as of one that is uploaded. */
  readonly maxDocumentBytes: number;
  /** Processes that make PDFs at a time; each may take half a gigabyte. */
  readonly maxConcurrentScans: number;
  /** Milliseconds that making one PDF may take. */
  readonly scanTimeoutMs: number;
}

/** What is known of a PDF that was made. */
export interface MadeVersion {
  readonly sizeBytes: number;
  readonly sha256: string;
}

const codes: Readonly<Record<string, FailureCode>> = {
  IMAGE_INVALID: 'SCAN_INVALID',
  LIMIT_EXCEEDED: 'SCAN_LIMIT_EXCEEDED',
};

type OpenSource = NonNullable<Awaited<ReturnType<typeof openObjectSource>>>;

/** Makes version 0 of images that were uploaded. */
export class Scans {
  private readonly turns: Turns;

  constructor(
    private readonly store: ObjectStore,
    private readonly limits: ScanLimits,
  ) {
    // One waits for as long as one may take: the image is stored already, and sending it again would cost more.
    const { maxConcurrentScans, scanTimeoutMs } = limits;
    this.turns = new Turns({ atATime: maxConcurrentScans, maxWaitMs: scanTimeoutMs, what: 'scans' });
  }

  /**
   * Makes `documents/<id>/0.pdf` of `documents/<id>/source`, in a process of its own, streamed both ways.
   * Throws SCAN_INVALID, SCAN_LIMIT_EXCEEDED, RATE_LIMITED, STORE_….
   */
  makeVersion(documentId: string): Promise<MadeVersion> {
    return this.turns.take(() => this.make(documentId));
  }

  private async make(documentId: string): Promise<MadeVersion> {
    const { maxDocumentBytes, scanTimeoutMs } = this.limits;
    let source: OpenSource | undefined;
    try {
      source = await openObjectSource(this.store, objectKeys.uploadedScan(documentId), {
        wholeBelowBytes: smallBodyBytes,
      });
      if (source === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'an upload that disappeared' });
      const making = scansToPdfIsolated([source], {
        limits: { maxOutputBytes: maxDocumentBytes },
        isolation: { deadlineMs: scanTimeoutMs },
      });
      return await this.keep(documentId, making);
    } finally {
      await source?.close();
    }
  }

  private async keep(documentId: string, making: Readable): Promise<MadeVersion> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let failure: unknown;
    async function* metered(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const chunk of making as AsyncIterable<Uint8Array>) {
          hash.update(chunk);
          sizeBytes += chunk.length;
          yield chunk;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
    }
    try {
      await this.store.put(objectKeys.version(documentId, 0), metered());
    } catch (error) {
      // The store may have wrapped it.
      throw scanRefusal(failure ?? error);
    } finally {
      // Ends the process where the store gave up first.
      making.destroy();
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  }
}

function scanRefusal(error: unknown): unknown {
  if (!(error instanceof PdfError)) return error;
  const code = codes[error.code];
  return code === undefined
    ? error
    : new SigningError(code, { expected: error.expected, found: error.found, cause: error });
}

const mediaTypes: readonly string[] = ['image/jpeg', 'image/png', 'image/tiff'] satisfies ScanMediaType[];

/** Whether a body of this type is made into a PDF first. */
export function isScan(mediaType: string): mediaType is ScanMediaType {
  return mediaTypes.includes(mediaType);
}
