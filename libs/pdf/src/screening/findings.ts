import type { ScreeningFinding, ScreeningKind } from './kinds.js';

/** Where something was found; `page` counts from 0. */
export interface Place {
  readonly objectNumber?: number | undefined;
  readonly page?: number | undefined;
}

/** Collects findings: the same kind and sentence are counted, with the place of the first, so that the list stays short. */
export class Findings {
  private readonly byText = new Map<string, { first: Omit<ScreeningFinding, 'count'>; count: number }>();

  /** Only `kinds` are collected. */
  constructor(private readonly kinds: ReadonlySet<ScreeningKind>) {}

  /** False when nobody asked for any of them, so that looking for them can be left out. */
  wants(...kinds: readonly ScreeningKind[]): boolean {
    return kinds.some((kind) => this.kinds.has(kind));
  }

  add(kind: ScreeningKind, detail: string, place: Place = {}): void {
    if (!this.kinds.has(kind)) {
      return;
    }
    const key = `${kind} ${detail}`;
    const known = this.byText.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const { objectNumber, page } = place;
    const where = {
      ...(objectNumber === undefined ? {} : { objectNumber }),
      ...(page === undefined ? {} : { page: page + 1 }),
    };
    this.byText.set(key, { first: { kind, detail, ...where }, count: 1 });
  }

  /** In the order in which they were found. */
  list(): ScreeningFinding[] {
    return [...this.byText.values()].map(({ first, count }) => ({ ...first, count }));
  }
}
