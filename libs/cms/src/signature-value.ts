import { type KeyObject, constants, verify } from 'node:crypto';
import type { Certificate } from './certificate.js';
import { integer, nullValue, objectIdentifier, octetString, sequence, unsignedInteger } from './der-writer.js';
import { type AnyDigestAlgorithm, DIGEST_BYTES, type DigestAlgorithm, oidOfDigest } from './digest.js';
import { CmsError } from './errors.js';
import type { SignatureAlgorithm, SignatureScheme } from './signature-algorithm.js';

/**
 * Before this instant SHA-1 still counts in signatures of certificates, CRLs and OCSP answers: a certificate issued then
 * could not profit from a collision (the first was published on 2017-02-23), one issued later could.
 */
export const SHA1_SUNSET = new Date('2017-01-01T00:00:00Z');

/** Throws UNSUPPORTED for a signature with SHA-1 that was made, by its own date, after SHA1_SUNSET. */
export function assertDigestCounts({ digest }: SignatureAlgorithm, statedAt: Date): void {
  if (digest === 'sha1' && statedAt >= SHA1_SUNSET) {
    throw new CmsError('UNSUPPORTED', 'a signature with SHA-2', 'SHA-1');
  }
}

/**
 * DigestInfo ::= SEQUENCE { digestAlgorithm, digest OCTET STRING }, DER, for CKM_RSA_PKCS, which only pads and signs
 * (RFC 8017, 9.2: parameters are NULL here, other than in CMS). Throws MALFORMED for a digest of another length.
 */
export function digestInfo(algorithm: DigestAlgorithm, digest: Uint8Array): Uint8Array {
  assertDigestLength(algorithm, digest);
  const prefix = digestInfoPrefixes[algorithm];
  const encoded = new Uint8Array(prefix.length + digest.length);
  encoded.set(prefix);
  encoded.set(digest, prefix.length);
  return encoded;
}

/** Everything before the digest's bytes, which is the same for all digests of one length. */
function digestInfoPrefix(algorithm: DigestAlgorithm): Uint8Array {
  const blank = octetString(new Uint8Array(DIGEST_BYTES[algorithm]));
  const whole = sequence(sequence(objectIdentifier(oidOfDigest(algorithm)), nullValue()), blank);
  return whole.subarray(0, whole.length - DIGEST_BYTES[algorithm]);
}

const digestInfoPrefixes: Readonly<Record<DigestAlgorithm, Uint8Array>> = {
  sha256: digestInfoPrefix('sha256'),
  sha384: digestInfoPrefix('sha384'),
  sha512: digestInfoPrefix('sha512'),
};

/** Throws MALFORMED unless `digest` has the algorithm's length. */
export function assertDigestLength(algorithm: AnyDigestAlgorithm, digest: Uint8Array): void {
  if (digest.length !== DIGEST_BYTES[algorithm]) {
    throw new CmsError('MALFORMED', `${DIGEST_BYTES[algorithm]} bytes of ${algorithm}`, `${digest.length}`);
  }
}

/**
 * Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } from r‖s, each half as long as the key, as PKCS#11's CKM_ECDSA
 * gives it (RFC 3279, 2.2.3). Throws MALFORMED for an odd or empty input.
 */
export function ecdsaSignatureDer(raw: Uint8Array): Uint8Array {
  if (raw.length === 0 || raw.length % 2 === 1) {
    throw new CmsError('MALFORMED', 'r‖s of an even number of bytes', `${raw.length}`);
  }
  const half = raw.length / 2;
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}

/**
 * Whether `signature` (for ECDSA the DER SEQUENCE) over `data` was made with the certificate's key. False, never a throw,
 * for a key of another kind than the scheme's.
 */
export function verifySignatureValue(options: {
  certificate: Certificate;
  scheme: SignatureScheme;
  digestAlgorithm: DigestAlgorithm;
  data: Uint8Array;
  signature: Uint8Array;
}): boolean {
  const { certificate, scheme, digestAlgorithm, data, signature } = options;
  const saltBytes = DIGEST_BYTES[digestAlgorithm];
  return verifyWithKey(certificate.publicKey, { scheme, digest: digestAlgorithm, saltBytes }, data, signature);
}

/** As `verifySignatureValue`, for what an AlgorithmIdentifier says; false where it names no digest. */
export function verifyWithKey(
  publicKey: KeyObject,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const type = publicKey.asymmetricKeyType;
  const { scheme, digest } = algorithm;
  // Without this OpenSSL would take an EC key for "rsa-pkcs1" and judge by the key alone.
  const fits = scheme === 'ecdsa' ? type === 'ec' : type === 'rsa' || (scheme === 'rsa-pss' && type === 'rsa-pss');
  if (!fits || digest === undefined) return false;
  try {
    if (scheme === 'ecdsa') return verify(digest, data, { key: publicKey, dsaEncoding: 'der' }, signature);
    if (scheme === 'rsa-pkcs1') {
      return verify(digest, data, { key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    }
    const saltLength = algorithm.saltBytes ?? DIGEST_BYTES[digest];
    return verify(digest, data, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
  } catch {
    // A restricted RSA-PSS key (RFC 4055, 1.2) refuses other parameters by throwing: the signature is wrong for this key.
    return false;
  }
}

/** Upper bound of the octets of a signature by this key. Throws UNSUPPORTED for a key of another kind. */
export function maxSignatureBytes(publicKey: KeyObject): number {
  const details = publicKey.asymmetricKeyDetails;
  if (details?.modulusLength !== undefined) return Math.ceil(details.modulusLength / 8);
  const field = details?.namedCurve === undefined ? undefined : FIELD_BYTES[details.namedCurve];
  if (field === undefined) throw new CmsError('UNSUPPORTED', 'an RSA, P-256, P-384 or P-521 key', 'another');
  const longest = tlvInteger(field);
  return sequence(longest, longest).length;
}

/** OpenSSL's names of the curves of RFC 5480, 2.1.1.1, and the octets of their order. */
export const FIELD_BYTES: Readonly<Record<string, number>> = { prime256v1: 32, secp384r1: 48, secp521r1: 66 };

const tlvInteger = (octets: number): Uint8Array => integer((1n << BigInt(8 * octets)) - 1n);
