import type { Certificate, DigestAlgorithm, SignatureScheme } from '@kyso/cms';
import type { Finding } from './reasons.js';

const minimumRsaBits = 2048;
/** OpenSSL's names of the curves of 256 bits and more. */
const acceptedCurves = new Set([
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
]);

/**
 * RSA from 2048 bits, ECDSA from 256 bits (Thông tư 15/2025/TT-BKHCN, and ETSI TS 119 312). SHA-1 never comes this far:
 * libs/cms refuses it as UNSUPPORTED.
 */
export function checkKey(certificate: Certificate): Finding[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const accepted =
    type === 'ec'
      ? acceptedCurves.has(details?.namedCurve ?? '')
      : (type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= minimumRsaBits;
  return accepted ? [] : [{ code: 'ALGORITHM_NOT_ACCEPTED', detail: certificate.keyDescription }];
}

const schemeNames: Readonly<Record<SignatureScheme, string>> = {
  'rsa-pkcs1': 'PKCS#1 v1.5',
  'rsa-pss': 'PSS',
  ecdsa: 'ECDSA',
};

/** Such as `RSA-2048 PKCS#1 v1.5 SHA-256`. */
export function describeAlgorithm(signature: {
  signer: Certificate;
  scheme: SignatureScheme;
  digestAlgorithm: DigestAlgorithm;
}): string {
  const digest = signature.digestAlgorithm.replace('sha', 'SHA-');
  return `${signature.signer.keyDescription} ${schemeNames[signature.scheme]} ${digest}`;
}
