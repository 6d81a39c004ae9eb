import {
  CmsError,
  REVOCATION_SKEW_MS,
  verifyCrl,
  verifyOcspResponse,
  type Certificate,
  type RevocationProof,
} from '@kyso/cms';
import type { Evidence, EvidenceStore } from './evidence-store.js';
import { decideStatus, isProvenGood, weighProof, type CertificateStatus, type RevocationTimes } from './revocation.js';

/** Why evidence is about this certificate and still not taken, as opposed to being about another one. */
const refusals = new Set<string>(['EXPIRED', 'STATUS', 'NOT_YET_VALID']);

/**
 * The status of each certificate of a chain but its anchor: from the DSS where that decides it, else from the caller's
 * source. Evidence need not be fresh today (`requireFresh: false`): whether it serves for the time of signing is
 * `weighProof`'s question. It must not be younger than the time since when it is known to exist.
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
  const found = [
    ...evidence.ocspResponses.map((der) => statusBy(verifyOcspResponse, { der, evidence, question })),
    ...evidence.crls.map((der) => statusBy(verifyCrl, { der, evidence, question })),
  ];
  const nothing: CertificateStatus = { certificate: question.certificate, outcome: 'none', source: 'none' };
  return decideStatus(found) ?? nothing;
}

function statusBy(
  verify: typeof verifyOcspResponse | typeof verifyCrl,
  { der, evidence, question }: { der: Uint8Array; evidence: Evidence; question: Question },
): CertificateStatus {
  const { certificate, times } = question;
  try {
    const proof = verifyProof(verify, { der, evidence, question });
    return {
      certificate,
      outcome: weighProof(proof, certificate, times),
      source: evidence.source,
      proof,
      evidenceDer: der,
    };
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    const refusal = refusals.has(error.code) ? { refusal: error.message } : {};
    return { certificate, outcome: 'none', source: 'none', ...refusal };
  }
}

function verifyProof(
  verify: typeof verifyOcspResponse | typeof verifyCrl,
  { der, evidence, question }: { der: Uint8Array; evidence: Evidence; question: Question },
): RevocationProof {
  const { certificate, issuer, store, now } = question;
  const at = store.existedAt(der) ?? now;
  const proof = verify(der, { certificate, issuer, at, requireFresh: false });
  if (proof.thisUpdate.getTime() > at.getTime() + REVOCATION_SKEW_MS) {
    throw new CmsError('NOT_YET_VALID', `evidence older than ${at.toISOString()}`, proof.thisUpdate.toISOString());
  }
  for (const responder of proof.certificates) assertNotRevoked(responder, { evidence, issuer, at });
  return proof;
}

/**
 * A delegated responder without id-pkix-ocsp-nocheck may itself be revoked (RFC 6960, 4.2.2.2.1): its answers then count no
 * more. Its issuer's CRLs at hand are asked; that there is none is no reason to refuse it.
 */
function assertNotRevoked(
  responder: Certificate,
  { evidence, issuer, at }: { evidence: Evidence; issuer: Certificate; at: Date },
): void {
  if (responder.ocspNoCheck) return;
  for (const crl of evidence.crls) {
    if (saysRevoked(crl, { certificate: responder, issuer, at })) {
      throw new CmsError('STATUS', `an OCSP responder that is not revoked`, responder.subject);
    }
  }
}

function saysRevoked(crl: Uint8Array, about: { certificate: Certificate; issuer: Certificate; at: Date }): boolean {
  try {
    return verifyCrl(crl, { ...about, requireFresh: false }).status === 'revoked';
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return false;
  }
}
