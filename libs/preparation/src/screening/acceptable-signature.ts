import type { RevocationCheck } from '@kyso/contracts';
import { reasonCatalogue, type ReasonCode, type SignatureReport, type ValidationReport } from '@kyso/validation';

/** No evidence of it, or none that serves for the time of signing; an authority that answers again brings it. */
const revocationOpen: ReadonlySet<string> = new Set<ReasonCode>(['REVOCATION_NOT_FOUND', 'REVOCATION_NOT_FRESH']);

/** True for a signature that is valid, or that lacks only revocation evidence where the policy allows to go on without it. */
export function isAcceptable(report: SignatureReport, policy: { readonly revocationCheck: RevocationCheck }): boolean {
  return report.verdict === 'valid' || (policy.revocationCheck !== 'require' && lacksOnlyRevocation(report));
}

/**
 * True where nothing is open but the revocation status of certificates, of the signer or of those above. Integrity, coverage and
 * the chain have passed.
 */
export function lacksOnlyRevocation(report: SignatureReport): boolean {
  return (
    report.verdict === 'indeterminate' &&
    report.integrity === 'passed' &&
    (report.coverage === 'whole-file' || report.coverage === 'whole-revision') &&
    report.certificateChain === 'passed' &&
    report.validAtSigningTime !== 'failed' &&
    report.reasons.every(({ code }) => revocationOpen.has(code) || isRemark(code))
  );
}

function isRemark(code: string): boolean {
  return reasonCatalogue[code as ReasonCode].indication === 'TOTAL-PASSED';
}

/** What a report says in one line, for `found` of a failure. */
export function describeReport(report: SignatureReport): string {
  const reasons = report.reasons.map((reason) => reason.code).slice(0, 4);
  return `${report.field}: ${report.verdict}, integrity ${report.integrity}, coverage ${report.coverage}, level ${report.level}${
    report.subIndication === undefined ? '' : `, ${report.subIndication}`
  }${reasons.length === 0 ? '' : `, ${reasons.join(' ')}`}`;
}

export function reportOf(report: ValidationReport, field: string): SignatureReport | undefined {
  return report.signatures.find((one) => one.field === field);
}
