import { noteOf, reasonOf, type Finding } from './reasons.js';
import type { Indication, Note, Verdict } from './report.js';
import type { SubIndication } from './sub-indications.js';

export interface Conclusion {
  readonly verdict: Verdict;
  readonly indication: Indication;
  readonly subIndication?: SubIndication;
  readonly reasons: Note[];
}

const verdicts: Readonly<Record<Indication, Verdict>> = {
  'TOTAL-PASSED': 'valid',
  'TOTAL-FAILED': 'invalid',
  INDETERMINATE: 'indeterminate',
};
const weight: Readonly<Record<Indication, number>> = { 'TOTAL-FAILED': 0, INDETERMINATE: 1, 'TOTAL-PASSED': 2 };

/**
 * The indication of a signature is that of its gravest finding; of several of that gravity the first in the order of the
 * checks gives the sub-indication (ETSI EN 319 102-1, 5.1.3). The law's verdict is its translation: TOTAL-PASSED hợp lệ,
 * TOTAL-FAILED không hợp lệ, INDETERMINATE không đủ thông tin xác thực.
 */
export function conclude(findings: readonly Finding[]): Conclusion {
  const ordered = findings.toSorted(
    (a, b) => weight[reasonOf(a.code).indication] - weight[reasonOf(b.code).indication],
  );
  const gravest = ordered[0] && reasonOf(ordered[0].code);
  const indication = gravest?.indication ?? 'TOTAL-PASSED';
  return {
    verdict: verdicts[indication],
    indication,
    ...(gravest?.subIndication === undefined ? {} : { subIndication: gravest.subIndication }),
    reasons: ordered.map(noteOf),
  };
}

/** `valid` only when there is a signature (not only time-stamps) and everything is valid; one invalid makes all invalid. */
export function concludeDocument(reports: readonly { kind: string; verdict: Verdict }[]): Verdict {
  if (reports.some((report) => report.verdict === 'invalid')) return 'invalid';
  const signed = reports.some((report) => report.kind === 'signature');
  return signed && reports.every((report) => report.verdict === 'valid') ? 'valid' : 'indeterminate';
}
