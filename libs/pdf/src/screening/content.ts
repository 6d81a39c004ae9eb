import { Dictionary, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import type { TolerantView } from './tolerant-view.js';

/**
 * The streams that pages are drawn from: contents, form and image XObjects, appearances. Of each only the dictionary is
 * read, once in a document, and only after all pages and annotations have had their turn.
 */
export class ContentScreener {
  private readonly visited = new Set<number>();
  private readonly pending: {
    readonly kind: 'stream' | 'resources' | 'appearances';
    readonly value: PdfValue;
    readonly page: number;
  }[] = [];

  constructor(private readonly view: TolerantView) {}

  private get isWanted(): boolean {
    return this.view.findings.wants('external-content', 'screen-print-difference');
  }

  /** `resources` as written in the page, or inherited. */
  addPage(contents: PdfValue | undefined, resources: PdfValue | undefined, page: number): void {
    if (!this.isWanted) {
      return;
    }
    const streams = contents instanceof PdfArray ? contents.items : [contents ?? null];
    for (const value of streams) {
      this.pending.push({ kind: 'stream', value, page });
    }
    this.pending.push({ kind: 'resources', value: resources ?? null, page });
  }

  /** /AP of an annotation. */
  addAppearances(appearances: PdfValue | undefined, page: number): void {
    if (this.isWanted && appearances !== undefined) {
      this.pending.push({ kind: 'appearances', value: appearances, page });
    }
  }

  /** Throws `outOfBudget`. */
  async screen(): Promise<void> {
    for (const { kind, value, page } of this.pending) {
      if (kind === 'resources') {
        await this.streams(await this.xObjects(value), page);
      } else {
        await this.streams([value], page, kind === 'appearances' ? 3 : 1);
      }
    }
  }

  /**
   * Streams, and arrays and dictionaries of them: /Contents may be an array; /AP is a dictionary, whose values may be
   * dictionaries of states.
   */
  private async streams(roots: readonly PdfValue[], page: number, depth = 1): Promise<void> {
    const pending = roots.map((value) => ({ value, levels: depth }));
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { value } = next;
      const resolved = value instanceof Reference ? await this.once(value) : value;
      if (resolved instanceof PdfArray && next.levels > 0) {
        pending.push(...resolved.items.map((item) => ({ value: item, levels: 0 })));
      } else if (resolved instanceof Dictionary) {
        // A dictionary without /Length is none of a stream, and its keys are names of states.
        const isStream = resolved.entries.has('Length');
        if (isStream) {
          this.stream(resolved, value instanceof Reference ? { page, objectNumber: value.objectNumber } : { page });
        }
        const inner = isStream ? await this.xObjects(resolved.get('Resources')) : valuesOf(resolved);
        const levels = isStream ? 1 : next.levels - 1;
        pending.push(...(levels > 0 ? inner.map((item) => ({ value: item, levels })) : []));
      }
    }
  }

  /** What the reference leads to; undefined the second time. */
  private async once(reference: Reference): Promise<PdfValue | undefined> {
    if (this.visited.has(reference.objectNumber)) {
      return undefined;
    }
    this.visited.add(reference.objectNumber);
    return this.view.resolve(reference);
  }

  private async xObjects(resources: PdfValue | undefined): Promise<PdfValue[]> {
    const dictionary = resources instanceof Reference ? await this.once(resources) : resources;
    const xObjects = dictionary instanceof Dictionary ? dictionary.get('XObject') : undefined;
    const held = xObjects instanceof Reference ? await this.once(xObjects) : xObjects;
    return valuesOf(held);
  }

  private stream(dictionary: Dictionary, place: { readonly page: number; readonly objectNumber?: number }): void {
    const { findings } = this.view;
    if ((dictionary.get('F') ?? null) !== null) {
      findings.add('external-content', 'a stream that is read from another file', place);
    }
    if ((dictionary.get('Ref') ?? null) !== null) {
      findings.add('external-content', 'a page that is taken from another document', place);
    }
    if ((dictionary.get('OPI') ?? null) !== null) {
      findings.add('external-content', 'an image that a press replaces', place);
    }
    if ((dictionary.get('Alternates') ?? null) !== null) {
      findings.add('screen-print-difference', 'an image with another one for printing', place);
    }
  }
}

function valuesOf(value: PdfValue | undefined): PdfValue[] {
  return value instanceof Dictionary ? [...value.entries.values()].map((entry) => entry.value) : [];
}
