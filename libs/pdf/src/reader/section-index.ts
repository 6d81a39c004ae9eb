import type { Section } from './section.js';

/** A section with more entries is looked into instead: an index of a table of 100,000 objects would cost more than it spares. */
const maxIndexedEntries = 256;
/** With fewer sections asking each one is faster than making the index. */
const minSections = 8;

const none: number[] = [];

/**
 * Which sections speak of an object. Without it an object of the first revision of a file with 500 signatures is looked for
 * in 500 sections, and reading its 500 fields takes 125,000 lookups.
 */
export class SectionIndex {
  /** By object number: positions in `sections`, ascending, of those with few entries. */
  private readonly small = new Map<number, number[]>();
  /** Positions of the others, ascending. */
  private readonly large: number[] = [];

  private constructor(private readonly sections: readonly Section[]) {
    for (const [position, { numbers }] of sections.entries()) {
      let entries = 0;
      for (const { count } of numbers) {
        entries += count;
      }
      if (entries > maxIndexedEntries) {
        this.large.push(position);
        continue;
      }
      for (const { first, count } of numbers) {
        for (let objectNumber = first; objectNumber < first + count; objectNumber += 1) {
          const positions = this.small.get(objectNumber);
          if (positions === undefined) {
            this.small.set(objectNumber, [position]);
          } else if (positions.at(-1) !== position) {
            positions.push(position);
          }
        }
      }
    }
  }

  /** Undefined where there are so few sections that none is needed. `sections` from the newest to the oldest. */
  static of(sections: readonly Section[]): SectionIndex | undefined {
    return sections.length < minSections ? undefined : new SectionIndex(sections);
  }

  /** Those that may have an entry of the object, from the newest to the oldest. */
  holding(objectNumber: number): readonly Section[] {
    const small = this.small.get(objectNumber) ?? none;
    const positions = this.large.length === 0 ? small : small.concat(this.large);
    if (positions !== small && small.length > 0) {
      positions.sort((a, b) => a - b);
    }
    const holding: Section[] = [];
    for (const position of positions) {
      const section = this.sections[position];
      if (section !== undefined) {
        holding.push(section);
      }
    }
    return holding;
  }
}
