import { StandardSchemaValidationPipe } from '@nestjs/common';
import { RequestInvalid } from './problem.js';

/** A body of nothing but faults must not be answered with a body many times its size. */
const maxIssues = 50;

/**
 * The global pipe: every parameter that names a schema (`@Body({ schema })`, `@Query({ schema })`, `@Param('id', { schema })`)
 * is parsed by it; the handler gets the parsed value. Throws RequestInvalid with the faults.
 */
export function createValidationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new RequestInvalid(
        issues.slice(0, maxIssues).map((issue) => ({
          path: (issue.path ?? [])
            .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
            .join('.')
            .slice(0, 200),
          message: issue.message.slice(0, 500),
        })),
      ),
  });
}
