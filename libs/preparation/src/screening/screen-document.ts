import { SigningError, type ScreeningFinding } from '@kyso/contracts';
import type { ByteSource, PdfDocument } from '@kyso/pdf';
import type { SignatureReport } from '@kyso/validation';
import { describeReport } from './acceptable-signature.js';
import { reportSignatures } from './earlier-signatures.js';
import { assertOrder } from './order.js';
import type { ScreenedWork, ScreeningPorts } from './ports.js';
import { screenContent } from './screen-content.js';

/**
 * Screens a document before a key is touched: it can be signed, no earlier signature is invalid, it is this signer's turn, and
 * it holds nothing that the policy refuses. Gives the reports of the earlier signatures, and the findings to be stated.
 * Throws PdfError, SigningError EARLIER_SIGNATURE_INVALID, PDF_SCREENED and what `assertOrder` throws.
 */
export async function screenDocument(
  ports: ScreeningPorts,
  work: ScreenedWork,
  input: { readonly source: ByteSource; readonly document: PdfDocument },
): Promise<{ readonly earlier: readonly SignatureReport[]; readonly findings: readonly ScreeningFinding[] }> {
  await input.document.assertSignable();
  const signatures = await input.document.signatures();
  const reports = signatures.length === 0 ? [] : await reportSignatures(ports, work, input.source);
  const invalid = reports.find((report) => report.verdict === 'invalid');
  if (invalid !== undefined) {
    throw new SigningError('EARLIER_SIGNATURE_INVALID', {
      expected: 'no invalid signature in the document',
      found: describeReport(invalid),
    });
  }
  await assertOrder(ports, work, reports);
  const findings = await screenContent(ports.policy, work.job, input.document, signatures.length > 0);
  return { earlier: reports, findings };
}
