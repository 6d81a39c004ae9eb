import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { pageGlyphs } from './glyphs.js';
import { pageSegments } from './lines.js';
import { matchText, type MatchedPlace, type MatchOptions } from './match.js';
import { loadPdfjs, ofPage, openForText } from '../pdfjs/pdfjs.js';

/** What to look for and where. */
export interface TextQuery extends MatchOptions {
  readonly text: string;
  /** Pages to look at, 0 is the first; absent: all. One that doesn't exist has no text. */
  readonly pages?: { readonly first: number; readonly last: number };
}

/** Where a text stands. */
export interface TextPlace extends MatchedPlace {
  /** 0 is the first page. */
  readonly pageIndex: number;
}

/** A placement names a text, not a novel. */
const maxQueryLength = 500;
/** Against a request that names texts by the thousand, each compared with every letter of every page; eight steps name 288. */
const maxQueries = 300;
/** More places of one text than anybody means. */
const maxPlaces = 1000;
/** Against a small file of empty pages by the hundred thousand: it is refused before one is read, not at the deadline. */
const maxPages = 10_000;

/**
 * The search itself, in this very process: to be called by `child.ts` alone, since pdfjs reads hostile files. Each page is read
 * once for all the texts. Throws PdfError PASSWORD_NEEDED, DAMAGED, LIMIT_EXCEEDED.
 */
export async function searchTexts(source: ByteSource, queries: readonly TextQuery[]): Promise<TextPlace[][]> {
  assertFewAndShort(queries);
  const pdfjs = await loadPdfjs();
  const document = await openForText(pdfjs, source);
  const visibility = await document.getOptionalContentConfig();
  const found = queries.map((query) => ({ query, places: [] as TextPlace[] }));
  for (const pageIndex of pagesOf(queries, document.numPages)) {
    const page = await ofPage(document.getPage(pageIndex + 1));
    const segments = pageSegments(await pageGlyphs(page, pdfjs.OPS, visibility));
    for (const { query, places } of found) {
      if (!isOn(query, pageIndex)) continue;
      for (const place of matchText(segments, query.text, query)) {
        if (places.length >= maxPlaces) {
          throw new PdfError('LIMIT_EXCEEDED', `at most ${maxPlaces} places of ${JSON.stringify(query.text)}`, 'more');
        }
        places.push({ pageIndex, ...place });
      }
    }
    page.cleanup();
  }
  return found.map(({ places }) => places);
}

function assertFewAndShort(queries: readonly TextQuery[]): void {
  if (queries.length > maxQueries) {
    throw new PdfError('LIMIT_EXCEEDED', `at most ${maxQueries} texts`, `${queries.length}`);
  }
  for (const { text } of queries) {
    if (text.length <= maxQueryLength) continue;
    throw new PdfError('LIMIT_EXCEEDED', `a text of at most ${maxQueryLength} characters`, `${text.length}`);
  }
}

function isOn({ pages }: TextQuery, pageIndex: number): boolean {
  return pages === undefined || (pageIndex >= pages.first && pageIndex <= pages.last);
}

/** The pages on which any of the texts is looked for, each once, in their order; `pageCount` is the document's word. */
function pagesOf(queries: readonly TextQuery[], pageCount: number): number[] {
  const wanted = new Set<number>();
  for (const { pages } of queries) {
    const last = Math.min(pages?.last ?? Infinity, pageCount - 1);
    for (let pageIndex = Math.max(0, pages?.first ?? 0); pageIndex <= last; pageIndex += 1) {
      wanted.add(pageIndex);
      if (wanted.size > maxPages) {
        throw new PdfError('LIMIT_EXCEEDED', `at most ${maxPages} pages searched`, `${pageCount} pages`);
      }
    }
  }
  return [...wanted].toSorted((a, b) => a - b);
}
