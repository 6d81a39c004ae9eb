import { z } from 'zod';
import type { FailureCode } from './failure-codes.js';
import { instantSchema } from './identifiers.js';
import { failureCodeSchema } from './problem.js';

/**
 * Failures of the place and not of the document: the token is away or locked away, its key is not on it, the credential may not
 * be used at this hour or is switched off, nobody gives time-stamps or evidence. An item of a batch does not fail of them, it
 * waits until they have passed, and every item that needs the same place with it. Trying again uses no key and no PIN: what
 * uses one at each try (SIGNATURE_WRONG, CLOCK_SKEWED) is not among them and fails.
 */
export const holdingCodes: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'TOKEN_UNAVAILABLE',
  'TOKEN_QUARANTINED',
  'PIN_INCORRECT',
  'KEY_NOT_FOUND',
  'OUTSIDE_HOURS',
  'CREDENTIAL_DISABLED',
  'TSA_UNAVAILABLE',
  'REVOCATION_UNAVAILABLE',
]);

/** Why a chunk of a batch can't go on; it lies in the chunk's message. */
export const chunkHoldSchema = z.object({
  place: z.string().describe('What its items wait for: `token <name>`, `credential <id>`, …'),
  code: failureCodeSchema,
  expected: z.string().optional(),
  found: z.string().optional(),
  since: instantSchema.describe('Since when no item of it could go on'),
});
export type ChunkHold = z.infer<typeof chunkHoldSchema>;

/** What a batch waits for, as its client is told. */
export const batchHoldSchema = z
  .object({
    code: failureCodeSchema,
    messageVi: z.string(),
    messageEn: z.string(),
    expected: z.string().optional(),
    found: z.string().optional(),
    since: instantSchema,
  })
  .meta({ id: 'BatchHold' });
export type BatchHold = z.infer<typeof batchHoldSchema>;
