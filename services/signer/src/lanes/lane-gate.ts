/**
 * While officials wait, one operation of a batch goes on in so many milliseconds, so that no batch ever stands still. An operation
 * costs a millisecond or two on a core that the officials want.
 */
const bulkAtLeastEveryMs = 25;
/** A step that takes longer waits for a token or a time-stamp authority, and needs nothing that batches take. */
const holdsForMs = 500;

/**
 * Lets batches stand back while somebody waits: as long as interactive steps run in this signer, documents of batches are begun and
 * go on only now and then, in the order in which they asked. At the token itself interactive signatures go first anyway.
 */
export class LaneGate {
  #interactive = 0;
  #lastBulkMs = -Infinity;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Runs an interactive step. */
  async interactive<T>(step: () => Promise<T>): Promise<T> {
    this.#interactive += 1;
    let holds = true;
    const release = (): void => {
      if (!holds) return;
      holds = false;
      this.#interactive -= 1;
      if (this.#interactive === 0) this.#open();
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
    if (this.#interactive === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#letOneThrough();
    });
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }

  #letOneThrough(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    const restMs = this.#lastBulkMs + bulkAtLeastEveryMs - this.nowMs();
    if (restMs <= 0) {
      this.#lastBulkMs = this.nowMs();
      this.#waiting.shift()?.();
      if (this.#waiting.length === 0) return;
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#letOneThrough();
      },
      Math.max(1, restMs),
    );
  }
}
