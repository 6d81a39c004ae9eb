import { PdfError } from './errors.js';
import type { PdfLimits } from './types.js';

/** What a real document of a public authority stays far below, and a server with many uploads at once survives. */
export const defaultPdfLimits: PdfLimits = Object.freeze({
  maxNesting: 100,
  maxRevisions: 2_000,
  maxObjects: 2_000_000,
  maxInflatedBytes: 64 * 1024 * 1024,
  maxObjectBytes: 16 * 1024 * 1024,
  maxPages: 100_000,
  maxScreenedObjects: 5_000,
  maxSignatures: 1_000,
  deadlineMs: 10_000,
  maxRepairBytes: 4 * 1024 * 1024 * 1024,
  maxRepairObjects: 500_000,
  maxRepairInflatedBytes: 512 * 1024 * 1024,
  repairDeadlineMs: 20_000,
});

export function limitExceeded(expected: string, found: string | number): PdfError {
  return new PdfError('LIMIT_EXCEEDED', expected, String(found));
}

/** Counts what one operation on a document visits and stops it at `maxObjects` or `deadlineMs`. */
export class Meter {
  private visits = 0;
  private deadline: number;
  private allowedMs: number;

  constructor(private readonly limits: PdfLimits) {
    this.allowedMs = limits.deadlineMs;
    this.deadline = performance.now() + limits.deadlineMs;
  }

  /** Starts anew; called at the start of each public operation, and of a repair with its own deadline. */
  begin(deadlineMs: number = this.limits.deadlineMs): void {
    this.visits = 0;
    this.allowedMs = deadlineMs;
    this.deadline = performance.now() + deadlineMs;
  }

  /** To be called for each object or section that is read. Throws PdfError LIMIT_EXCEEDED. */
  visit(): void {
    this.visits += 1;
    if (this.visits > this.limits.maxObjects) {
      throw limitExceeded(`at most ${this.limits.maxObjects} objects visited`, 'more');
    }
    if (performance.now() > this.deadline) {
      throw limitExceeded(`an answer within ${this.allowedMs} ms`, 'no answer yet');
    }
  }
}
