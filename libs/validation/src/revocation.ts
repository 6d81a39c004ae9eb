import { MAX_AGE_WITHOUT_NEXT_UPDATE_MS, type Certificate, type RevocationProof } from '@kyso/cms';
import type { EvidenceItem } from './evidence-proof.js';
import type { Finding } from './reasons.js';
import type { RevocationSummary } from './report.js';

/** The times that revocation is judged by. For a signer all evidence is about its best-signature-time. */
export interface RevocationTimes {
  /** Evidence must have been fresh at it, or be younger. Best-signature-time; for a time-stamp its genTime. */
  readonly freshAt: Date;
  /**
   * The signature or token existed by then, so a revocation after it does no harm. Best-signature-time; for a time-stamp
   * the next time that is proven, or now.
   */
  readonly existedAt: Date;
}

/** What one piece of evidence says; the first one in this order decides. */
const outcomes = ['revoked', 'hold', 'revoked-later', 'good', 'stale', 'unknown', 'none'] as const;
export type RevocationOutcome = (typeof outcomes)[number];

export interface CertificateStatus {
  readonly certificate: Certificate;
  readonly outcome: RevocationOutcome;
  readonly source: 'dss' | 'online' | 'none';
  /** The deciding evidence and what it says. */
  readonly proof?: RevocationProof;
  readonly item?: EvidenceItem;
  /** Why evidence about this certificate was refused, for the reason. */
  readonly refusal?: string;
}

/** Reasons after which tokens made before the revocation remain valid (RFC 3161, 4.1). */
const harmlessReasons = new Set(['unspecified', 'affiliationChanged', 'superseded', 'cessationOfOperation']);

/** What one verified proof means at the times asked about. */
export function weighProof(
  proof: RevocationProof,
  certificate: Certificate,
  times: RevocationTimes,
): RevocationOutcome {
  if (proof.status === 'revoked') return weighRevocation(proof, times);
  if (proof.status === 'unknown') return 'unknown';
  // A CRL may drop a certificate once it has expired (RFC 5280, 3.3): its silence says nothing then.
  if (proof.thisUpdate > certificate.notAfter) return 'stale';
  if (proof.thisUpdate >= times.freshAt) return 'good';
  const freshUntil = proof.nextUpdate ?? new Date(proof.thisUpdate.getTime() + MAX_AGE_WITHOUT_NEXT_UPDATE_MS);
  return freshUntil >= times.freshAt ? 'good' : 'stale';
}

function weighRevocation(proof: RevocationProof, times: RevocationTimes): RevocationOutcome {
  const revokedAt = proof.revokedAt ?? new Date(0);
  if (revokedAt > times.existedAt) return 'revoked-later';
  if (proof.reason === 'certificateHold') return 'hold';
  // Between genTime and the proof of existence: harmless only when the entry says that the key was not compromised.
  const harmless = revokedAt > times.freshAt && proof.reason !== undefined && harmlessReasons.has(proof.reason);
  return harmless ? 'revoked-later' : 'revoked';
}

/** Of several, the one that decides: a revocation beats everything, then the latest word. */
export function decideStatus(statuses: readonly CertificateStatus[]): CertificateStatus | undefined {
  const age = (status: CertificateStatus): number => status.proof?.thisUpdate.getTime() ?? 0;
  const told = (status: CertificateStatus): number => (status.refusal === undefined ? 1 : 0);
  return statuses.toSorted(
    (a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome) || age(b) - age(a) || told(a) - told(b),
  )[0];
}

export const isProvenGood = (status: CertificateStatus): boolean =>
  status.outcome === 'good' || status.outcome === 'revoked-later';

/**
 * An end-entity signer's status must always be proven. A CA or time-stamping unit whose certificate names neither OCSP nor
 * CRL cannot be asked about: its issuer publishes nothing, and evidence is used where there is some, but not demanded.
 */
export const isStatusNeeded = (certificate: Certificate, isSigner: boolean): boolean =>
  isSigner || certificate.ocspUrls.length > 0 || certificate.crlUrls.length > 0;

/** ETSI EN 319 102-1, 5.2.6.4 and 5.5.4, in the catalogue's words. `isLeaf`: signer or time-stamping unit, not a CA. */
export function findingsOfStatus(status: CertificateStatus, isLeaf: boolean, isSigner: boolean): Finding[] {
  const { certificate, outcome, proof } = status;
  const name = certificate.commonName;
  const at = proof?.revokedAt ? `${name}, ${proof.revokedAt.toISOString()}` : name;
  switch (outcome) {
    case 'good':
      return [];
    case 'revoked':
      return [{ code: isLeaf ? 'REVOKED' : 'CA_REVOKED', detail: proof?.reason ? `${at}, ${proof.reason}` : at }];
    case 'revoked-later':
      return [{ code: 'REVOKED_LATER', detail: at }];
    case 'hold':
      return [{ code: 'ON_HOLD', detail: at }];
    default:
      if (!isStatusNeeded(certificate, isLeaf && isSigner)) return [];
      return outcome === 'none' && status.refusal === undefined
        ? [{ code: 'REVOCATION_NOT_FOUND', detail: name }]
        : [{ code: 'REVOCATION_NOT_FRESH', detail: `${name}, ${status.refusal ?? outcome}` }];
  }
}

/** The leaf's status for the report. */
export function summarizeRevocation(status: CertificateStatus | undefined): RevocationSummary {
  const proof = status?.proof;
  if (!status || !proof) return { status: 'unknown', source: 'none' };
  const revoked = proof.status === 'revoked';
  const known = revoked || status.outcome === 'good';
  return {
    status: revoked ? 'revoked' : known ? 'good' : 'unknown',
    source: status.source,
    thisUpdate: proof.thisUpdate.toISOString(),
    ...(proof.revokedAt ? { revokedAt: proof.revokedAt.toISOString() } : {}),
  };
}
