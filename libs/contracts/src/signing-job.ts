import { z } from 'zod';
import { roleSchema } from './credential.js';
import { repairedSchema } from './repaired.js';
import { screeningFindingSchema } from './screening.js';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';
import { placementSchema } from './placement.js';
import { failureSchema } from './problem.js';

export const levelSchema = z
  .enum(['B-B', 'B-T', 'B-LT', 'B-LTA'])
  .describe('ETSI EN 319 142-1 baseline level')
  .meta({ id: 'Level' });
export type Level = z.infer<typeof levelSchema>;

/** How it looks. In lines, {signerName}, {organisationName}, {email} and {signingTime} are filled in. */
export const appearanceSchema = z
  .strictObject({
    imagePngBase64: z
      .string()
      .max(5_000_000)
      .optional()
      .describe('PNG, transparent background; at most 3.5 MB decoded'),
    lines: z.array(z.string().max(200)).max(12).optional().describe('Text lines, Times-like serif, black'),
    fontSizePt: z.number().min(4).max(72).default(10),
  })
  .refine((a) => a.imagePngBase64 !== undefined || (a.lines?.length ?? 0) > 0, 'expected an image, lines, or both')
  .meta({ id: 'Appearance' });
export type Appearance = z.infer<typeof appearanceSchema>;

export const signingStepSchema = z
  .strictObject({
    credentialId: nameSchema,
    role: roleSchema,
    level: levelSchema,
    reason: z.string().max(200).optional(),
    location: z.string().max(200).optional(),
    field: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Fully qualified name of an empty signature field of the document, which is filled. Absent: a new field; or, where a ' +
          'certification, a lock or the owner forbids new ones, the only empty field that may be filled',
      ),
    placement: placementSchema
      .optional()
      .describe('Absent: an invisible signature. Not with field, whose author placed it'),
    appearance: appearanceSchema.optional().describe('Needs a placement or a field'),
  })
  .refine(
    (s) =>
      s.field === undefined ? (s.appearance === undefined) === (s.placement === undefined) : s.placement === undefined,
    'expected placement and appearance together, or field without placement',
  )
  .meta({ id: 'SigningStep' });
export type SigningStep = z.infer<typeof signingStepSchema>;

/** Body of `POST /v1/signing-jobs`. */
export const signingJobRequestSchema = z
  .strictObject({
    documentId: documentIdSchema,
    expectedVersion: z.int().min(0).describe('The version that the caller has seen; another current version gives 409'),
    steps: z
      .array(signingStepSchema)
      .min(1)
      .max(8)
      .describe('Signed one after the other, each in an increment of its own'),
    reference: z.string().max(200).optional().describe('The caller’s own reference, given back in every answer'),
  })
  .meta({ id: 'SigningJobRequest' });
export type SigningJobRequest = z.infer<typeof signingJobRequestSchema>;

/** Why a step was signed again with a larger placeholder: the estimate from chain, algorithms and TSA was too small. */
export const placeholderShortageSchema = z
  .object({
    reservedBytes: z.int().describe('Bytes that were reserved for the CMS'),
    neededBytes: z.int().describe('Bytes that the CMS had, with its time-stamp'),
  })
  .describe('Why the step was signed again: the last shortage of reserved space')
  .meta({ id: 'PlaceholderShortage' });
export type PlaceholderShortage = z.infer<typeof placeholderShortageSchema>;

export const stepResultSchema = z
  .object({
    step: z.int().min(0),
    credentialId: nameSchema,
    role: roleSchema,
    version: z.int().min(1).describe('The version that this step released'),
    fieldName: z.string(),
    level: levelSchema.describe('The level that was reached'),
    signingTime: instantSchema.describe('/M of the signature dictionary'),
    timestamp: instantSchema.optional().describe('genTime of the signature time-stamp'),
    sizeBytes: z.int(),
    sha256: sha256Schema,
    revocation: z
      .enum(['good', 'unknown', 'not-checked'])
      .optional()
      .describe(
        'Status of the signer’s certificate when its key was used. unknown is a warning: neither OCSP nor CRL could be had. ' +
          'Absent when a crash hid it; the audit log has it',
      ),
    findings: z
      .array(screeningFindingSchema)
      .optional()
      .describe(
        'What the screening found in the version that was signed and the policy lets pass with a warning. Absent when a ' +
          'crash hid it; the document’s own answer has it',
      ),
    placeholderGrown: z
      .boolean()
      .optional()
      .describe('True when the reserved space was too small and the step was signed again'),
    placeholderShortage: placeholderShortageSchema.optional(),
    repaired: repairedSchema.optional(),
  })
  .meta({ id: 'StepResult' });
export type StepResult = z.infer<typeof stepResultSchema>;

export const jobStatusSchema = z
  .enum(['accepted', 'running', 'waiting', 'completed', 'failed'])
  .meta({ id: 'JobStatus' });
export type JobStatus = z.infer<typeof jobStatusSchema>;

export const stageSchema = z.enum([
  'accepted',
  'screened',
  'prepared',
  'signed',
  'timestamped',
  'evidence',
  'self-checked',
  'released',
  'waiting',
  'completed',
  'failed',
]);
export type Stage = z.infer<typeof stageSchema>;

/** `GET /v1/signing-jobs/{id}`, and the data of the server-sent event `job`. */
export const signingJobSchema = z
  .object({
    jobId: jobIdSchema,
    documentId: documentIdSchema,
    reference: z.string().optional(),
    status: jobStatusSchema,
    createdAt: instantSchema,
    completedAt: instantSchema.optional(),
    stepCount: z.int(),
    steps: z.array(stepResultSchema).describe('The steps released so far'),
    failure: failureSchema.optional(),
  })
  .meta({ id: 'SigningJob' });
export type SigningJob = z.infer<typeof signingJobSchema>;

/** Data of the server-sent event `progress`; also an item of the messages on the Redis channel. */
export const progressSchema = z
  .object({ jobId: jobIdSchema, step: z.int().min(0), stage: stageSchema, at: instantSchema })
  .meta({ id: 'Progress' });
export type Progress = z.infer<typeof progressSchema>;
