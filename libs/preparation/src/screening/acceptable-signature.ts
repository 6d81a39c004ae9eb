import type { RevocationCheck } from '@kyso/contracts';
import type { SignatureReport, ValidationReport } from '@kyso/validation';

/**
 * True for a signature that is valid, or of which nothing is open but the revocation status, where the policy allows to
 * go on without it. Integrity, coverage and the chain must have passed in any case.
 */
export function isAcceptable(report: SignatureReport, policy: { readonly revocationCheck: RevocationCheck }): boolean {
  if (report.verdict === 'valid') return true;
  return (
    policy.revocationCheck !== 'require' &&
    report.verdict === 'indeterminate' &&
    report.integrity === 'passed' &&
    (report.coverage === 'whole-file' || report.coverage === 'whole-revision') &&
    report.certificateChain === 'passed' &&
    report.validAtSigningTime !== 'failed' &&
    report.revocation.status === 'unknown'
  );
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
