import type { ObjectView } from '../reader/objects.js';
import { sameValue } from '../syntax/same-value.js';
import { PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import type { ModificationFinding, PdfSignature } from '../types.js';
import type { Restriction } from '../reader/permissions.js';
import type { Change, Uses } from './changes.js';

/** Two views of a document and what has been understood of the difference so far. */
export class Comparison {
  readonly findings: ModificationFinding[] = [];
  /** New widgets of signature fields, which pages may list. */
  readonly newWidgets = new Set<number>();
  private readonly explained = new Set<number>();

  constructor(
    readonly before: ObjectView,
    readonly after: ObjectView,
    readonly signature: PdfSignature,
    private readonly difference: {
      readonly changes: ReadonlyMap<number, Change>;
      readonly uses: Uses;
      readonly restriction: Restriction;
    },
  ) {}

  /** What the signature forbids to later revisions. */
  get restriction(): Restriction {
    return this.difference.restriction;
  }

  get changes(): ReadonlyMap<number, Change> {
    return this.difference.changes;
  }

  report(code: string, detail: string, objectNumber?: number): void {
    this.findings.push(objectNumber === undefined ? { code, detail } : { code, objectNumber, detail });
  }

  /** The object's change was compared and is either permitted or reported. */
  explain(objectNumber: number | undefined): void {
    if (objectNumber !== undefined) {
      this.explained.add(objectNumber);
    }
  }

  isExplained(objectNumber: number): boolean {
    return this.explained.has(objectNumber);
  }

  isRedefined(objectNumber: number): boolean {
    return this.changes.get(objectNumber) === 'redefined';
  }

  /** The objects of the signed revision that refer to the changed object. */
  referrers(objectNumber: number): ReadonlySet<number> {
    return this.difference.uses.referrers.get(objectNumber) ?? new Set();
  }

  /** True when nothing in the signed revision but `owners` refers to the object. */
  belongsTo(objectNumber: number, owners: ReadonlySet<number>): boolean {
    return [...this.referrers(objectNumber)].every((referrer) => owners.has(referrer));
  }

  /**
   * What `now` has more than `then`, when every item of `then` is still there in the same order; undefined when one is
   * not. Items are compared as written: references by their number.
   */
  async additions(then: PdfValue | undefined, now: PdfValue | undefined): Promise<PdfValue[] | undefined> {
    const old = await this.before.resolve(then);
    const current = await this.after.resolve(now);
    const kept = old instanceof PdfArray ? old.items : [];
    const items = current instanceof PdfArray ? current.items : [];
    const added: PdfValue[] = [];
    let next = 0;
    for (const item of items) {
      if (next < kept.length && sameValue(item, kept[next])) {
        next += 1;
      } else {
        added.push(item);
      }
    }
    return next === kept.length ? added : undefined;
  }
}

/** The number of the object that a value refers to. */
export function referenced(value: PdfValue | undefined): number | undefined {
  return value instanceof Reference ? value.objectNumber : undefined;
}
