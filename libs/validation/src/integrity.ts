import { checkCades, CmsError, type CadesCheck, type DigestAlgorithm } from '@kyso/cms';
import type { PdfSignature } from '@kyso/pdf';
import type { Finding, ReasonCode } from './reasons.js';
import type { Check } from './report.js';

export interface IntegrityJudgement {
  readonly cades?: CadesCheck;
  readonly findings: readonly Finding[];
  readonly check: Check;
  /** Nothing in the CMS and the signature dictionary keeps it from B-B (ETSI EN 319 142-1, 6.3). */
  readonly baseline: boolean;
}

const padesSubFilter = 'ETSI.CAdES.detached';
const plainSubFilter = 'adbe.pkcs7.detached';
/** SHA-1 by definition (ISO 32000-2, 12.8.3.2 and 12.8.3.3). */
const sha1SubFilters = new Set(['adbe.pkcs7.sha1', 'adbe.x509.rsa_sha1']);

/** The signed bytes hash to messageDigest, the signature value is right, and it names its certificate. */
export async function judgeIntegrity(
  signature: PdfSignature,
  digestFor: (algorithm: DigestAlgorithm) => Promise<Uint8Array>,
): Promise<IntegrityJudgement> {
  const refused = checkSubFilter(signature.subFilter);
  if (refused.length > 0) return { findings: refused, check: 'indeterminate', baseline: false };
  try {
    const cades = await checkCades(signature.cmsDer, digestFor);
    const findings = findingsOf(cades, signature);
    return { cades, findings, check: checkOf(findings), baseline: isBaseline(cades, signature) };
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return { findings: [findingOf(error)], check: 'indeterminate', baseline: false };
  }
}

function checkSubFilter(subFilter: string): Finding[] {
  if (subFilter === padesSubFilter || subFilter === plainSubFilter) return [];
  if (sha1SubFilters.has(subFilter)) return [{ code: 'ALGORITHM_NOT_ACCEPTED', detail: `${subFilter}: SHA-1` }];
  return [{ code: 'SUBFILTER_UNSUPPORTED', detail: subFilter }];
}

function findingsOf(cades: CadesCheck, { subFilter }: PdfSignature): Finding[] {
  const findings: Finding[] = [];
  if (!cades.digestMatches) findings.push({ code: 'HASH_FAILURE' });
  if (!cades.signatureMatches) findings.push({ code: 'SIGNATURE_WRONG' });
  if (cades.signingCertificate === 'mismatch') findings.push({ code: 'SIGNING_CERTIFICATE_MISMATCH' });
  // adbe.pkcs7.detached (ISO 32000-2, 12.8.3.3) need not name it; PAdES must (ETSI EN 319 142-1, 6.3).
  if (cades.signingCertificate === 'absent' && subFilter === padesSubFilter) {
    findings.push({ code: 'SIGNING_CERTIFICATE_ABSENT' });
  }
  if (subFilter === padesSubFilter) {
    for (const issue of cades.formatIssues) findings.push({ code: 'FORMAT_ISSUE', detail: issue });
  }
  return findings;
}

const failures: ReadonlySet<ReasonCode> = new Set(['HASH_FAILURE', 'SIGNATURE_WRONG', 'SIGNING_CERTIFICATE_MISMATCH']);

function checkOf(findings: readonly Finding[]): Check {
  return findings.some(({ code }) => failures.has(code)) ? 'failed' : 'passed';
}

/** ETSI EN 319 142-1, 6.3, table 1, B-B: SubFilter, /M and no signing-time attribute, signing-certificate-v2. */
function isBaseline(cades: CadesCheck, { subFilter, signingTime }: PdfSignature): boolean {
  return (
    subFilter === padesSubFilter &&
    signingTime !== undefined &&
    !cades.hasSigningTimeAttribute &&
    cades.signingCertificate === 'v2' &&
    cades.formatIssues.length === 0
  );
}

function findingOf(error: CmsError): Finding {
  switch (error.code) {
    case 'UNSUPPORTED':
      return { code: 'ALGORITHM_NOT_ACCEPTED', detail: error.message };
    case 'SIGNING_CERTIFICATE':
      return { code: 'SIGNING_CERTIFICATE_NOT_FOUND', detail: error.message };
    default:
      return { code: 'FORMAT_FAILURE', detail: error.message };
  }
}
