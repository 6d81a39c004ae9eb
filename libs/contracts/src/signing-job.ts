import { z } from 'zod';
import { activationIdSchema } from './activation.js';
import { actorSchema, roleSchema } from './credential.js';
import { repairedSchema } from './repaired.js';
import { screeningFindingSchema } from './screening.js';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';
import { levelSchema } from './level.js';

import { placementSchema } from './placement.js';
import { failureSchema } from './problem.js';
import { stepTextSchema, stepValuesShape, templateRefSchema, templateUsedSchema } from './step-texts.js';
import { warningSchema } from './warnings.js';
import { textStyleShape } from './text-style.js';

/**
 * How it looks. In lines, {signerName}, {organisationName}, {email} and {signingTime} are filled in, and {number}, {serial}, {date},
 * {day}, {month}, {year} and {note} of the step.
 */
export const appearanceSchema = z
  .strictObject({
    imagePngBase64: z
      .string()
      .max(5_000_000)
      .optional()
      .describe('PNG, transparent background; at most 3.5 MB decoded'),
    lines: z.array(z.string().max(200)).max(12).optional().describe('Text lines, Times-like serif'),
    fontSizePt: z.number().min(4).max(72).default(10),
    ...textStyleShape,
  })
  .refine((a) => a.imagePngBase64 !== undefined || (a.lines?.length ?? 0) > 0, 'expected an image, lines, or both')
  .meta({ id: 'Appearance' });
export type Appearance = z.infer<typeof appearanceSchema>;

/** Fields that the leader’s step makes, so that the clerk’s only fills. */
const preparationSchema = z
  .strictObject({
    texts: z
      .array(stepTextSchema)
      .max(8)
      .default([])
      .describe('The texts that the clerk’s step will write, number and date'),
    seal: templateRefSchema
      .optional()
      .describe('The template of the seal; its field is made where the seal will stand'),
  })
  .refine((p) => p.texts.length > 0 || p.seal !== undefined, 'expected texts, a seal, or both')
  .describe(
    'For the leader of a document that nobody has signed yet: empty fields for number, date and seal, in the leader’s own ' +
      'version. A later step with the same templates fills them, which every validator takes for what it is',
  )
  .meta({ id: 'Preparation' });

export const signingStepSchema = z
  .strictObject({
    credentialId: nameSchema,
    role: roleSchema,
    level: levelSchema.optional().describe('Absent: the policy’s'),
    reason: z.string().max(200).optional(),
    location: z.string().max(200).optional(),
    template: templateRefSchema
      .optional()
      .describe('How it looks and where it stands, unless placement or field say otherwise. Not with appearance'),
    field: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Fully qualified name of an empty signature field of the document, which is filled. Absent: a new field; or, where a ' +
          'certification, a lock or the owner forbids new ones, the only empty field that may be filled',
      ),
    activationId: activationIdSchema
      .optional()
      .describe(
        'By which the owner of the key gave the PIN, of POST /v1/credentials/{credentialId}/activations. Needed for keys whose ' +
          'PIN no signer has (ACTIVATION_REQUIRED)',
      ),
    placement: placementSchema
      .optional()
      .describe('Absent, also in the template: an invisible signature. Not with field, whose author placed it'),
    appearance: appearanceSchema.optional().describe('Needs a placement or a field'),
    ...stepValuesShape,
    texts: z
      .array(stepTextSchema)
      .max(8)
      .optional()
      .describe('Written in the same step as the signature: number and date beside the seal, each by its template'),
    prepare: preparationSchema.optional(),
    attachmentOf: documentIdSchema
      .optional()
      .describe(
        'For role attachment: the document that it belongs to, which must be approved and sealed; its newest version counts',
      ),
  })
  .refine((s) => s.template === undefined || s.appearance === undefined, 'expected template or appearance, not both')
  .refine((s) => s.field === undefined || s.placement === undefined, 'expected field or placement, not both')
  .refine(
    (s) =>
      s.template !== undefined || s.field !== undefined || (s.appearance === undefined) === (s.placement === undefined),
    'expected placement and appearance together, a template, or a field',
  )
  .refine((s) => s.prepare === undefined || s.role === 'leader', 'expected prepare in a leader’s step only')
  .refine(
    (s) => s.attachmentOf === undefined || s.role === 'attachment',
    'expected attachmentOf with role attachment only',
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
    policy: nameSchema.optional().describe('A policy of GET /v1/policies. Absent: the client’s first one'),
    actor: actorSchema.optional(),
    dryRun: z
      .boolean()
      .optional()
      .describe(
        'True: nothing is signed or stored; the answer (schema DryRun) says what would be refused and shows the pages',
      ),
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

/** What a later version did for a signature that was released without its time-stamp. */
export const timestampedLaterSchema = z
  .object({
    version: z.int().min(1).describe('The version that holds the document time-stamp'),
    level: levelSchema.describe('The level that the signature has in that version'),
    timestamp: instantSchema.describe('genTime of the document time-stamp'),
    failure: failureSchema
      .optional()
      .describe('Why it is a lower level than the one that was asked for; absent when a crash hid it'),
  })
  .meta({ id: 'TimestampedLater' });
export type TimestampedLater = z.infer<typeof timestampedLaterSchema>;

export const stepResultSchema = z
  .object({
    step: z.int().min(0),
    credentialId: nameSchema,
    role: roleSchema,
    version: z.int().min(1).describe('The version that this step released'),
    fieldName: z.string(),
    level: levelSchema.describe('The level that was reached'),
    deferredLevel: levelSchema
      .optional()
      .describe(
        'The level that was asked for, where no time-stamp authority answered and the policy says timestamp deferred; a ' +
          'later version reaches it',
      ),
    timestampedLater: timestampedLaterSchema.optional().describe('Once that version is there'),
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
    keyUses: z
      .int()
      .min(2)
      .optional()
      .describe(
        'How often the key was used for this step, or may have been: after a crash, a lost answer, a wrong signature, a placeholder ' +
          'that was too small. One signature is released, the audit log has all uses. Absent: once',
      ),
    repaired: repairedSchema.optional(),
    preparedFields: z.array(z.string()).optional().describe('Empty fields that the step made for later ones'),
    template: templateUsedSchema.optional().describe('What its appearance was made of'),
    number: z.string().optional().describe('As it was written'),
    date: z.iso.date().optional(),
  })
  .meta({ id: 'StepResult' });
export type StepResult = z.infer<typeof stepResultSchema>;

export const jobStatusSchema = z
  .enum(['accepted', 'running', 'waiting', 'completed', 'failed'])
  .meta({ id: 'JobStatus' });
export type JobStatus = z.infer<typeof jobStatusSchema>;

export const stageSchema = z
  .enum([
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
  ])
  .meta({ id: 'Stage' });
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
    policy: nameSchema.optional().describe('Under which it was accepted'),
    warnings: z.array(warningSchema).optional().describe('What was worth knowing when it was accepted'),
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
