import type { Certificate } from '@kyso/cms';
import { judgeChain } from './certificate-chain.js';
import type { EvidenceStore } from './evidence-store.js';
import { findStatuses } from './revocation-evidence.js';
import {
  findingsOfStatus,
  isProvenGood,
  isStatusNeeded,
  type CertificateStatus,
  type RevocationTimes,
} from './revocation.js';
import type { Finding } from './reasons.js';
import type { Check } from './report.js';

/** What is at hand for the judgement of all certificates of one file. */
export interface TrustContext {
  readonly store: EvidenceStore;
  /** Certificates of the options and of the DSS. */
  readonly intermediates: readonly Certificate[];
  readonly trustAnchors: readonly Certificate[];
  readonly tsaTrustAnchors: readonly Certificate[];
  readonly now: Date;
}

export interface CertificateJudgement {
  readonly chain?: readonly Certificate[];
  /** One for each certificate of the chain but the anchor. */
  readonly statuses: readonly CertificateStatus[];
  readonly findings: readonly Finding[];
  /** The chain without revocation. */
  readonly chainCheck: Check;
  /** Validity period and revocation. */
  readonly validityCheck: Check;
}

/** The chain at `times.existedAt`, then revocation (ETSI EN 319 102-1, 5.2.6). */
export async function judgeCertificate(
  leaf: Certificate,
  role: 'signer' | 'time-stamping',
  { times, own, context }: { times: RevocationTimes; own: readonly Certificate[]; context: TrustContext },
): Promise<CertificateJudgement> {
  const path = judgeChain(leaf, {
    intermediates: [...own, ...context.intermediates],
    trustAnchors: role === 'signer' ? context.trustAnchors : context.tsaTrustAnchors,
    at: times.existedAt,
  });
  const statuses = path.chain ? await findStatuses(path.chain, times, context) : [];
  const findings = [
    ...path.findings,
    ...statuses.flatMap((status, index) => findingsOfStatus(status, index === 0, role === 'signer')),
  ];
  return {
    ...(path.chain ? { chain: path.chain } : {}),
    statuses,
    findings,
    chainCheck: checkOfChain(path.findings),
    validityCheck: checkOfValidity(findings, { chain: path.chain, leaf: statuses[0], isSigner: role === 'signer' }),
  };
}

/** What was not found may be found elsewhere; what was found and breaks a rule failed. */
function checkOfChain(findings: readonly Finding[]): Check {
  if (findings.length === 0) return 'passed';
  return findings.some(({ code }) => code === 'CHAIN_NOT_FOUND' || code === 'EXPIRED_NO_POE')
    ? 'indeterminate'
    : 'failed';
}

function checkOfValidity(
  findings: readonly Finding[],
  {
    chain,
    leaf,
    isSigner,
  }: { chain: readonly Certificate[] | undefined; leaf: CertificateStatus | undefined; isSigner: boolean },
): Check {
  if (findings.some(({ code }) => code === 'NOT_YET_VALID' || code === 'REVOKED')) return 'failed';
  if (!chain) return 'indeterminate';
  // A leaf that is itself an anchor has no issuer to revoke it.
  const proven =
    !leaf || isProvenGood(leaf) || (leaf.outcome === 'none' && !isStatusNeeded(leaf.certificate, isSigner));
  return proven ? 'passed' : 'indeterminate';
}
