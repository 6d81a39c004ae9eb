import {
  describeScreening,
  judgeScreening,
  screeningKindSchema,
  screeningPolicy,
  SigningError,
  type ScreeningFinding,
} from '@kyso/contracts';
import { screenPdf, type PdfDocument } from '@kyso/pdf';
import type { ScreenedWork, ScreeningPorts } from './ports.js';

/**
 * Looks for what the policy refuses or states: the client's, as it was when the job was accepted, before the signer's.
 * Gives what is to be stated. Throws SigningError PDF_SCREENED, PdfError LIMIT_EXCEEDED.
 */
export async function screenContent(
  configured: Pick<ScreeningPorts['policy'], 'screening'>,
  job: Pick<ScreenedWork['job'], 'screening'>,
  document: PdfDocument,
  isSigned: boolean,
): Promise<readonly ScreeningFinding[]> {
  const policy = screeningPolicy(configured.screening, job.screening);
  const kinds = screeningKindSchema.options.filter((kind) => policy[kind] !== 'allow');
  const { refused, stated } = judgeScreening(await screenPdf(document, { kinds }), policy);
  if (refused.length === 0) return stated;
  throw new SigningError('PDF_SCREENED', {
    expected: isSigned
      ? 'a document without what the policy refuses; this one is signed already, so that it has to be made anew'
      : 'a document without what the policy refuses',
    found: describeScreening(refused),
  });
}
