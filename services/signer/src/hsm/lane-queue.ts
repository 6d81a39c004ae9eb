import type { Lane } from '@kyso/contracts';

/** While bulk work waits, at least one of so many signatures is bulk work. */
export const bulkShareOneIn = 10;

/** Work that waits for the sessions of a token: interactive first, bulk at least one time in `bulkShareOneIn`, each lane in its order. */
export class LaneQueue<T extends { readonly lane: Lane }> {
  readonly #lanes: Record<Lane, T[]> = { interactive: [], bulk: [] };
  /** Interactive ones that went ahead of bulk work since a bulk one was last taken. */
  #overtook = 0;

  get size(): number {
    return this.#lanes.interactive.length + this.#lanes.bulk.length;
  }

  add(work: T): void {
    this.#lanes[work.lane].push(work);
  }

  /** Takes out whose turn it is; undefined when nothing waits. */
  shift(): T | undefined {
    const { interactive, bulk } = this.#lanes;
    const isTurnOfBulk = interactive.length === 0 || this.#overtook >= bulkShareOneIn - 1;
    if (bulk.length > 0 && isTurnOfBulk) {
      this.#overtook = 0;
      return bulk.shift();
    }
    if (bulk.length > 0) this.#overtook++;
    return interactive.shift();
  }
}
