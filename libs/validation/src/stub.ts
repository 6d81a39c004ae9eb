// INTERFACE STUB: the owner of libs/validation replaces it by the real modules with the same exported names.
import type { Certificate } from '@kyso/cms';
import type { ByteSource } from '@kyso/pdf';
const todo = (): never => {
  throw new Error('stub');
};

/** Where revocation evidence comes from when the document holds none; the revocation cache, or nothing. */
export interface RevocationSource {
  /** `chain` leaf first, anchor last. DER of evidence that may prove it; throws nothing: empty lists when there is none. */
  evidenceFor(
    chain: readonly Certificate[],
  ): Promise<{ ocspResponses: readonly Uint8Array[]; crls: readonly Uint8Array[] }>;
}
export interface ValidationOptions {
  /** Anchors for signers. */ readonly trustAnchors: readonly Certificate[];
  /** Anchors for time-stamping units; default: trustAnchors. */ readonly tsaTrustAnchors?: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly revocation?: RevocationSource;
  /** Time of validation. */ readonly now: Date;
  /** Also computes the SHA-256 of the whole file. */ readonly fileDigest?: boolean;
}
export type Verdict = 'valid' | 'invalid' | 'indeterminate';
export type Check = 'passed' | 'failed' | 'indeterminate';
export interface Note {
  code: string;
  vi: string;
  en: string;
}
export interface CertificateSummary {
  subject: string;
  subjectName: string;
  organisation?: string | undefined;
  issuer: string;
  issuerName: string;
  serialNumber: string;
  notBefore: string;
  notAfter: string;
  sha256: string;
}
/** Same shape as signatureReportSchema in libs/contracts (which this package may not import). */
export interface SignatureReport {
  field: string;
  kind: 'signature' | 'document-timestamp';
  verdict: Verdict;
  indication: 'TOTAL-PASSED' | 'TOTAL-FAILED' | 'INDETERMINATE';
  subIndication?: string | undefined;
  reasons: Note[];
  signer?: CertificateSummary | undefined;
  level: 'B-B' | 'B-T' | 'B-LT' | 'B-LTA' | 'none';
  algorithm: string;
  integrity: Check;
  coverage: 'whole-file' | 'whole-revision' | 'modified' | 'partial';
  revision: number;
  certificateChain: Check;
  validAtSigningTime: Check;
  signingTime?: string | undefined;
  bestSignatureTime?: string | undefined;
  timestamp?: { genTime: string; tsa: string; policy: string; trusted: boolean } | undefined;
  revocation: {
    status: 'good' | 'revoked' | 'unknown';
    source: 'dss' | 'online' | 'none';
    thisUpdate?: string | undefined;
    revokedAt?: string | undefined;
  };
  docMdp?: number | undefined;
}
export interface ValidationReport {
  verdict: Verdict;
  validatedAt: string;
  sizeBytes: number;
  sha256?: string | undefined;
  signatures: SignatureReport[];
  warnings: Note[];
}
/** Throws PdfError for what is not a PDF that can be read; everything else is in the report. */
export function validatePdf(_source: ByteSource, _options: ValidationOptions): Promise<ValidationReport> {
  return todo();
}
