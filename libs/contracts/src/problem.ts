import { z } from 'zod';
import { failureCodes, type FailureCode } from './failure-codes.js';
import type { SigningError } from './signing-error.js';

export const failureCodeSchema = z
  .enum(Object.keys(failureCodes) as [FailureCode, ...FailureCode[]])
  .describe('One of the failure codes in docs/failure-codes.md')
  .meta({ id: 'FailureCode' });

/** A failure as it is stored in an outcome and shown to a client. */
export const failureSchema = z
  .object({
    code: failureCodeSchema,
    messageVi: z.string().describe('For the official, in Vietnamese'),
    messageEn: z.string().describe('The same in English'),
    expected: z.string().optional().describe('What would have been accepted'),
    found: z.string().optional().describe('What was found instead'),
    retryable: z.boolean().describe('True when the same request may pass later unchanged'),
  })
  .meta({ id: 'Failure' });
export type Failure = z.infer<typeof failureSchema>;

/** The body of every HTTP error, RFC 9457. */
export const problemSchema = failureSchema
  .extend({
    type: z.string().describe('urn:kyso:problem:<code>'),
    title: z.string().describe('English text of the code'),
    status: z.int().describe('The HTTP status'),
    detail: z.string().describe('Expected and found, in English'),
    requestId: z.string().describe('Also in the X-Request-Id header and in the logs'),
    jobId: z.string().optional(),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('For REQUEST_INVALID: every fault that was found in the body'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

/** What is stored and shown of an error; nothing but the code, the two numbers and the catalogue's texts. */
export function toFailure(error: SigningError): Failure {
  const entry = failureCodes[error.code];
  return {
    code: error.code,
    messageVi: entry.vi,
    messageEn: entry.en,
    ...(error.expected === undefined ? {} : { expected: error.expected }),
    ...(error.found === undefined ? {} : { found: error.found }),
    retryable: entry.retryable,
  };
}
