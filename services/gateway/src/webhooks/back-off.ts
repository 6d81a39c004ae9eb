/** How deliveries are tried again. All in milliseconds. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
  /** After so long a delivery becomes a dead letter. */
  readonly giveUpMs: number;
}

/**
 * The pause after `attempts` attempts (from 1): three times as long each time, with a quarter of it more or less by chance, so
 * that what failed together does not come back together.
 */
export function pauseMs({ firstMs, longestMs }: BackOff, attempts: number, random: () => number = Math.random): number {
  const middleMs = Math.min(longestMs, firstMs * 3 ** Math.min(30, attempts - 1));
  return Math.round(middleMs * (0.75 + random() * 0.5));
}
