import { NULL, SEQUENCE, contextConstructed } from './der-tags.js';
import { integer, nullValue, objectIdentifier, sequence, tlv } from './der-writer.js';
import type { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';
import { type AnyDigestAlgorithm, DIGEST_BYTES, type DigestAlgorithm, digestOfOid, oidOfDigest } from './digest.js';
import * as oids from './oids.js';

/** RSASSA-PKCS1-v1_5 and RSASSA-PSS of RFC 8017, ECDSA on P-256 or P-384 (RFC 5753, 5754). */
export type SignatureScheme = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';

/** What a signature's AlgorithmIdentifier says. */
export interface SignatureAlgorithm {
  readonly scheme: SignatureScheme;
  /** Absent for rsaEncryption, which leaves the digest to the field beside it (RFC 3370, 3.2). */
  readonly digest?: AnyDigestAlgorithm;
  /** Octets; for rsa-pss only. */
  readonly saltBytes?: number;
}

const withDigest: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.5', { scheme: 'rsa-pkcs1', digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { scheme: 'rsa-pkcs1', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { scheme: 'rsa-pkcs1', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { scheme: 'rsa-pkcs1', digest: 'sha512' }],
  ['1.2.840.10045.4.1', { scheme: 'ecdsa', digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { scheme: 'ecdsa', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { scheme: 'ecdsa', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { scheme: 'ecdsa', digest: 'sha512' }],
  [oids.RSA_ENCRYPTION, { scheme: 'rsa-pkcs1' }],
]);

const ECDSA_WITH: Readonly<Record<DigestAlgorithm, string>> = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

/**
 * DigestAlgorithmIdentifier. Parameters are absent when written (RFC 5754, 2: "MUST generate … with absent parameters").
 */
export const digestIdentifier = (algorithm: DigestAlgorithm): Uint8Array =>
  sequence(objectIdentifier(oidOfDigest(algorithm)));

/** Reads a DigestAlgorithmIdentifier; absent and NULL parameters mean the same (RFC 5754, 2). Throws UNSUPPORTED. */
export function readDigestIdentifier(reader: DerReader): AnyDigestAlgorithm {
  const identifier = reader.enter(SEQUENCE);
  const oid = identifier.oid();
  const digest = digestOfOid(oid);
  if (digest === undefined) throw new CmsError('UNSUPPORTED', `SHA-2 digest in ${reader.what}`, oid);
  identifier.contentOptional(NULL);
  identifier.end();
  return digest;
}

/** As `readDigestIdentifier`, but refuses SHA-1, whose collisions are practical. */
export function readStrongDigestIdentifier(reader: DerReader): DigestAlgorithm {
  const digest = readDigestIdentifier(reader);
  if (digest === 'sha1') throw new CmsError('UNSUPPORTED', `SHA-256, SHA-384 or SHA-512 in ${reader.what}`, 'SHA-1');
  return digest;
}

/**
 * SignatureAlgorithmIdentifier of a SignerInfo.
 *
 * - rsa-pkcs1: rsaEncryption with NULL, the one identifier that every implementation must take (RFC 3370, 3.2: sha…With-
 *   RSAEncryption is a MAY there); the digest stands in digestAlgorithm.
 * - rsa-pss: id-RSASSA-PSS with explicit parameters (RFC 4056, 3): MGF1 with the same hash, salt as long as the hash. The
 *   hash identifiers inside carry NULL, as RFC 4055, 2.1 defines them.
 * - ecdsa: ecdsa-with-SHA…, parameters absent (RFC 5754, 3.3).
 */
export function signatureIdentifier(scheme: SignatureScheme, digest: DigestAlgorithm): Uint8Array {
  if (scheme === 'rsa-pkcs1') return sequence(objectIdentifier(oids.RSA_ENCRYPTION), nullValue());
  if (scheme === 'ecdsa') return sequence(objectIdentifier(ECDSA_WITH[digest]));
  const hashIdentifier = sequence(objectIdentifier(oidOfDigest(digest)), nullValue());
  return sequence(
    objectIdentifier(oids.ID_RSASSA_PSS),
    sequence(
      tlv(contextConstructed(0), hashIdentifier),
      tlv(contextConstructed(1), sequence(objectIdentifier(oids.ID_MGF1), hashIdentifier)),
      tlv(contextConstructed(2), integer(DIGEST_BYTES[digest])),
    ),
  );
}

/** Reads a SignatureAlgorithmIdentifier. Throws UNSUPPORTED for one that is not processed here, MALFORMED. */
export function readSignatureIdentifier(reader: DerReader): SignatureAlgorithm {
  const identifier = reader.enter(SEQUENCE);
  const oid = identifier.oid();
  if (oid === oids.ID_RSASSA_PSS) return readPssParameters(identifier);
  const algorithm = withDigest.get(oid);
  if (algorithm === undefined) {
    throw new CmsError('UNSUPPORTED', `RSA PKCS#1 v1.5, RSASSA-PSS or ECDSA in ${reader.what}`, oid);
  }
  identifier.contentOptional(NULL);
  identifier.end();
  return algorithm;
}

/**
 * RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
 *   saltLength [2] INTEGER DEFAULT 20, trailerField [3] INTEGER DEFAULT 1 }  (RFC 4055, 3.1)
 *
 * The mask's hash must be the signature's (RFC 4056, 3 recommends it, node:crypto verifies nothing else safely).
 */
function readPssParameters(identifier: DerReader): SignatureAlgorithm {
  const parameters = identifier.enter(SEQUENCE);
  identifier.end();
  const hashField = parameters.enterOptional(contextConstructed(0));
  const digest = hashField ? readDigestIdentifier(hashField) : 'sha1';
  const mask = parameters.enterOptional(contextConstructed(1))?.enter(SEQUENCE);
  if (mask && mask.oid() !== oids.ID_MGF1) throw new CmsError('UNSUPPORTED', 'mask generation by MGF1', 'another');
  const maskDigest = mask ? readDigestIdentifier(mask) : 'sha1';
  if (maskDigest !== digest) throw new CmsError('UNSUPPORTED', `MGF1 with ${digest}`, `MGF1 with ${maskDigest}`);
  const saltBytes = parameters.enterOptional(contextConstructed(2))?.smallUnsigned() ?? 20;
  // The longest salt of an RSA-16384 key; stops a length that only makes the verification fail late.
  if (saltBytes > 2_048) throw new CmsError('LIMIT_EXCEEDED', 'salt of at most 2048 octets', String(saltBytes));
  const trailer = parameters.enterOptional(contextConstructed(3))?.smallUnsigned() ?? 1;
  if (trailer !== 1) throw new CmsError('UNSUPPORTED', 'trailerField 1', String(trailer));
  parameters.end();
  return { scheme: 'rsa-pss', digest, saltBytes };
}
