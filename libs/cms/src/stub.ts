// INTERFACE STUB: fixed signatures that the other packages compile against. The owner of libs/cms replaces this file by
// the real modules (re-exported from index.ts) with the same exported names and shapes.
import type { KeyObject, X509Certificate } from 'node:crypto';
const todo = (): never => {
  throw new Error('stub');
};

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512';
export type SignatureScheme = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';

/** A parsed certificate (RFC 5280); parsed once and kept by hash. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly sha256: string;
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  /** RFC 4514. */ readonly subject: string;
  readonly issuer: string;
  readonly commonName: string;
  readonly organisation?: string;
  readonly email?: string;
  readonly issuerCommonName: string;
  /** Hexadecimal, lower case, no leading zeros beyond DER's. */ readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  readonly selfIssued: boolean;
  readonly pathLength?: number;
  /** undefined: extension absent. Names as in RFC 5280, 4.2.1.3. */
  readonly keyUsage?: ReadonlySet<string>;
  /** Dotted OIDs. */ readonly extendedKeyUsage?: readonly string[];
  readonly extendedKeyUsageCritical: boolean;
  readonly ocspUrls: readonly string[];
  readonly crlUrls: readonly string[];
  readonly caIssuersUrls: readonly string[];
  /** id-pkix-ocsp-nocheck present (RFC 6960, 4.2.2.2.1). */ readonly ocspNoCheck: boolean;
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Such as RSA-2048 or EC-P-256. */ readonly keyDescription: string;
}
export function parseCertificate(_der: Uint8Array): Certificate {
  return todo();
}
/** All certificates of a PEM text, in order. */
export function parseCertificatesPem(_pem: string): Certificate[] {
  return todo();
}

export type CmsErrorCode =
  | 'MALFORMED'
  | 'LIMIT_EXCEEDED'
  | 'UNSUPPORTED'
  | 'NO_CHAIN'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'CONSTRAINT'
  | 'SIGNATURE_WRONG'
  | 'DIGEST_MISMATCH'
  | 'NONCE_MISMATCH'
  | 'POLICY_MISMATCH'
  | 'STATUS'
  | 'KEY_USAGE'
  | 'SIGNING_CERTIFICATE'
  | 'TIME_WINDOW'
  | 'RESPONDER'
  | 'STALE'
  | 'REVOKED';
