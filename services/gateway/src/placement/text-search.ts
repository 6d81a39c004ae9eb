import { objectKeys, SigningError } from '@kyso/contracts';
import { PdfError } from '@kyso/pdf';
import { findTexts, type TextPlace, type TextQuery } from '@kyso/pdf/text';
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
 * Where texts stand in a document, searched in a process of its own, one for all that are asked for together. Signing changes no
 * text of a page, so that version 0 is searched, and what was found is kept.
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

  /**
   * For each of the texts its places in reading order; none also where nobody can read the text.
   * Throws PDF_LIMIT_EXCEEDED, RATE_LIMITED, STORE_….
   */
  places(documentId: string, queries: readonly TextQuery[]): Promise<(readonly TextPlace[])[]> {
    const missing: TextQuery[] = [];
    let search: Promise<TextPlace[][]> | undefined;
    const load = async (query: TextQuery): Promise<TextPlace[]> => {
      const index = missing.push(query) - 1;
      // Called for each that is neither known nor being searched, all before the search itself begins.
      search ??= Promise.resolve().then(() => this.turns.take(() => this.search(documentId, missing)));
      return (await search)[index] ?? [];
    };
    return Promise.all(
      queries.map((query) =>
        this.found.getOrLoad(JSON.stringify([documentId, query.text, query.pages]), () => load(query)),
      ),
    );
  }

  private async search(documentId: string, queries: readonly TextQuery[]): Promise<TextPlace[][]> {
    const source = await openObjectSource(this.store, objectKeys.version(documentId, 0));
    if (source === undefined) throw new SigningError('DOCUMENT_UNKNOWN', { found: documentId });
    try {
      const isolation = { deadlineMs: this.limits.textSearchTimeoutMs };
      const found = refusing(() => findTexts(source, queries, { isolation }).catch(nothingReadable));
      return (await found) ?? queries.map(() => []);
    } finally {
      await source.close();
    }
  }
}

/** The texts of one request: when the first is asked for, all of them are searched together. */
export class SoughtTexts {
  private search: Promise<unknown> | undefined;

  /** @param gather every text that the request may ask for; called once, and not at all by a request that asks for none. */
  constructor(
    private readonly texts: TextSearch,
    private readonly documentId: string,
    private readonly gather: () => Promise<readonly TextQuery[]>,
  ) {}

  /** As `TextSearch.places`. */
  async places(queries: readonly TextQuery[]): Promise<(readonly TextPlace[])[]> {
    this.search ??= this.gather().then((all) => this.texts.places(this.documentId, all));
    await this.search;
    return this.texts.places(this.documentId, queries);
  }
}

/** What can be signed but not be read as text is like a scan. */
function nothingReadable(error: unknown): undefined {
  if (error instanceof PdfError && (error.code === 'DAMAGED' || error.code === 'PASSWORD_NEEDED')) return;
  throw error;
}
