import type { JobOutcome, Progress, StoredJob } from '@kyso/contracts';
import type { JobArchive } from './job-archive.js';
import type { ProgressHub } from './progress-hub.js';

export interface WatchOptions {
  /** Aborts the watch: deadline, shutdown, or a caller that went away. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at the store; messages usually come first. */
  readonly pollMs: number;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Waits for the end of a job: a message from Redis wakes it, the store is what it believes. Gives the outcome, or undefined
 * when the signal aborted first. Throws STORE_UNAVAILABLE only when the first look at the store fails.
 */
export async function watchUntilEnd(
  job: StoredJob,
  parts: { readonly archive: JobArchive; readonly hub: ProgressHub },
  options: WatchOptions,
): Promise<JobOutcome | undefined> {
  const { signal, pollMs, onProgress } = options;
  const bell = new Bell();
  const stopListening = parts.hub.listen(job.jobId, (progress) => {
    if (progress.stage === 'completed' || progress.stage === 'failed') bell.ring();
    else onProgress?.(progress);
  });
  signal.addEventListener('abort', bell.ring, { once: true });
  try {
    // The first look comes after listening has begun: an end in between cannot be missed.
    let outcome = await parts.archive.outcome(job);
    while (outcome === undefined && !signal.aborted) {
      await bell.wait(pollMs);
      outcome = await parts.archive.outcome(job).catch(() => undefined);
    }
    return outcome;
  } finally {
    stopListening();
    signal.removeEventListener('abort', bell.ring);
  }
}

/** Wakes one waiter, or lets the next wait return at once. */
class Bell {
  private rung = false;
  private wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.rung = true;
    this.wake?.();
  };

  async wait(maxMs: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, maxMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
    this.wake = undefined;
  }
}