export class CmsError extends Error {
  constructor(
    readonly code: CmsErrorCode,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${code}: expected ${expected}, found ${found}`);
  }
}

/** Leaf first, trust anchor last; every link checked at `at` (RFC 5280, 6.1). Throws CmsError NO_CHAIN, EXPIRED, NOT_YET_VALID, CONSTRAINT. */
export function buildChain(
  _leaf: Certificate,
  _options: { intermediates: readonly Certificate[]; trustAnchors: readonly Certificate[]; at: Date },
): Certificate[] {
  return todo();
}

/** The CMS of one signer as a DER template: made once per credential, then patched per document (RFC 5652; ETSI EN 319 122-1). */
export interface CadesTemplate {
  /** DER of SignedAttributes as a SET OF, the bytes that are hashed and signed (RFC 5652, 5.4). */
  signedAttrs(_messageDigest: Uint8Array): Uint8Array;
  /** The whole ContentInfo. `signature` is as CMS wants it: for ECDSA the DER SEQUENCE, not r‖s. */
  assemble(_messageDigest: Uint8Array, _signature: Uint8Array, _timestampTokenDer?: Uint8Array): Uint8Array;
  /** Size of the CMS with a time-stamp token of that size (0: none). */
  sizeBytes(_timestampTokenBytes: number): number;
}
export function createCadesTemplate(_options: {
  signer: Certificate;
  certificates: readonly Certificate[];
  scheme: SignatureScheme;
  digestAlgorithm: DigestAlgorithm;
}): CadesTemplate {
  return todo();
}
/** DER DigestInfo for CKM_RSA_PKCS (RFC 8017, 9.2). */
export function digestInfo(_algorithm: DigestAlgorithm, _digest: Uint8Array): Uint8Array {
  return todo();
}
/** r‖s of PKCS#11 to Ecdsa-Sig-Value (RFC 3279, 2.2.3). */
export function ecdsaSignatureDer(_raw: Uint8Array): Uint8Array {
  return todo();
}
/** Verifies `signature` over `data` with the certificate's key. */
export function verifySignatureValue(_options: {
  certificate: Certificate;
  scheme: SignatureScheme;
  digestAlgorithm: DigestAlgorithm;
  data: Uint8Array;
  signature: Uint8Array;
}): boolean {
  return todo();
}

/** Result of checking one CAdES signature against a document digest; the chain is the caller's to judge. */
export interface CadesCheck {
  readonly signer: Certificate;
  readonly certificates: readonly Certificate[];
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** messageDigest attribute equals the digest given. */ readonly digestMatches: boolean;
  /** Signature over signedAttrs verifies with the signer's key. */ readonly signatureMatches: boolean;
  /** ESS signing-certificate(-v2) present and equal to the signer (RFC 5035). */ readonly signingCertificate:
    'v2' | 'v1' | 'absent' | 'mismatch';
  readonly hasSigningTimeAttribute: boolean;
  /** The raw signature value, what a signature time-stamp covers. */ readonly signatureValue: Uint8Array;
  readonly timestampTokenDer?: Uint8Array;
  /** Deviations from ETSI EN 319 142-1 baseline that do not break the cryptography. */ readonly formatIssues: readonly string[];
}
/** `digestFor` is asked for the document digest in the algorithm that the CMS names. Throws CmsError. */
export function checkCades(
  _cmsDer: Uint8Array,
  _digestFor: (algorithm: DigestAlgorithm) => Promise<Uint8Array>,
): Promise<CadesCheck> {
  return todo();
}

export interface TimestampRequest {
  readonly messageImprint: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly nonce?: bigint;
  readonly policy?: string;
  readonly certReq: boolean;
}
export function createTimestampRequest(_request: TimestampRequest): Uint8Array {
  return todo();
}
export function parseTimestampRequest(_der: Uint8Array): TimestampRequest {
  return todo();
}
/** PKIStatus and the token of a TimeStampResp (RFC 3161, 2.4.2). Throws CmsError MALFORMED, STATUS. */
export function parseTimestampResponse(_der: Uint8Array): { tokenDer: Uint8Array } {
  return todo();
}
export interface TimestampInfo {
  readonly genTime: Date;
  readonly policy: string;
  readonly serialNumber: string;
  readonly nonce?: bigint;
  readonly accuracyMs?: number;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly messageImprint: Uint8Array;
  readonly tsa: Certificate;
  readonly certificates: readonly Certificate[];
}
/** TSTInfo, signature, ESSCertID(v2), EKU id-kp-timeStamping critical and alone; not the chain. Throws CmsError. */
export function openTimestampToken(_tokenDer: Uint8Array): TimestampInfo {
  return todo();
}
/** Everything of RFC 3161, 2.2 and 2.3, and the chain: imprint, nonce, policy, EKU, ESSCertID, signature, chain, time window. Throws CmsError. */
export function verifyTimestampToken(
  _tokenDer: Uint8Array,
  _expected: {
    messageImprint: Uint8Array;
    digestAlgorithm: DigestAlgorithm;
    nonce?: bigint;
    policies?: readonly string[];
    trustAnchors: readonly Certificate[];
    intermediates?: readonly Certificate[];
    /** genTime may differ by `maxSkewMs` from it; absent: not checked. */ now?: Date;
    maxSkewMs?: number;
  },
): TimestampInfo & { chain: readonly Certificate[] } {
  return todo();
}

export interface RevocationProof {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly producedAt?: Date;
  readonly revokedAt?: Date;
  readonly reason?: string;
  /** The responder's or CRL issuer's certificates that the caller's chain lacks. */ readonly certificates: readonly Certificate[];
}
export function createOcspRequest(_certificate: Certificate, _issuer: Certificate, _nonce?: Uint8Array): Uint8Array {
  return todo();
}
/** Signature, responder's right (issuer, or delegated with id-kp-OCSPSigning by the issuer), CertID, dates at `at` (RFC 6960, 3.2). Throws CmsError. */
export function verifyOcspResponse(
  _der: Uint8Array,
  _about: {
    certificate: Certificate;
    issuer: Certificate;
    at: Date;
    nonce?: Uint8Array;
    /** false: past nextUpdate is accepted (validation of old evidence). */ requireFresh?: boolean;
  },
): RevocationProof {
  return todo();
}
/** Signature by the issuer, cRLSign, issuing distribution point, dates at `at`, entry (RFC 5280, 6.3). Throws CmsError. */
export function verifyCrl(
  _der: Uint8Array,
  _about: { certificate: Certificate; issuer: Certificate; at: Date; requireFresh?: boolean },
): RevocationProof {
  return todo();
}
