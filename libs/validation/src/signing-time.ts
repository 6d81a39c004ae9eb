import type { Finding } from './reasons.js';

/** A time at which something is proven to exist, or the time of validation. */
export interface ProvenTime {
  readonly time: Date;
  /** By a time-stamp; false: it is now. */
  readonly proven: boolean;
}

/** A document time-stamp that was found good, to be used for what it covers. */
export interface ArchiveTime {
  readonly genTime: Date;
  readonly revision: number;
  /** False: the revocation status of its unit is unknown; it counts for the level, not as proof. */
  readonly proven: boolean;
}

/**
 * Best-signature-time (ETSI EN 319 102-1, 5.5.4 and 5.6.3.4): genTime of the signature's own proven time-stamp, else of the
 * earliest proven document time-stamp over a later revision, else now.
 */
export function bestSignatureTime(
  own: { genTime: Date; proven: boolean } | undefined,
  later: readonly ArchiveTime[],
  now: Date,
): ProvenTime {
  const times = later.filter(({ proven }) => proven).map(({ genTime }) => genTime);
  if (own?.proven) times.push(own.genTime);
  if (times.length === 0) return { time: now, proven: false };
  return { time: new Date(Math.min(...times.map((time) => time.getTime()))), proven: true };
}

/** Ahead of the time-stamp: only by what clocks differ. */
const maxClaimAheadMs = 10 * 60 * 1000;
/** Behind it: a signature may wait for its time-stamp while no TSA answers. */
const maxClaimBehindMs = 24 * 60 * 60 * 1000;

/**
 * /M is a claim (ISO 32000-2, table 255). The signature time-stamp is made just after; a claim far from it comes from a wrong
 * clock or a wrong zone (some tools write local time as UTC, seven hours ahead).
 */
export function checkClaimedTime(claimed: Date | undefined, genTime: Date | undefined): Finding[] {
  if (!claimed || !genTime) return [];
  const aheadMs = claimed.getTime() - genTime.getTime();
  if (aheadMs <= maxClaimAheadMs && -aheadMs <= maxClaimBehindMs) return [];
  return [{ code: 'CLAIMED_TIME', detail: `${claimed.toISOString()} ≠ ${genTime.toISOString()}` }];
}

const orderToleranceMs = 60 * 1000;

/** What covers a time-stamp cannot be older than it (ETSI EN 319 102-1, 5.6.2.5). */
export function checkOrder(genTime: Date | undefined, later: readonly ArchiveTime[]): Finding[] {
  const before = later.find((stamp) => genTime && stamp.genTime.getTime() + orderToleranceMs < genTime.getTime());
  if (!genTime || !before) return [];
  return [{ code: 'TIMESTAMP_ORDER', detail: `${before.genTime.toISOString()} < ${genTime.toISOString()}` }];
}
