import { findModifications, PdfError, type PdfDocument, type PdfSignature } from '@kyso/pdf';
import type { Finding } from './reasons.js';
import type { Coverage } from './report.js';

export interface CoverageJudgement {
  readonly coverage: Coverage;
  readonly findings: readonly Finding[];
}

const shownFindings = 3;

/**
 * What of the file a signature speaks for whose ByteRange is well formed. Later increments are permitted that add
 * signatures, validation data or time-stamps, or fill fields that the signer left open (ISO 32000-2, 12.8.2.2; ETSI EN 319
 * 142-1, 5.6); any other change (incremental saving attack, shadow attack, an update that no cross-reference section
 * announces) makes it invalid.
 */
export async function judgeCoverage(
  document: PdfDocument,
  signature: PdfSignature,
  sizeBytes: number,
): Promise<CoverageJudgement> {
  const [, , secondStart, secondLength] = signature.byteRange;
  if (secondStart + secondLength === sizeBytes) return { coverage: 'whole-file', findings: [] };
  const findings = await laterChanges(document, signature);
  return { coverage: findings.length === 0 ? 'whole-revision' : 'modified', findings };
}

async function laterChanges(document: PdfDocument, signature: PdfSignature): Promise<Finding[]> {
  try {
    const modifications = await findModifications(document, signature);
    if (modifications.length === 0) return [];
    const shown = modifications.slice(0, shownFindings).map(({ code, detail }) => `${code} (${detail})`);
    const more = modifications.length - shown.length;
    return [{ code: 'DOCUMENT_MODIFIED', detail: shown.join('; ') + (more > 0 ? `; +${more}` : '') }];
  } catch (error) {
    // What cannot be compared is not called unchanged.
    if (!(error instanceof PdfError)) throw error;
    const code = error.code === 'LIMIT_EXCEEDED' ? 'COMPARISON_LIMIT' : 'DOCUMENT_MODIFIED';
    return [{ code, detail: error.message }];
  }
}
