import { z } from 'zod';
import { digestAlgorithmSchema, signatureSchemeSchema } from './credential.js';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';
import { failureSchema } from './problem.js';
import { levelSchema, placementSchema, stepResultSchema } from './signing-job.js';
import { roleSchema } from './credential.js';

/** A step as it is stored: the image is replaced by the hash under which it lies in the store. */
export const storedStepSchema = z.object({
  credentialId: nameSchema,
  token: nameSchema,
  role: roleSchema,
  level: levelSchema,
  reason: z.string().optional(),
  location: z.string().optional(),
  placement: placementSchema.optional(),
  appearance: z
    .object({ imageSha256: sha256Schema.optional(), lines: z.array(z.string()), fontSizePt: z.number() })
    .optional(),
});
export type StoredStep = z.infer<typeof storedStepSchema>;

/** `jobs/<id>/request.json`: everything that the signer needs to know; written before the 202. */
export const storedJobSchema = z.object({
  jobId: jobIdSchema,
  clientId: nameSchema,
  documentId: documentIdSchema,
  expectedVersion: z.int().min(0),
  reference: z.string().optional(),
  requestId: z.string(),
  lane: z.enum(['interactive', 'bulk']),
  createdAt: instantSchema,
  steps: z.array(storedStepSchema).min(1),
});
export type StoredJob = z.infer<typeof storedJobSchema>;

/**
 * `documents/<id>/<n>.intent.json`: the claim of one (job, step) on version n, created if absent before the key is used.
 * It fixes everything variable, so that a repeat gives the same to-be-signed bytes.
 */
export const signingIntentSchema = z.object({
  jobId: jobIdSchema,
  step: z.int().min(0),
  documentId: documentIdSchema,
  version: z.int().min(1).describe('The version that will be created'),
  fieldName: z.string(),
  signingTime: instantSchema,
  reservedBytes: z.int().describe('Room for the CMS, in bytes (half the hexadecimal digits)'),
  certificateSha256: sha256Schema,
  scheme: signatureSchemeSchema,
  digestAlgorithm: digestAlgorithmSchema,
});
export type SigningIntent = z.infer<typeof signingIntentSchema>;

/** `jobs/<id>/steps/<k>.json`: a step that was released. */
export const storedStepResultSchema = stepResultSchema;

/** `jobs/<id>/outcome.json`: written once, when the job ends. */
export const storedOutcomeSchema = z.object({
  jobId: jobIdSchema,
  status: z.enum(['completed', 'failed']),
  completedAt: instantSchema,
  steps: z.array(stepResultSchema),
  failure: failureSchema.optional(),
});
export type StoredOutcome = z.infer<typeof storedOutcomeSchema>;

/** `tokens/<token>/quarantine.json`: created at the first wrong PIN; nobody logs in while it is there. */
export const quarantineSchema = z.object({
  token: nameSchema,
  reason: z.string(),
  signerId: z.string(),
  at: instantSchema,
});
export type Quarantine = z.infer<typeof quarantineSchema>;

/** `idempotency/<client>/<sha256 of the key>.json` */
export const idempotencyRecordSchema = z.object({ jobId: jobIdSchema, bodySha256: sha256Schema });
export type IdempotencyRecord = z.infer<typeof idempotencyRecordSchema>;
