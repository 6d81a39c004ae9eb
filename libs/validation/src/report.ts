import type { SubIndication } from './sub-indications.js';

/** hợp lệ / không hợp lệ / không đủ thông tin xác thực (Thông tư 15/2025/TT-BKHCN); one to one with the indication. */
export type Verdict = 'valid' | 'invalid' | 'indeterminate';
export type Check = 'passed' | 'failed' | 'indeterminate';
/** Main status indication (ETSI EN 319 102-1, 5.1.3, table 5). */
export type Indication = 'TOTAL-PASSED' | 'TOTAL-FAILED' | 'INDETERMINATE';

/** One reason or warning for people. `code` is a key of the catalogue in reasons.ts. */
export interface Note {
  code: string;
  vi: string;
  en: string;
}

/** What Thông tư 15/2025/TT-BKHCN asks to be shown of a certificate. Times are ISO 8601, UTC. */
export interface CertificateSummary {
  /** RFC 4514. */
  subject: string;
  /** Common name. */
  subjectName: string;
  /** The unit that the certificate names. */
  organisation?: string | undefined;
  /** RFC 4514. */
  issuer: string;
  /** Common name of the issuing CA. */
  issuerName: string;
  serialNumber: string;
  notBefore: string;
  notAfter: string;
  /** Fingerprint, hexadecimal. */
  sha256: string;
}

export type Coverage = 'whole-file' | 'whole-revision' | 'modified' | 'partial';
export type Level = 'B-B' | 'B-T' | 'B-LT' | 'B-LTA' | 'none';

/** What the evidence says of the signer's own certificate. */
export interface RevocationSummary {
  /** `revoked` also when the revocation came after the proven time and the signature stays valid: see `verdict`. */
  status: 'good' | 'revoked' | 'unknown';
  source: 'dss' | 'online' | 'none';
  thisUpdate?: string | undefined;
  revokedAt?: string | undefined;
}

/** The token is the signature time-stamp of a signature, or the document time-stamp itself. */
export interface TimestampSummary {
  genTime: string;
  /** Common name of the time-stamping unit. */
  tsa: string;
  /** Dotted OID. */
  policy: string;
  /** Right imprint and signature, and a chain to an anchor for time-stamping; never true of a revoked unit. */
  trusted: boolean;
}

/**
 * The report on one signature or document time-stamp; same shape as `signatureReportSchema` in libs/contracts (which this
 * package may not import).
 *
 * A signer that checks its own B-B signature, for which no revocation evidence is wanted yet, looks at the single checks
 * and not at `verdict`: `integrity` and `certificateChain` are `passed`, `coverage` is `whole-file`, `level` is the level
 * asked for. None of these four depends on revocation, except `level` B-LT and above.
 */
export interface SignatureReport {
  /** Fully qualified field name. */
  field: string;
  kind: 'signature' | 'document-timestamp';
  verdict: Verdict;
  indication: Indication;
  /** ETSI EN 319 102-1, table 6; absent with TOTAL-PASSED. */
  subIndication?: SubIndication | undefined;
  /** Why, the deciding ones first; with TOTAL-PASSED only remarks. */
  reasons: Note[];
  signer?: CertificateSummary | undefined;
  /** ETSI EN 319 142-1, 6; `none` below B-B and for document time-stamps. */
  level: Level;
  /** Such as `RSA-2048 PKCS#1 v1.5 SHA-256`; `unknown` when it could not be read. */
  algorithm: string;
  /** Digest, messageDigest, signature value and signing-certificate attribute. */
  integrity: Check;
  coverage: Coverage;
  /** 1-based number of the revision that the signature closes. */
  revision: number;
  /** A path to a trust anchor, valid at `bestSignatureTime`, with the key usage and algorithms that are asked for. */
  certificateChain: Check;
  /** In its validity period and not revoked at `bestSignatureTime`. */
  validAtSigningTime: Check;
  /** /M: only a claim. */
  signingTime?: string | undefined;
  /** The earliest time that is proven, or the time of validation. */
  bestSignatureTime?: string | undefined;
  timestamp?: TimestampSummary | undefined;
  revocation: RevocationSummary;
  /** P of a certification signature. */
  docMdp?: number | undefined;
}

/** What is said of one file. */
export interface ValidationReport {
  /** `valid` only when there is a signature and all signatures and document time-stamps are valid. */
  verdict: Verdict;
  validatedAt: string;
  sizeBytes: number;
  /** Hexadecimal SHA-256 of the whole file, where it was asked for. */
  sha256?: string | undefined;
  /** In the order of their revisions. */
  signatures: SignatureReport[];
  warnings: Note[];
}
