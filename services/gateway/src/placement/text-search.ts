import { objectKeys, SigningError } from '@kyso/contracts';
import { PdfError } from '@kyso/pdf';
import { findText, type TextPlace, type TextQuery } from '@kyso/pdf/text';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { refusing } from '../documents/pdf-refusal.js';
import { Turns } from '../turns.js';

export interface TextSearchLimits {
  /** Processes that search at a time; each may take half a gigabyte. */
  readonly maxConcurrentTextSearches: number;
  /** Milliseconds that one search may take. */
  readonly textSearchTimeoutMs: number;
}

/**
 * Where a text stands in a document, searched in a process of its own. Signing changes no text of a page, so that version 0 is
 * searched, and what was found is kept.
 */
export class TextSearch {
  private readonly found = new ExpiringCache<readonly TextPlace[]>({ maxEntries: 2_000, maxAgeMs: Infinity });
  private readonly turns: Turns;

  constructor(
    private readonly store: ObjectStore,
    private readonly limits: TextSearchLimits,
  ) {
    const { maxConcurrentTextSearches: atATime, textSearchTimeoutMs: maxWaitMs } = limits;
    this.turns = new Turns({ atATime, maxWaitMs, what: 'searches for texts' });
  }

  /** In reading order; empty also where nobody can read the text. Throws PDF_LIMIT_EXCEEDED, RATE_LIMITED, STORE_…. */
  places(documentId: string, query: TextQuery): Promise<readonly TextPlace[]> {
    const key = JSON.stringify([documentId, query.text, query.pages]);
    return this.found.getOrLoad(key, () => this.turns.take(() => this.search(documentId, query)));
  }

  private async search(documentId: string, query: TextQuery): Promise<readonly TextPlace[]> {
    const source = await openObjectSource(this.store, objectKeys.version(documentId, 0));
    if (source === undefined) throw new SigningError('DOCUMENT_UNKNOWN', { found: documentId });
    try {
      const isolation = { deadlineMs: this.limits.textSearchTimeoutMs };
      return await refusing(() => findText(source, query, { isolation }).catch(nothingReadable));
    } finally {
      await source.close();
    }
  }
}

/** What can be signed but not be read as text is like a scan. */
function nothingReadable(error: unknown): readonly TextPlace[] {
  if (error instanceof PdfError && (error.code === 'DAMAGED' || error.code === 'PASSWORD_NEEDED')) return [];
  throw error;
}
