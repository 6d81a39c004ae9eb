import type { Certificate } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import { assertDrawable } from '@kyso/pdf';
import { refusing } from '../documents/pdf-refusal.js';

/** Any time does: it is drawn with digits and marks that stand for every other instant. */
const sampleSigningTime = '31-12-2026 23:59:59 +07:00';

/**
 * Refuses lines that could not be drawn once the certificate’s names are filled in (TEXT_NOT_DRAWABLE), and names in braces
 * that nobody fills in (REQUEST_INVALID): they would stand on the document for ever.
 */
export async function assertLinesDrawable(lines: readonly string[], certificate: Certificate): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    signerName: certificate.commonName,
    organisationName: certificate.organisation ?? '',
    email: certificate.email ?? '',
    signingTime: sampleSigningTime,
  };
  for (const line of lines) {
    const text = line.replaceAll(/\{([A-Za-z]+)\}/g, (variable, name: string) => {
      if (Object.hasOwn(values, name)) return values[name] ?? '';
      throw new SigningError('REQUEST_INVALID', {
        expected: Object.keys(values)
          .map((known) => `{${known}}`)
          .join(', '),
        found: variable,
      });
    });
    await refusing(async () => assertDrawable(text));
  }
}
