import { hash } from 'node:crypto';
import * as oids from './oids.js';

/** Digest algorithms that signatures here are made with and accepted with (Thông tư 15/2025/TT-BKHCN: SHA-256 and up). */
export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** SHA-1 identifies (CertID, ESSCertID, key identifiers); as a signature's digest it counts only before SHA1_SUNSET. */
export type AnyDigestAlgorithm = DigestAlgorithm | 'sha1';

const digestOids: ReadonlyMap<string, AnyDigestAlgorithm> = new Map([
  [oids.ID_SHA1, 'sha1'],
  [oids.ID_SHA256, 'sha256'],
  [oids.ID_SHA384, 'sha384'],
  [oids.ID_SHA512, 'sha512'],
]);

/** Octets of each digest. */
export const DIGEST_BYTES: Readonly<Record<AnyDigestAlgorithm, number>> = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** Undefined for an identifier that is not processed here. */
export const digestOfOid = (oid: string): AnyDigestAlgorithm | undefined => digestOids.get(oid);

export const oidOfDigest = (algorithm: DigestAlgorithm): string =>
  ({ sha256: oids.ID_SHA256, sha384: oids.ID_SHA384, sha512: oids.ID_SHA512 })[algorithm];

/** One-shot digest; twice as fast as a Hash object for the few kilobytes of a certificate or a token. */
export const digestBytes = (algorithm: AnyDigestAlgorithm, data: Uint8Array): Uint8Array =>
  hash(algorithm, data, 'buffer');

/** SHA-256 in lower-case hexadecimal: the key of every cache here. */
export const sha256Hex = (data: Uint8Array): string => hash('sha256', data, 'hex');

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
