import type { Certificate } from './certificate.js';
import { ENUMERATED } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';

/** What an OCSP answer or a CRL says of one certificate. */
export interface RevocationProof {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  /** OCSP only. */
  readonly producedAt?: Date;
  readonly revokedAt?: Date;
  /** Name of RFC 5280, 5.3.1, such as keyCompromise; absent where none is given. */
  readonly reason?: string;
  /** The responder's or CRL issuer's certificates that the caller's chain lacks. */
  readonly certificates: readonly Certificate[];
}

/** How far the clocks of responders and this machine may differ: five minutes. */
export const REVOCATION_SKEW_MS = 300_000;

/**
 * How old an OCSP answer without nextUpdate may be to count as fresh. RFC 6960, 4.2.2.1: its absence means that newer
 * information is always at hand, so an old one has no excuse.
 */
export const MAX_AGE_WITHOUT_NEXT_UPDATE_MS = 3_600_000;

/** CRLReason by number (RFC 5280, 5.3.1). */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/** Reads CRLReason ::= ENUMERATED as it stands. Throws MALFORMED for a number that has no name. */
export function readReason(reader: DerReader): string {
  const number = reader.smallUnsigned(ENUMERATED);
  const reason = REASONS[number];
  if (reason === undefined) throw reader.malformed('a CRLReason', `${number}`);
  return reason;
}

/**
 * Dates of evidence: thisUpdate has come, nextUpdate has not passed (RFC 6960, 3.2; RFC 5280, 6.3.3), both with
 * REVOCATION_SKEW_MS. Without `requireFresh` only their order is checked: evidence is kept with a signature for decades, and
 * was often made just after the time that is being judged. Throws NOT_YET_VALID, STALE, MALFORMED.
 */
export function assertDates(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: Date; readonly nextUpdate?: Date },
  at: Date,
  requireFresh: boolean,
): void {
  if (nextUpdate && nextUpdate < thisUpdate) {
    throw new CmsError('MALFORMED', `nextUpdate after ${thisUpdate.toISOString()}`, nextUpdate.toISOString());
  }
  if (!requireFresh) return;
  if (thisUpdate.getTime() > at.getTime() + REVOCATION_SKEW_MS) {
    throw new CmsError('NOT_YET_VALID', `thisUpdate before ${at.toISOString()}`, thisUpdate.toISOString());
  }
  const freshUntil = nextUpdate?.getTime() ?? thisUpdate.getTime() + MAX_AGE_WITHOUT_NEXT_UPDATE_MS;
  if (at.getTime() > freshUntil + REVOCATION_SKEW_MS) {
    throw new CmsError(
      'STALE',
      `evidence fresh at ${at.toISOString()}`,
      `fresh until ${new Date(freshUntil).toISOString()}`,
    );
  }
}
