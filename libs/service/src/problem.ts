import { failureCodes, jobIdSchema, SigningError, toFailure, type FailureCode, type Problem } from '@kyso/contracts';

/** One fault of a request body, with its place such as `steps.0.level`. */
export interface RequestIssue {
  readonly path: string;
  readonly message: string;
}

/** SigningError REQUEST_INVALID that carries every fault found; the problem document shows them as `issues`. */
export class RequestInvalid extends SigningError {
  constructor(readonly issues: readonly RequestIssue[]) {
    super('REQUEST_INVALID', { expected: 'a request as described in the API', found: describeCount(issues.length) });
  }
}

function describeCount(count: number): string {
  return count === 1 ? '1 fault' : `${count} faults`;
}

/** The media type of every error body (RFC 9457, 3). */
export const problemMediaType = 'application/problem+json; charset=utf-8';

/** What the renderer knows of the request besides the error. */
export interface ProblemContext {
  readonly requestId: string;
  readonly jobId?: string | undefined;
}

/** The RFC 9457 body for an error. */
export function toProblem(error: SigningError, context: ProblemContext): Problem {
  const entry = failureCodes[error.code];
  const jobId = jobIdSchema.safeParse(context.jobId);
  return {
    type: `urn:kyso:problem:${error.code}`,
    title: entry.en,
    status: entry.httpStatus,
    detail: error.message,
    ...toFailure(error),
    requestId: context.requestId,
    ...(jobId.success ? { jobId: jobId.data } : {}),
    ...(error instanceof RequestInvalid ? { issues: [...error.issues] } : {}),
  };
}

/**
 * Seconds after which a repeat makes sense (RFC 9110, 10.2.3), for 429 and 503: soon where the table says that the same
 * request may pass, a minute where a person has to act first.
 */
export function retryAfterSeconds(code: FailureCode): number | undefined {
  const { httpStatus, retryable } = failureCodes[code];
  if (httpStatus !== 429 && httpStatus !== 503) return undefined;
  return retryable ? 3 : 60;
}
