import type { Certificate } from '@kyso/cms';

/** Evidence about one certificate that was checked in everything: signature, right to answer, dates. */
export interface Proof {
  readonly status: 'good' | 'revoked';
  readonly source: 'ocsp' | 'crl';
  readonly url: string;
  /** OCSPResponse or CertificateList. */
  readonly der: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly revokedAt?: Date;
  /** Certificates of the responder that the chain doesn't hold. */
  readonly certificates: readonly Certificate[];
  /** When it was asked for. */
  readonly fetchedAt: Date;
}

/** How long things are kept; milliseconds. */
export interface Lifetimes {
  readonly refreshAfterMs: number;
  readonly lifeWithoutNextUpdateMs: number;
}

/** The last instant at which it may be given to anybody: nextUpdate (RFC 6960, 4.2.2.1; RFC 5280, 5.1.2.5), or a configured life. */
export function expiresAtMs(proof: Pick<Proof, 'nextUpdate' | 'fetchedAt'>, lifetimes: Lifetimes): number {
  return proof.nextUpdate?.getTime() ?? proof.fetchedAt.getTime() + lifetimes.lifeWithoutNextUpdateMs;
}

/** From then on a newer one is fetched in the background: at three quarters of its remaining life, and never later than configured. */
export function refreshAtMs(proof: Pick<Proof, 'nextUpdate' | 'fetchedAt'>, lifetimes: Lifetimes): number {
  const fetchedMs = proof.fetchedAt.getTime();
  const remainingMs = expiresAtMs(proof, lifetimes) - fetchedMs;
  return fetchedMs + Math.min(remainingMs * 0.75, lifetimes.refreshAfterMs);
}
