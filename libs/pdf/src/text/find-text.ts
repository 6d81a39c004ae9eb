import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { pageGlyphs } from './glyphs.js';
import { pageSegments } from './lines.js';
import { matchText, type MatchedPlace, type MatchOptions } from './match.js';
import { loadPdfjs, openForText } from '../pdfjs/pdfjs.js';

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
/** More places than anybody means. */
const maxPlaces = 1000;

/**
 * The search itself, in this very process: to be called by `child.ts` alone, since pdfjs reads hostile files.
 * Throws PdfError PASSWORD_NEEDED, DAMAGED, LIMIT_EXCEEDED.
 */
export async function searchText(source: ByteSource, query: TextQuery): Promise<TextPlace[]> {
  if (query.text.length > maxQueryLength) {
    throw new PdfError('LIMIT_EXCEEDED', `a text of at most ${maxQueryLength} characters`, `${query.text.length}`);
  }
  const pdfjs = await loadPdfjs();
  const document = await openForText(pdfjs, source);
  const visibility = await document.getOptionalContentConfig();
  const places: TextPlace[] = [];
  const last = Math.min(query.pages?.last ?? Infinity, document.numPages - 1);
  for (let pageIndex = Math.max(0, query.pages?.first ?? 0); pageIndex <= last; pageIndex += 1) {
    const page = await document.getPage(pageIndex + 1);
    const segments = pageSegments(await pageGlyphs(page, pdfjs.OPS, visibility));
    for (const place of matchText(segments, query.text, query)) {
      if (places.length >= maxPlaces) throw new PdfError('LIMIT_EXCEEDED', `at most ${maxPlaces} places`, 'more');
      places.push({ pageIndex, ...place });
    }
    page.cleanup();
  }
  return places;
}
