import { digestInfo, ecdsaSignatureDer } from '@kyso/cms';
import type { DigestRequest } from './digest-signer.js';
import type { TokenMechanism } from './token-host-messages.js';

/** The mechanism of a scheme. */
export function toTokenMechanism(request: Pick<DigestRequest, 'scheme' | 'digestAlgorithm'>): TokenMechanism {
  return request.scheme === 'rsa-pss'
    ? { kind: 'rsa-pss', digestAlgorithm: request.digestAlgorithm }
    : { kind: request.scheme };
}

/** CKM_RSA_PKCS pads what it is given, so it gets the DigestInfo (RFC 8017, 9.2, step 2); the others take the digest. */
export function toTokenInput(request: Pick<DigestRequest, 'scheme' | 'digestAlgorithm' | 'digest'>): Uint8Array {
  return request.scheme === 'rsa-pkcs1' ? digestInfo(request.digestAlgorithm, request.digest) : request.digest;
}

/** A token gives ECDSA as r‖s; CMS wants Ecdsa-Sig-Value. RSA is the same in both. */
export function toSignatureValue(request: Pick<DigestRequest, 'scheme'>, output: Uint8Array): Uint8Array {
  return request.scheme === 'ecdsa' ? ecdsaSignatureDer(output) : output;
}
