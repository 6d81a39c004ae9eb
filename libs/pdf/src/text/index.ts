import type { ByteSource } from '../byte-source.js';
import { runIsolated, type IsolationLimits } from '../isolated/run.js';
import type { TextPlace, TextQuery } from './find-texts.js';

export type { IsolationLimits } from '../isolated/run.js';
export type { TextPlace, TextQuery } from './find-texts.js';
export type { MatchOptions, MatchedPlace, PlaceLine } from './match.js';

/** What one search may cost; Node and pdfjs take about 95 MB and half a second of processor time. */
export const defaultTextLimits: IsolationLimits = Object.freeze({
  deadlineMs: 20_000,
  maxRssBytes: 512 * 1024 ** 2,
  maxHeapBytes: 256 * 1024 ** 2,
  maxReadBytes: 1024 ** 3,
});

/** How far a search may go, and a way to give it up. */
export interface SearchOptions {
  readonly isolation?: Partial<IsolationLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Where each of the texts stands, in the order of `queries`: page by page in reading order, in points from the lower left corner
 * of the page as displayed. pdfjs reads the file once for all of them, in a process of its own, which gets its bytes through
 * `source` and nothing else. At most 300 texts of 500 characters, on at most 10,000 pages.
 * Throws PdfError PASSWORD_NEEDED, DAMAGED, LIMIT_EXCEEDED.
 */
export async function findTexts(
  source: ByteSource,
  queries: readonly TextQuery[],
  { isolation, signal }: SearchOptions = {},
): Promise<TextPlace[][]> {
  const { result } = runIsolated({
    module: new URL('child.js', import.meta.url),
    request: queries,
    sources: [source],
    limits: { ...defaultTextLimits, ...isolation },
    signal,
  });
  return (await result) as TextPlace[][];
}
