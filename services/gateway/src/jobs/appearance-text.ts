import type { Certificate } from '@kyso/cms';
import { assertDrawable } from '@kyso/pdf';
import { fill, namesOf } from '../credentials/certificate-names.js';
import { refusing } from '../documents/pdf-refusal.js';

/** Any time does: it is drawn with digits and marks that stand for every other instant. */
const sampleSigningTime = '31-12-2026 23:59:59 +07:00';

/**
 * Refuses lines that could not be drawn once the certificate’s names are filled in (TEXT_NOT_DRAWABLE), and names in braces
 * that nobody fills in (REQUEST_INVALID): they would stand on the document for ever.
 */
export async function assertLinesDrawable(lines: readonly string[], certificate: Certificate): Promise<void> {
  const values = { ...namesOf(certificate), signingTime: sampleSigningTime };
  for (const line of lines) {
    const text = fill(line, values);
    await refusing(async () => assertDrawable(text));
  }
}
