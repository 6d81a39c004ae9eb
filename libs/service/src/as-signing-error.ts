import { HttpException } from '@nestjs/common';
import { SigningError, type FailureCode } from '@kyso/contracts';

/** Fastify’s own errors (https://fastify.dev/docs/latest/Reference/Errors/) in terms of our table. */
const byFastifyCode: Readonly<Record<string, FailureCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'REQUEST_INVALID',
  FST_ERR_CTP_INVALID_JSON_BODY: 'REQUEST_INVALID',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID',
  FST_ERR_VALIDATION: 'REQUEST_INVALID',
  FST_ERR_BAD_URL: 'REQUEST_INVALID',
  FST_ERR_INVALID_URL: 'REQUEST_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'ROUTE_UNKNOWN',
  FST_ERR_NOT_FOUND: 'ROUTE_UNKNOWN',
};

const byStatus: Readonly<Record<number, FailureCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'ROUTE_UNKNOWN',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'REQUEST_INVALID',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  416: 'RANGE_NOT_SATISFIABLE',
  429: 'RATE_LIMITED',
};

/**
 * Puts anything that was thrown into terms of the failure table: SigningErrors as they are; Fastify’s and Nest’s own by code
 * or status; everything else INTERNAL with the error as its cause (which is logged and never sent).
 */
export function asSigningError(thrown: unknown, limits: { bodyLimitBytes: number }): SigningError {
  if (thrown instanceof SigningError) return thrown;
  const { code, statusCode } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
    code?: unknown;
    statusCode?: unknown;
  };
  const known = typeof code === 'string' ? byFastifyCode[code] : undefined;
  if (known !== undefined) return new SigningError(known, { ...factsOf(thrown, known, limits), cause: thrown });

  const status =
    thrown instanceof HttpException ? thrown.getStatus() : typeof statusCode === 'number' ? statusCode : 500;
  const failure = byStatus[status] ?? (status >= 400 && status < 500 ? 'REQUEST_INVALID' : 'INTERNAL');
  return new SigningError(failure, { ...factsOf(thrown, failure, limits), cause: thrown });
}

/** Only messages of a framework about the caller's own request are shown; those of anything else may hold our data. */
function factsOf(
  thrown: unknown,
  failure: FailureCode,
  limits: { bodyLimitBytes: number },
): { expected?: string; found?: string } {
  if (failure === 'BODY_TOO_LARGE') return { expected: `at most ${limits.bodyLimitBytes} bytes` };
  if (failure === 'REQUEST_INVALID' && thrown instanceof Error) return { found: thrown.message.slice(0, 200) };
  return {};
}
