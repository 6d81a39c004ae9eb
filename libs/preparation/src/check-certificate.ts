import { SigningError, type CredentialRecord } from '@kyso/contracts';
import { CmsError, buildChain, type Certificate } from '@kyso/cms';

/** Smallest RSA modulus and the curves that may sign (Thông tư 15/2025/TT-BKHCN: RSA of 2048 bits, ECDSA of 256 bits). */
const minRsaBits = 2_048;
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Refuses a certificate that may not sign documents now. Throws SigningError CERTIFICATE_NOT_YET_VALID,
 * CERTIFICATE_EXPIRED, CERTIFICATE_UNFIT.
 */
export function checkCertificate(certificate: Certificate, scheme: CredentialRecord['scheme'], now: Date): void {
  checkDates(certificate, now);
  if (certificate.isCa) throw unfit('an end entity certificate', 'a CA certificate');
  const { keyUsage, publicKey } = certificate;
  // RFC 5280, 4.2.1.3: either bit allows signatures on documents; an absent extension forbids nothing.
  if (keyUsage !== undefined && !keyUsage.has('nonRepudiation') && !keyUsage.has('digitalSignature')) {
    throw unfit('key usage nonRepudiation or digitalSignature', [...keyUsage].join(', '));
  }
  const details = publicKey.asymmetricKeyDetails ?? {};
  if (scheme === 'ecdsa') {
    if (publicKey.asymmetricKeyType !== 'ec' || !curves.has(details.namedCurve ?? '')) {
      throw unfit('an EC key on P-256, P-384 or P-521', certificate.keyDescription);
    }
    return;
  }
  const isRsa = publicKey.asymmetricKeyType === 'rsa' || publicKey.asymmetricKeyType === 'rsa-pss';
  if (!isRsa || (details.modulusLength ?? 0) < minRsaBits) {
    throw unfit(`an RSA key of at least ${minRsaBits} bits`, certificate.keyDescription);
  }
}

function checkDates(certificate: Certificate, now: Date): void {
  const { notBefore, notAfter } = certificate;
  if (now < notBefore) {
    throw new SigningError('CERTIFICATE_NOT_YET_VALID', {
      expected: `a time after ${notBefore.toISOString()}`,
      found: now.toISOString(),
    });
  }
  if (now > notAfter) {
    throw new SigningError('CERTIFICATE_EXPIRED', {
      expected: `a time before ${notAfter.toISOString()}`,
      found: now.toISOString(),
    });
  }
}

/**
 * The certificate's chain to a trust anchor, every link checked at `now` (RFC 5280, 6.1).
 * Throws SigningError CERTIFICATE_UNTRUSTED.
 */
export function chainToAnchor(
  certificates: readonly Certificate[],
  trustAnchors: readonly Certificate[],
  now: Date,
): Certificate[] {
  const [leaf, ...intermediates] = certificates;
  if (leaf === undefined) throw new SigningError('CERTIFICATE_UNTRUSTED', { expected: 'a certificate', found: 'none' });
  try {
    return buildChain(leaf, { intermediates, trustAnchors, at: now });
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    throw new SigningError('CERTIFICATE_UNTRUSTED', { expected: error.expected, found: error.found, cause: error });
  }
}

function unfit(expected: string, found: string): SigningError {
  return new SigningError('CERTIFICATE_UNFIT', { expected, found });
}
