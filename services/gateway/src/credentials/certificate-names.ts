import type { Certificate } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';

/** Fills in the certificate’s names; throws REQUEST_INVALID for any other name in braces. */
export function fillNames(text: string, certificate: Certificate): string {
  return fill(text, namesOf(certificate));
}

/** What a text may hold in braces, and what stands there instead. */
export function namesOf(certificate: Certificate): Record<string, string> {
  return {
    signerName: certificate.commonName,
    organisationName: certificate.organisation ?? '',
    email: certificate.email ?? '',
  };
}

/** Throws REQUEST_INVALID for a name in braces that `values` doesn’t have. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
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
