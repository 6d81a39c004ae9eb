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
  const values = { ...namesOf(certificate), signingTime: sampleSigningTime };
  for (const line of lines) {
    const text = fill(line, values);
    await refusing(async () => assertDrawable(text));
  }
}

/** Fills in the certificate’s names; throws REQUEST_INVALID for any other name in braces. */
export function fillNames(text: string, certificate: Certificate): string {
  return fill(text, namesOf(certificate));
}

function namesOf(certificate: Certificate): Record<string, string> {
  return {
    signerName: certificate.commonName,
    organisationName: certificate.organisation ?? '',
    email: certificate.email ?? '',
  };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{([A-Za-z]+)\}/g, (variable, name: string) => {
    if (Object.hasOwn(values, name)) return values[name] ?? '';
    throw new SigningError('REQUEST_INVALID', {
      expected: Object.keys(values)
        .map((known) => `{${known}}`)
        .join(', '),
      found: variable,
    });
  });
}
