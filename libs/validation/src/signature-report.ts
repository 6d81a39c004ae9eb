import type { PdfSignature } from '@kyso/pdf';
import { describeAlgorithm } from './algorithms.js';
import { judgeCertificate, type TrustContext } from './certificate-judgement.js';
import { summarizeCertificate } from './certificate-summary.js';
import type { Subject } from './examine.js';
import { levelOf } from './level.js';
import type { Finding } from './reasons.js';
import type { Check, Coverage, SignatureReport } from './report.js';
import { summarizeRevocation } from './revocation.js';
import { bestSignatureTime, checkClaimedTime, checkOrder, type ArchiveTime } from './signing-time.js';
import { judgeToken, remarksOn, summarizeToken, type TokenJudgement } from './time-stamp.js';
import { conclude } from './verdict.js';

/** What the second half of the validation knows: trust, and the document time-stamps over later revisions. */
export interface JudgementContext extends TrustContext {
  /** Trusted document time-stamps over later revisions than the subject's. */
  readonly later: readonly ArchiveTime[];
}

/**
 * The report on one signature (ETSI EN 319 102-1, 5.6: signatures with long-term availability; what is absent from the
 * document leaves the simpler processes of 5.3 and 5.5).
 */
export async function reportSignature(subject: Subject, context: JudgementContext): Promise<SignatureReport> {
  const { signature, coverage, integrity } = subject;
  const own = [...coverage.findings, ...(integrity?.findings ?? [])];
  if (!integrity?.cades) return reportOfFailure(signature, own, coverage.coverage);
  const { cades } = integrity;
  const stamp = subject.token && (await judgeToken(subject.token, earliest(context), context));
  const genTime = stamp?.proven || stamp?.trusted ? stamp.info?.genTime : undefined;
  const best = bestSignatureTime(genTime && { genTime, proven: stamp?.proven === true }, context.later, context.now);
  const signer = await judgeCertificate(cades.signer, 'signer', {
    times: { freshAt: best.time, existedAt: best.time },
    own: [...cades.certificates, ...(stamp?.info?.certificates ?? [])],
    context,
  });
  const unprovenBefore = best.proven ? undefined : genTime;
  const conclusion = conclude([
    ...own,
    ...signer.findings.map((finding) => withoutProof(finding, signer.statuses[0]?.proof?.revokedAt, unprovenBefore)),
    ...(stamp ? remarksOn(stamp.findings) : []),
    ...checkOrder(genTime, context.later),
    ...checkClaimedTime(signature.signingTime, genTime),
    ...(best.proven || stamp ? [] : [{ code: 'TIME_NOT_PROVEN' } as const]),
  ]);
  return {
    ...reportHead(signature),
    ...conclusion,
    signer: summarizeCertificate(cades.signer),
    level: levelOf({
      baseline: integrity.baseline && integrity.check === 'passed' && isCovered(coverage.coverage),
      timestamped: stamp?.trusted === true || context.later.length > 0,
      signer,
      tsa: stamp?.trusted ? stamp.judgement : undefined,
      embedded: [...cades.certificates, ...(stamp?.info?.certificates ?? [])],
      store: context.store,
    }),
    algorithm: describeAlgorithm(cades),
    integrity: integrity.check,
    coverage: coverage.coverage,
    certificateChain: signer.chainCheck,
    validAtSigningTime: signer.validityCheck,
    bestSignatureTime: best.time.toISOString(),
    ...(stamp?.info ? { timestamp: summarizeToken(stamp) } : {}),
    revocation: summarizeRevocation(signer.statuses[0]),
  };
}

/** The report on one document time-stamp (ETSI EN 319 102-1, 5.4); its unit stands where a signature has its signer. */
export async function reportDocumentTimestamp(
  subject: Subject,
  context: JudgementContext,
): Promise<{ report: SignatureReport; stamp?: TokenJudgement }> {
  const { signature, coverage, token } = subject;
  const own = [...coverage.findings, ...(token?.findings ?? [])];
  if (!token?.info) return { report: reportOfFailure(signature, own, coverage.coverage) };
  const existedAt = earliest(context);
  const stamp = await judgeToken(token, existedAt, context);
  const { tsa, genTime } = token.info;
  const findings = [...coverage.findings, ...stamp.findings, ...checkOrder(genTime, context.later)];
  const report: SignatureReport = {
    ...reportHead(signature),
    ...conclude(findings),
    signer: summarizeCertificate(tsa),
    level: 'none',
    algorithm: `${tsa.keyDescription} ${token.info.digestAlgorithm.replace('sha', 'SHA-')}`,
    integrity: findings.some(({ code }) => code === 'HASH_FAILURE') ? 'failed' : 'passed',
    coverage: coverage.coverage,
    certificateChain: stamp.judgement?.chainCheck ?? 'indeterminate',
    validAtSigningTime: stamp.judgement?.validityCheck ?? 'indeterminate',
    bestSignatureTime: (stamp.proven ? genTime : existedAt).toISOString(),
    timestamp: summarizeToken(stamp),
    revocation: summarizeRevocation(stamp.judgement?.statuses[0]),
  };
  return { report, stamp };
}

/** A report of what could not be judged further. */
export function reportOfFailure(
  signature: PdfSignature,
  findings: readonly Finding[],
  coverage: Coverage,
): SignatureReport {
  return {
    ...reportHead(signature),
    ...conclude(findings),
    level: 'none',
    algorithm: 'unknown',
    integrity: integrityOf(findings),
    coverage,
    certificateChain: 'indeterminate',
    validAtSigningTime: 'indeterminate',
    revocation: { status: 'unknown', source: 'none' },
  };
}

/** A token whose own signature is wrong failed; what could not be read at all is open. */
function integrityOf(findings: readonly Finding[]): Check {
  return findings.some(({ code }) => code === 'HASH_FAILURE' || code === 'SIGNATURE_WRONG')
    ? 'failed'
    : 'indeterminate';
}

/** Since when this subject is known to exist by something else than itself. */
const earliest = ({ later, now }: JudgementContext): Date => bestSignatureTime(undefined, later, now).time;

const isCovered = (coverage: Coverage): boolean => coverage === 'whole-file' || coverage === 'whole-revision';

/**
 * A revocation counts as before the signature unless a proven time says otherwise. Where a trusted time-stamp says so and
 * only the status of its unit is unknown, the question is open (ETSI EN 319 102-1, table 6, REVOKED_NO_POE).
 */
function withoutProof(finding: Finding, revokedAt: Date | undefined, genTime: Date | undefined): Finding {
  const olderThanRevocation = genTime !== undefined && revokedAt !== undefined && genTime < revokedAt;
  return finding.code === 'REVOKED' && olderThanRevocation ? { ...finding, code: 'REVOKED_NO_POE' } : finding;
}

/** What the report repeats from the signature dictionary. */
function reportHead(
  signature: PdfSignature,
): Pick<SignatureReport, 'field' | 'kind' | 'revision' | 'signingTime' | 'docMdp'> {
  return {
    field: signature.fieldName,
    kind: signature.kind,
    revision: signature.revision,
    ...(signature.signingTime ? { signingTime: signature.signingTime.toISOString() } : {}),
    ...(signature.docMdp === undefined ? {} : { docMdp: signature.docMdp }),
  };
}
