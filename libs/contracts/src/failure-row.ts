import type { BilingualText } from './texts/bilingual.js';

/** What is said of one failure. */
export interface FailureRow extends BilingualText {
  /** HTTP status when the failure is answered directly (RFC 9110). */
  readonly httpStatus: number;
  /** True when the same request may pass later without being changed. */
  readonly retryable: boolean;
}

/** `vi`, `en`: what an official reads. */
export function row(httpStatus: number, retryable: boolean, vi: string, en: string): FailureRow {
  return { httpStatus, retryable, vi, en };
}
