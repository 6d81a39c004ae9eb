import type { IndirectObject } from '../reader/indirect-object.js';
import type { Section, XrefEntry } from '../reader/section.js';

/** One revision with what its cross-reference sections list. */
export interface ListedRevision {
  readonly sections: readonly Section[];
  readonly entries: ReadonlyMap<number, XrefEntry>;
  /** Where its bytes begin and end. */
  readonly from: number;
  readonly to: number;
}

/** What is told of each object that the file holds. */
export type OnObject = (
  objectNumber: number,
  object: IndirectObject,
  listed: { readonly revision: ListedRevision; readonly isCurrent: boolean },
) => void;
