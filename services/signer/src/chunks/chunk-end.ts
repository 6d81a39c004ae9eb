import type { ChunkHold, ChunkQueueJob, SigningError } from '@kyso/contracts';
import type { Held } from './place-holds.js';

/** What became of a chunk's step. */
export type ChunkEnd =
  | { readonly kind: 'finished'; readonly items: number }
  /** Nothing that can be done now: the batch is paused or outside its window, and the gateway adds the chunk again later. */
  | { readonly kind: 'put-aside'; readonly reason: string }
  | {
      readonly kind: 'waits';
      readonly delayMs: number;
      /** For so long no item of it could go on, when the delay is over. */
      readonly waitedMs: number;
      readonly error: SigningError;
      /** Where it waits for something that all items need. */
      readonly held?: ChunkHold;
    };

/** A chunk that is held is looked at so often, since a batch may be paused, cancelled, or its window may end. */
export const heldDelayMs = { least: 250, most: 10_000 } as const;

/** The end of a run in which nothing was left to try that is not held; `since`: from when on it counts as held. */
export function heldBy({ place, error, retryInMs }: Held, { waitedMs = 0 }: ChunkQueueJob, since: string): ChunkEnd {
  const { code, expected, found } = error;
  const held: ChunkHold = {
    place,
    code,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    since,
  };
  const delayMs = Math.min(heldDelayMs.most, Math.max(heldDelayMs.least, retryInMs));
  return { kind: 'waits', delayMs, waitedMs, error, held };
}
