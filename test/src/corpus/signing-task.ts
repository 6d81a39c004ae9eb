import type { PdfErrorCode } from '@kyso/pdf';
import type { SoftwareSigner } from '@kyso/sandbox';

/** What the process that signs one file is told. */
export interface SigningTask {
  readonly originalPath: string;
  readonly signedPath: string;
  readonly password: string | undefined;
  readonly anchorPem: string;
  /** The first signs invisibly, the second visibly. */
  readonly signers: readonly [SoftwareSigner, SoftwareSigner];
  readonly imagePng: string;
}

/** A file that has both signatures. */
export interface SignedAnswer {
  readonly outcome: 'signed';
  readonly fieldNames: readonly [string, string];
  /** Page 1 as displayed, and where the appearance stands on it, in points from the lower left corner. */
  readonly page: { readonly widthPt: number; readonly heightPt: number };
  readonly rectangle: {
    readonly xPt: number;
    readonly yPt: number;
    readonly widthPt: number;
    readonly heightPt: number;
  };
  /** Text of the appearance. */
  readonly lines: readonly string[];
  /** What a person should know about this file. */
  readonly notes: readonly string[];
  /** Why our own validation is not content with one of the two signatures. */
  readonly objections: readonly string[];
}

/** What the process that signs one file answers. */
export type SigningAnswer = { readonly ms: number; readonly peakRssKb: number } & (
  | SignedAnswer
  | { readonly outcome: 'refused'; readonly code: PdfErrorCode; readonly found: string }
  | { readonly outcome: 'failed'; readonly code: string; readonly found: string }
);
