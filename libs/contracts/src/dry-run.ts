import { z } from 'zod';
import { nameSchema } from './identifiers.js';
import { failureSchema } from './problem.js';
import { warningSchema } from './warnings.js';

export const dryRunCheckNameSchema = z
  .enum(['request', 'activation', 'token', 'revocation', 'order', 'drawing'])
  .describe(
    'request: all that is checked when a job is accepted; activation: the owner of the key has given the PIN for it, stated only ' +
      'where one is needed, a warning while it is missing; token: somebody can use the key now; revocation: of the signer’s ' +
      'certificate; order: earlier signatures, whose turn it is, what the document holds; drawing: the pages could be drawn',
  )
  .meta({ id: 'DryRunCheckName' });

export const dryRunOutcomeSchema = z
  .enum(['passed', 'warning', 'failed', 'not-made'])
  .describe('not-made: an earlier check failed, or what it asks is only known when an earlier step has signed')
  .meta({ id: 'DryRunOutcome' });

export const dryRunCheckSchema = z
  .object({
    check: dryRunCheckNameSchema,
    step: z.int().min(0).optional(),
    credentialId: nameSchema.optional(),
    outcome: dryRunOutcomeSchema,
    failure: failureSchema.optional(),
    found: z.string().optional().describe('What was found, in English'),
  })
  .meta({ id: 'DryRunCheck' });
export type DryRunCheck = z.infer<typeof dryRunCheckSchema>;

/** The answer to `POST /v1/signing-jobs` with `dryRun`: nothing was signed, stored or given a number. */
export const dryRunSchema = z
  .object({
    dryRun: z.literal(true),
    wouldBeSigned: z.boolean().describe('No check failed, as things are now'),
    checks: z.array(dryRunCheckSchema),
    warnings: z.array(warningSchema),
    pages: z
      .array(
        z.object({
          page: z.int().min(1),
          pngBase64: z.string().describe('The page as it will be displayed, with all steps, at 100 dpi'),
        }),
      )
      .describe('Each page on which something is drawn'),
  })
  .meta({ id: 'DryRun' });
export type DryRun = z.infer<typeof dryRunSchema>;
