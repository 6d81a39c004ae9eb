import type { Dictionary } from '../syntax/values.js';

/** Where a cross-reference section says that an object is (ISO 32000-2, 7.5.4 and 7.5.8.3). */
export type XrefEntry =
  | { readonly kind: 'free' }
  /** `offset` counts from the first byte of the file. */
  | { readonly kind: 'offset'; readonly offset: number; readonly generation: number }
  | { readonly kind: 'compressed'; readonly container: number; readonly index: number };

export const freeEntry: XrefEntry = Object.freeze({ kind: 'free' });

/** One cross-reference section with its trailer. */
export interface Section {
  readonly kind: 'table' | 'stream';
  /** File offset of `xref`, or of the cross-reference stream's object. */
  readonly offset: number;
  /** File offset just after the trailer dictionary, or after the stream's data. */
  readonly end: number;
  readonly trailer: Dictionary;
  /** File offset of the section before; undefined in the first one. */
  readonly previous: number | undefined;
  /** One above the highest object number that the section or its /Size speaks of. */
  readonly size: number;
  /** True for a table with /XRefStm (ISO 32000-2, 7.5.8.4). */
  readonly hybrid: boolean;
  /** True for a table that counts from 1: most readers see through it, but not all. */
  readonly isShifted: boolean;
  /** The runs of object numbers that it has entries of. */
  readonly numbers: readonly { readonly first: number; readonly count: number }[];
  /** The section's own entry, at once where it is in memory; undefined where it has none. */
  lookup(objectNumber: number): XrefEntry | undefined | Promise<XrefEntry | undefined>;
  /** All entries of the section. */
  entries(): Promise<ReadonlyMap<number, XrefEntry>>;
}
