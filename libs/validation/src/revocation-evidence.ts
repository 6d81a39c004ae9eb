import { REVOCATION_SKEW_MS, type Certificate, type RevocationProof } from '@kyso/cms';
import { proofOf, type EvidenceItem, type Refusal } from './evidence-proof.js';
import type { Evidence, EvidenceStore } from './evidence-store.js';
import { decideStatus, isProvenGood, weighProof, type CertificateStatus, type RevocationTimes } from './revocation.js';

/** Why evidence is about this certificate and still not taken, as opposed to being about another one. */
const tellingRefusals = new Set<string>(['EXPIRED', 'STATUS', 'NOT_YET_VALID']);

/**
 * The status of each certificate of a chain but its anchor: from the DSS where that decides it, else from the caller's
 * source. Evidence need not be fresh today: whether it serves for the time of signing is `weighProof`'s question. It must
 * not be younger than the time since when it is known to exist.
 */
export async function findStatuses(
  chain: readonly Certificate[],
  times: RevocationTimes,
  { store, now }: { store: EvidenceStore; now: Date },
): Promise<CertificateStatus[]> {
  const statuses: CertificateStatus[] = [];
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const question = { certificate, issuer: chain[index + 1] as Certificate, times, store, now };
    const stored = bestOf(store.dss, question);
    const decided = isProvenGood(stored) || stored.outcome === 'revoked' || stored.outcome === 'hold';
    const status = decided ? stored : bestOf(await store.onlineFor(chain), question);
    statuses.push(status.outcome === 'none' ? stored : status);
  }
  return statuses;
}

interface Question {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly times: RevocationTimes;
  readonly store: EvidenceStore;
  readonly now: Date;
}

function bestOf(evidence: Evidence, question: Question): CertificateStatus {
  const found = evidence.items.map((item) => statusBy(item, evidence, question));
  return decideStatus(found) ?? { certificate: question.certificate, outcome: 'none', source: 'none' };
}

function statusBy(item: EvidenceItem, evidence: Evidence, question: Question): CertificateStatus {
  const { certificate, times } = question;
  const proof = judgeProof(item, evidence, question);
  if ('code' in proof) {
    const refusal = tellingRefusals.has(proof.code) ? { refusal: proof.message } : {};
    return { certificate, outcome: 'none', source: 'none', ...refusal };
  }
  return { certificate, outcome: weighProof(proof, certificate, times), source: evidence.source, proof, item };
}

function judgeProof(item: EvidenceItem, evidence: Evidence, question: Question): RevocationProof | Refusal {
  const { certificate, issuer, store, now } = question;
  const proof = proofOf(item, certificate, issuer);
  if ('code' in proof) return proof;
  const existedAt = store.existedAt(item) ?? now;
  if (proof.thisUpdate.getTime() > existedAt.getTime() + REVOCATION_SKEW_MS) {
    return {
      code: 'NOT_YET_VALID',
      message: `thisUpdate ${proof.thisUpdate.toISOString()} > ${existedAt.toISOString()}`,
    };
  }
  const revoked = proof.certificates.find((responder) => isRevokedResponder(responder, issuer, evidence));
  return revoked ? { code: 'STATUS', message: `${revoked.subject} (OCSP) is revoked` } : proof;
}

/**
 * A delegated responder without id-pkix-ocsp-nocheck may itself be revoked (RFC 6960, 4.2.2.2.1): its answers then count no
 * more. Its issuer's CRLs at hand are asked; that there is none is no reason to refuse it.
 */
function isRevokedResponder(responder: Certificate, issuer: Certificate, evidence: Evidence): boolean {
  if (responder.ocspNoCheck) return false;
  return evidence.items.some((item) => {
    const proof = item.kind === 'crl' ? proofOf(item, responder, issuer) : undefined;
    return proof !== undefined && !('code' in proof) && proof.status === 'revoked';
  });
}
