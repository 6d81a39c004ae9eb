/** What all tasks together came to: the first value, and what those before and beside it had to complain about. */
export interface FirstSuccess<T> {
  readonly value: T | undefined;
  /** One entry for each task that failed before a value was there, in the order of the tasks. */
  readonly problems: readonly string[];
}

/** Something that can be tried, with the name that stands before its complaint. */
export interface Candidate<T> {
  readonly name: string;
  readonly run: () => Promise<T>;
}

/**
 * Tries the candidates in order. The next one starts when the one before has failed or has not answered within `hedgeAfterMs`:
 * a source that hangs delays the others by that time only. The first success wins; a slower one before it is not waited for.
 */
export function firstSuccess<T>(candidates: readonly Candidate<T>[], hedgeAfterMs: number): Promise<FirstSuccess<T>> {
  return new Promise((resolve) => {
    const problems = new Map<number, string>();
    let started = 0;
    let settled = false;
    let hedge: NodeJS.Timeout | undefined;

    const finish = (value: T | undefined, winner: number): void => {
      if (settled) return;
      settled = true;
      clearTimeout(hedge);
      const complaints = candidates.slice(0, started).map((candidate, i) => {
        const waiting = i === winner ? undefined : `${candidate.name}: no answer yet when another one was there`;
        return problems.get(i) ?? waiting;
      });
      resolve({ value, problems: complaints.filter((one) => one !== undefined) });
    };
    const startNext = (): void => {
      clearTimeout(hedge);
      const index = started;
      const candidate = candidates[index];
      if (candidate === undefined) {
        if (problems.size === candidates.length) finish(undefined, -1);
        return;
      }
      started++;
      hedge = setTimeout(startNext, hedgeAfterMs);
      candidate.run().then(
        (value) => finish(value, index),
        (error: unknown) => {
          problems.set(index, `${candidate.name}: ${error instanceof Error ? error.message : String(error)}`);
          // An older one has been replaced already when the hedge ran out; only the last of all still has to end this.
          if (!settled && (index === started - 1 || problems.size === candidates.length)) startNext();
        },
      );
    };
    startNext();
  });
}
