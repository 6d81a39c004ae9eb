import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SigningError } from '@kyso/contracts';
import { asSigningError } from './as-signing-error.js';
import { problemMediaType, retryAfterSeconds, toProblem } from './problem.js';

/**
 * Renders everything that is thrown while a request is handled as `application/problem+json` (RFC 9457), and logs it: what
 * is our fault with its stack, what is the caller's with its code only. The stack never goes over HTTP.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly limits: { bodyLimitBytes: number }) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.limits);
  }
}

/** The same for what fails outside Nest's handlers (hooks, framework errors). */
export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  limits: { bodyLimitBytes: number },
): void {
  if (request.raw.destroyed && reply.raw.destroyed) {
    request.log.debug({ requestId: request.id }, 'the caller went away');
    return;
  }
  const error = asSigningError(thrown, limits);
  logProblem(error, request);
  if (reply.raw.headersSent || reply.sent) {
    // Half an answer is out. Ending it normally would make it look whole; a reset connection can't be misread.
    reply.raw.destroy();
    return;
  }
  const problem = toProblem(error, {
    requestId: request.id,
    jobId: (request.params as { jobId?: string } | null | undefined)?.jobId,
  });
  const retryAfter = retryAfterSeconds(error.code);
  if (retryAfter !== undefined && !reply.hasHeader('retry-after')) void reply.header('retry-after', retryAfter);
  if (problem.status === 401 && !reply.hasHeader('www-authenticate')) void reply.header('www-authenticate', 'Bearer');
  // Fastify would have to guess how to serialise an unknown media type; the string is ready.
  void reply.code(problem.status).header('content-type', problemMediaType).send(JSON.stringify(problem));
}

function logProblem(error: SigningError, request: FastifyRequest): void {
  const facts = { code: error.code, method: request.method, route: request.routeOptions?.url };
  if (error.code === 'INTERNAL') request.log.error({ ...facts, err: error }, 'request failed');
  else if (error.retryable) request.log.warn({ ...facts, err: error }, 'request failed for now');
  else request.log.info({ ...facts, expected: error.expected, found: error.found }, 'request refused');
}
