import { CmsError, openTimestampToken, type DigestAlgorithm, type TimestampInfo } from '@kyso/cms';
import { checkKey } from './algorithms.js';
import { judgeCertificate, type CertificateJudgement, type TrustContext } from './certificate-judgement.js';
import { reasonOf, type Finding, type ReasonCode } from './reasons.js';
import type { TimestampSummary } from './report.js';

/** A token whose signature is right and whose imprint was compared (RFC 3161, 2.4.2). */
export interface OpenedToken {
  readonly info?: TimestampInfo;
  readonly findings: readonly Finding[];
}

/** Opens the token and compares its imprint with the digest of what it is said to cover. */
export async function openToken(
  tokenDer: Uint8Array,
  digestOf: (algorithm: DigestAlgorithm) => Promise<Uint8Array>,
): Promise<OpenedToken> {
  try {
    const info = openTimestampToken(tokenDer);
    const digest = await digestOf(info.digestAlgorithm);
    const matches = Buffer.compare(digest, info.messageImprint) === 0;
    return { info, findings: matches ? checkKey(info.tsa) : [{ code: 'HASH_FAILURE' }, ...checkKey(info.tsa)] };
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return { findings: [findingOf(error)] };
  }
}

function findingOf(error: CmsError): Finding {
  switch (error.code) {
    case 'SIGNATURE_WRONG':
      return { code: 'SIGNATURE_WRONG' };
    case 'DIGEST_MISMATCH':
      return { code: 'HASH_FAILURE' };
    case 'SIGNING_CERTIFICATE':
      return { code: 'SIGNING_CERTIFICATE_NOT_FOUND', detail: error.message };
    case 'UNSUPPORTED':
      return { code: 'ALGORITHM_NOT_ACCEPTED', detail: error.message };
    case 'KEY_USAGE':
    case 'CONSTRAINT':
      return { code: 'KEY_USAGE', detail: error.message };
    default:
      return { code: 'FORMAT_FAILURE', detail: error.message };
  }
}

export interface TokenJudgement {
  readonly info?: TimestampInfo;
  readonly judgement?: CertificateJudgement;
  /** As if the token were the subject; `remarksOn` translates them for the signature that it stands in. */
  readonly findings: readonly Finding[];
  /** Everything but the revocation status of its unit, which may be unknown (never revoked). */
  readonly trusted: boolean;
  /** Its genTime may be used as proof of existence. */
  readonly proven: boolean;
}

const revocationUnknown: ReadonlySet<ReasonCode> = new Set(['REVOCATION_NOT_FOUND', 'REVOCATION_NOT_FRESH']);
const broken: ReadonlySet<ReasonCode> = new Set(['SIGNATURE_WRONG', 'SIGNING_CERTIFICATE_NOT_FOUND', 'FORMAT_FAILURE']);

/**
 * The unit's chain at the time since when the token is known to exist (the next later proven document time-stamp, or now;
 * ETSI EN 319 102-1, 5.4 and 5.6.2.4), revocation about its genTime.
 */
export async function judgeToken(
  { info, findings: opened }: OpenedToken,
  existedAt: Date,
  context: TrustContext,
): Promise<TokenJudgement> {
  if (!info) return { findings: opened, trusted: false, proven: false };
  const judgement = await judgeCertificate(info.tsa, 'time-stamping', {
    times: { freshAt: info.genTime, existedAt },
    own: info.certificates,
    context,
  });
  const findings = [...opened, ...checkGenTime(info, existedAt), ...judgement.findings];
  const holding = findings.filter(({ code }) => reasonOf(code).indication !== 'TOTAL-PASSED');
  return {
    info,
    judgement,
    findings,
    trusted: holding.every(({ code }) => revocationUnknown.has(code)),
    proven: holding.length === 0,
  };
}

/** Clocks of TSAs and of this machine may differ by it. */
const clockToleranceMs = 5 * 60 * 1000;

/** The token cannot be older than its certificate, nor from the future. */
function checkGenTime({ genTime, tsa }: TimestampInfo, existedAt: Date): Finding[] {
  if (genTime < tsa.notBefore) {
    return [{ code: 'NOT_YET_VALID', detail: `${genTime.toISOString()} < ${tsa.notBefore.toISOString()}` }];
  }
  if (genTime.getTime() > existedAt.getTime() + clockToleranceMs) {
    return [{ code: 'TIMESTAMP_ORDER', detail: `${genTime.toISOString()} > ${existedAt.toISOString()}` }];
  }
  return [];
}

/**
 * What a signature time-stamp's findings mean for its signature. One that is broken or stands for other data means that the
 * file was put together wrongly or manipulated: the signature is not called valid. One that only is not trusted is no
 * proof: the signature is judged without it (ETSI EN 319 102-1, 5.5.4).
 */
export function remarksOn(findings: readonly Finding[]): Finding[] {
  const holding = findings.filter(({ code }) => reasonOf(code).indication !== 'TOTAL-PASSED');
  if (holding.some(({ code }) => code === 'HASH_FAILURE')) return [{ code: 'TIMESTAMP_IMPRINT' }];
  const shown = holding.map(({ code, detail }) => (detail === undefined ? code : `${code} (${detail})`)).join('; ');
  if (holding.some(({ code }) => broken.has(code))) return [{ code: 'TIMESTAMP_BROKEN', detail: shown }];
  if (holding.length === 0) return [];
  const onlyUnknown = holding.every(({ code }) => revocationUnknown.has(code));
  return [{ code: onlyUnknown ? 'TIMESTAMP_REVOCATION_UNKNOWN' : 'TIMESTAMP_UNTRUSTED', detail: shown }];
}

export function summarizeToken({ info, trusted }: TokenJudgement): TimestampSummary | undefined {
  if (!info) return undefined;
  return { genTime: info.genTime.toISOString(), tsa: info.tsa.commonName, policy: info.policy, trusted };
}
