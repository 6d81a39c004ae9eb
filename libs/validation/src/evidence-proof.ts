import { hash } from 'node:crypto';
import {
  CmsError,
  verifyCrl,
  verifyOcspResponse,
  type Certificate,
  type CmsErrorCode,
  type RevocationProof,
} from '@kyso/cms';

/** One OCSP response or CRL. */
export interface EvidenceItem {
  readonly kind: 'ocsp' | 'crl';
  readonly der: Uint8Array;
  /** SHA-256. */
  readonly key: string;
}

/** What was refused, and why. */
export interface Refusal {
  readonly code: CmsErrorCode;
  readonly message: string;
}

export const evidenceItem = (kind: EvidenceItem['kind'], der: Uint8Array): EvidenceItem => ({
  kind,
  der,
  key: hash('sha256', der, 'base64'),
});

/** Answers kept; an entry has some hundred bytes. A hostile file can only make them be computed again. */
const maxKeptProofs = 10_000;
const proofs = new Map<string, RevocationProof | Refusal>();

/**
 * What the evidence says of the certificate, whatever the time (`requireFresh: false`): so it is the same for ever, also that
 * it is about another certificate, and is kept by hash. A DSS is tried item by item for each certificate of two chains; most
 * of these questions have the answer "another one's", which costs more to find than a good answer.
 */
export function proofOf(item: EvidenceItem, certificate: Certificate, issuer: Certificate): RevocationProof | Refusal {
  const key = `${item.key}${certificate.sha256}${issuer.sha256}`;
  const kept = proofs.get(key);
  if (kept) return kept;
  const proof = verifyNow(item, certificate, issuer);
  // A Map iterates in the order of insertion: the first is the oldest.
  for (const oldest of proofs.keys()) {
    if (proofs.size < maxKeptProofs) break;
    proofs.delete(oldest);
  }
  proofs.set(key, proof);
  return proof;
}

function verifyNow(item: EvidenceItem, certificate: Certificate, issuer: Certificate): RevocationProof | Refusal {
  // Without `requireFresh` nothing is compared with `at`.
  const about = { certificate, issuer, at: certificate.notBefore, requireFresh: false };
  try {
    return item.kind === 'crl' ? verifyCrl(item.der, about) : verifyOcspResponse(item.der, about);
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return { code: error.code, message: error.message };
  }
}
