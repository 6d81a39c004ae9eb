import { setImmediate } from 'node:timers';

/**
 * While officials wait, one operation of a batch goes on in so many milliseconds, so that no batch ever stands still. What follows
 * an operation costs a millisecond or two on a core that the officials want.
 */
const bulkAtLeastEveryMs = 25;
/** A step that takes longer waits for a token or a time-stamp authority, and needs nothing that batches take. */
const holdsForMs = 500;
/** From the word of a gateway until the step is here, at most: it stores the job and puts it on the queue. */
const arrivesWithinMs = 100;
/** After a step the gateway has its answer to give, on the same cores. */
const answersWithinMs = 15;

/**
 * Lets batches stand back while somebody waits: as long as an interactive step is on its way or runs in this signer, documents of
 * batches are begun and go on only now and then. At all other times they go on one by one, each in a turn of the event loop of its own: the store ends
 * many operations at once, and if all of them went on at once a job that comes in would not be seen for as long as that takes.
 * Always in the order in which they asked. At the token itself interactive signatures go first anyway.
 */
export class LaneGate {
  #interactive = 0;
  #quietUntilMs = -Infinity;
  #lastBulkMs = -Infinity;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** An interactive step will be here soon. */
  arriving(): void {
    this.#quietUntilMs = this.nowMs() + arrivesWithinMs;
  }

  /** Runs an interactive step. */
  async interactive<T>(step: () => Promise<T>): Promise<T> {
    this.#interactive += 1;
    let holds = true;
    const release = (): void => {
      if (!holds) return;
      holds = false;
      this.#interactive -= 1;
      this.#quietUntilMs = this.nowMs() + answersWithinMs;
    };
    const timer = setTimeout(release, holdsForMs);
    try {
      return await step();
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  /** Resolves when a document of a batch may go on. */
  bulk(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#letOneThrough();
    });
  }

  #letOneThrough(): void {
    const nowMs = this.nowMs();
    const untilMs = this.#interactive > 0 ? Infinity : this.#quietUntilMs;
    const restMs = Math.min(untilMs, this.#lastBulkMs + bulkAtLeastEveryMs) - nowMs;
    if (restMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, restMs);
      return;
    }
    this.#lastBulkMs = nowMs;
    this.#waiting.shift()?.();
    this.#schedule();
  }
}
