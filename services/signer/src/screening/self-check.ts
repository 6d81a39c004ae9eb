import type { Certificate } from '@kyso/cms';
import { SigningError, levelSchema, type Level } from '@kyso/contracts';
import type { ByteSource } from '@kyso/pdf';
import { describeReport, isAcceptable, reportOf } from '@kyso/preparation';
import { validatePdf, type SignatureReport, type ValidationReport } from '@kyso/validation';
import type { SigningPorts } from '../signing-ports.js';

const levels: readonly string[] = levelSchema.options;

/**
 * Validates what is about to be released, from its bytes alone. Demanded of the new signature: integrity and chain passed,
 * our certificate, the whole file or its whole revision covered, the level reached, and the verdict valid; for B-B and B-T,
 * which hold no revocation evidence, an unknown revocation status may leave it indeterminate (it was checked before the key
 * was used, as the policy says). Demanded of the earlier ones: none has become invalid, and none was lost.
 * Gives the SHA-256 of the whole output, hexadecimal, which costs no pass of its own.
 * Throws SigningError SELF_CHECK_FAILED.
 */
export async function selfCheck(
  ports: Pick<SigningPorts, 'policy' | 'clock'>,
  output: ByteSource,
  demanded: {
    readonly fieldName: string;
    readonly level: Level;
    readonly certificate: Certificate;
    readonly earlier: readonly SignatureReport[];
  },
): Promise<string> {
  const { fieldName, level, certificate, earlier } = demanded;
  // No online source: what can't be proven by the file itself is not proven for its reader.
  const report = await validatePdf(output, {
    trustAnchors: ports.policy.trustAnchors,
    tsaTrustAnchors: ports.policy.tsaTrustAnchors,
    now: ports.clock.now(),
    fileDigest: true,
  });
  const mine = reportOf(report, fieldName);
  if (mine === undefined) throw failed(`a signature in field ${fieldName}`, 'none');
  if (mine.signer?.sha256 !== certificate.sha256) throw failed('the credential’s certificate', 'another signer');
  // Evidence in the file is what makes B-LT: with it, nothing may be left open.
  const tolerance = level === 'B-B' || level === 'B-T' ? 'warn' : 'require';
  if (!isAcceptable(mine, { revocationCheck: tolerance })) throw failed('a valid signature', describeReport(mine));
  if (levels.indexOf(mine.level) < levels.indexOf(level)) throw failed(`level ${level}`, describeReport(mine));
  assertUnharmed(report, earlier);
  if (report.sha256 === undefined) throw failed('a digest of the file', 'none');
  return report.sha256;
}

/** Throws SigningError SELF_CHECK_FAILED when a signature of before has become invalid, or was lost. */
export function assertUnharmed(report: ValidationReport, earlier: readonly SignatureReport[]): void {
  for (const before of earlier) {
    const after = reportOf(report, before.field);
    if (after === undefined) throw failed(`the earlier signature ${before.field}`, 'none');
    if (after.verdict === 'invalid' || after.integrity !== before.integrity || after.coverage === 'modified') {
      throw failed(`the earlier signature ${before.field} as it was`, describeReport(after));
    }
  }
}

function failed(expected: string, found: string): SigningError {
  return new SigningError('SELF_CHECK_FAILED', { expected, found });
}
