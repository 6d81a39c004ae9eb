import { z } from 'zod';
import { failureSchema } from './problem.js';
import { signingJobRequestSchema, signingJobSchema } from './signing-job.js';

/** Body of `POST /v1/signing-job-sets`. */
export const signingJobSetRequestSchema = z
  .strictObject({
    jobs: z.array(signingJobRequestSchema).min(1).max(100).describe('Each is accepted or refused by itself'),
  })
  .meta({ id: 'SigningJobSetRequest' });
export type SigningJobSetRequest = z.infer<typeof signingJobSetRequestSchema>;

export const signingJobSetItemSchema = z
  .object({
    index: z.int().min(0).describe('Of the request, from 0'),
    reference: z.string().optional(),
    job: signingJobSchema.optional().describe('Where it was accepted'),
    failure: failureSchema.optional().describe('Where it was refused; the others are not touched by it'),
  })
  .meta({ id: 'SigningJobSetItem' });
export type SigningJobSetItem = z.infer<typeof signingJobSetItemSchema>;

/** The answer: one item for each job, in the order of the request. */
export const signingJobSetSchema = z
  .object({
    accepted: z.int().min(0),
    refused: z.int().min(0),
    items: z.array(signingJobSetItemSchema),
  })
  .meta({ id: 'SigningJobSet' });
export type SigningJobSet = z.infer<typeof signingJobSetSchema>;
