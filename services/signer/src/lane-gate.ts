/** While officials wait one item of a batch is begun in so many milliseconds, so that no batch ever stands still. */
const bulkAtLeastEveryMs = 100;
/** A step that takes longer waits for a token or a time-stamp authority, and needs nothing that batches take. */
const holdsForMs = 500;

/**
 * Lets batches stand back while somebody waits: as long as interactive steps run in this signer, items of batches are begun only
 * now and then. What was begun is ended. At the token itself interactive signatures go first anyway.
 */
export class LaneGate {
  #interactive = 0;
  #lastBulkMs = -Infinity;
  #opened: (() => void)[] = [];

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Runs an interactive step. */
  async interactive<T>(step: () => Promise<T>): Promise<T> {
    this.#interactive += 1;
    let holds = true;
    const release = (): void => {
      if (!holds) return;
      holds = false;
      this.#interactive -= 1;
      if (this.#interactive === 0) for (const open of this.#opened.splice(0)) open();
    };
    const timer = setTimeout(release, holdsForMs);
    try {
      return await step();
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  /** Resolves when an item of a batch may be begun. */
  async bulk(): Promise<void> {
    while (this.#interactive > 0) {
      const restMs = this.#lastBulkMs + bulkAtLeastEveryMs - this.nowMs();
      if (restMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        this.#opened.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#lastBulkMs = this.nowMs();
  }
}
