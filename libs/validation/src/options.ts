import type { Certificate } from '@kyso/cms';

/** Where revocation evidence comes from when the document holds none; the revocation cache, or nothing. */
export interface RevocationSource {
  /** `chain` leaf first, anchor last. DER of evidence that may prove it; throws nothing: empty lists when there is none. */
  evidenceFor(
    chain: readonly Certificate[],
  ): Promise<{ ocspResponses: readonly Uint8Array[]; crls: readonly Uint8Array[] }>;
}

/** Bounds on what one file may cost. */
export interface ValidationLimits {
  /** Against a file of thousands of small signatures, each of which costs public-key operations. */
  readonly maxSignatures: number;
  /** Certificates, OCSP responses and CRLs together; against evidence that has to be tried pair by pair. */
  readonly maxSecurityStoreItems: number;
  /** Bytes of the DSS after its filters; a national CRL has some MB. */
  readonly maxSecurityStoreBytes: number;
  /** Whole validation. Signatures not judged by then are reported as DEADLINE_EXCEEDED. */
  readonly deadlineMs: number;
}

export const defaultValidationLimits: ValidationLimits = {
  maxSignatures: 500,
  maxSecurityStoreItems: 1000,
  maxSecurityStoreBytes: 64 * 1024 * 1024,
  deadlineMs: 60_000,
};

export interface ValidationOptions {
  /** Anchors for signers. */
  readonly trustAnchors: readonly Certificate[];
  /** Anchors for time-stamping units; default: trustAnchors. */
  readonly tsaTrustAnchors?: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly revocation?: RevocationSource;
  /** Time of validation. */
  readonly now: Date;
  /** Also computes the SHA-256 of the whole file. */
  readonly fileDigest?: boolean;
  readonly limits?: Partial<ValidationLimits>;
}
