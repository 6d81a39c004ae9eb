import type { Problem } from './generated/api.js';

/** What the gateway answered instead of what was asked for. Decide by `code`, show `messageVi`, log `detail` and `requestId`. */
export class KysoError extends Error {
  override readonly name = 'KysoError';

  constructor(
    /** Of HTTP; 0 when there was no answer. */
    readonly status: number,
    readonly problem: Partial<Problem>,
    options?: ErrorOptions,
  ) {
    super(
      `${status} ${problem.code ?? ''}: ${problem.detail ?? problem.title ?? 'no problem document'}`.trim(),
      options,
    );
  }

  /** One of docs/failure-codes.md; undefined where something between us answered. */
  get code(): Problem['code'] | undefined {
    return this.problem.code;
  }

  /** For the official, in Vietnamese. */
  get messageVi(): string {
    return this.problem.messageVi ?? 'Không kết nối được với dịch vụ ký số.';
  }
}

/** A signing job that ended without its signatures. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';

  constructor(
    readonly jobId: string,
    readonly failure: {
      readonly code: string;
      readonly messageVi: string;
      readonly messageEn: string;
      readonly found?: string;
    },
  ) {
    super(`${jobId}: ${failure.code}: ${failure.messageEn} ${failure.found ?? ''}`.trim());
  }
}
