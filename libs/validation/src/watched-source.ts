import { PdfError, type ByteSource } from '@kyso/pdf';

/** Thrown by reads after the deadline. */
export class DeadlineExceeded extends PdfError {
  constructor(deadlineMs: number) {
    super('LIMIT_EXCEEDED', `validation within ${deadlineMs} ms`, 'no end yet');
  }
}

/**
 * Passes reads on, stops them at the deadline, and remembers a read that failed: an object store that is down must not be
 * reported as a damaged signature.
 */
export class WatchedSource implements ByteSource {
  readonly size: number;
  private failure: { readonly error: unknown } | undefined;
  private readonly deadline: number;

  constructor(
    /** What is watched. */
    readonly source: ByteSource,
    private readonly deadlineMs: number,
  ) {
    this.size = source.size;
    this.deadline = performance.now() + deadlineMs;
  }

  get late(): boolean {
    return performance.now() > this.deadline;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    if (this.late) return Promise.reject(new DeadlineExceeded(this.deadlineMs));
    return this.source.read(offset, length).catch((error: unknown) => {
      this.failure = { error };
      throw error;
    });
  }

  peek(offset: number, length: number): Uint8Array | undefined {
    // When it is late, `read` says so.
    return this.late ? undefined : this.source.peek?.(offset, length);
  }

  /** Throws the error of a read that failed, if there was one. */
  rethrowFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}

/** The file as it was when it ended at `end`. */
export const sourceUntil = (source: ByteSource, end: number): ByteSource => ({
  size: end,
  read: (offset, length) => source.read(offset, Math.max(0, Math.min(length, end - offset))),
  peek: (offset, length) => source.peek?.(offset, Math.max(0, Math.min(length, end - offset))),
});
