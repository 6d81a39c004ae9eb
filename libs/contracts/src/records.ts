import { z } from 'zod';
import { activationIdSchema } from './activation.js';
import { digestAlgorithmSchema, signatureSchemeSchema } from './credential.js';
import { documentSchema } from './document.js';
import { documentIdSchema, instantSchema, jobIdSchema, nameSchema, sha256Schema } from './identifiers.js';
import { failureSchema } from './problem.js';
import { fixedPlacementSchema } from './placement.js';
import { levelSchema } from './level.js';
import { stepResultSchema, type StepResult } from './signing-job.js';

import { appliedPolicySchema, certificationSchema } from './policy.js';
import { actorSchema, roleSchema } from './credential.js';
import { templateUsedSchema } from './step-texts.js';
import { warningSchema } from './warnings.js';
import { textStyleShape } from './text-style.js';
import { screeningOverridesSchema } from './screening.js';

const storedAppearanceSchema = z.object({
  imageSha256: sha256Schema.optional(),
  lines: z.array(z.string()),
  fontSizePt: z.number(),
  ...textStyleShape,
});
export type StoredAppearance = z.infer<typeof storedAppearanceSchema>;

/** A text beside the signature: into the field of its name where the document has it, empty; else at its place. */
const storedTextSchema = z.object({
  template: templateUsedSchema,
  fieldName: z.string(),
  /** Absent where the caller named a place of his own: then no field is looked for. */
  mayFill: z.boolean(),
  /** Absent for a text field of the document's author, which must be there. */
  placement: fixedPlacementSchema.optional(),
  appearance: storedAppearanceSchema,
});
export type StoredText = z.infer<typeof storedTextSchema>;

/** Fields that the step makes before it signs, where nobody has signed yet. */
const storedPreparationSchema = z.object({
  texts: z.array(
    z.object({
      fieldName: z.string(),
      placement: fixedPlacementSchema,
      fontSizePt: z.number(),
      multiline: z.boolean().optional(),
      ...textStyleShape,
    }),
  ),
  seal: z.object({ fieldName: z.string(), placement: fixedPlacementSchema }).optional(),
});
export type StoredPreparation = z.infer<typeof storedPreparationSchema>;

/** A step as it is stored: self-contained. Images are replaced by the hash under which they lie in the store. */
export const storedStepSchema = z.object({
  credentialId: nameSchema,
  token: nameSchema,
  role: roleSchema,
  level: levelSchema,
  reason: z.string().optional(),
  location: z.string().optional(),
  template: templateUsedSchema.optional().describe('What appearance and placement were made of'),
  field: z.string().optional(),
  preparedField: z
    .string()
    .optional()
    .describe('A signature field that an earlier step may have prepared; filled where it is there and empty'),
  activationId: activationIdSchema.optional().describe('By which the owner of the key gave the PIN'),
  placement: fixedPlacementSchema
    .optional()
    .describe('Texts and earlier signatures were looked up when it was accepted'),
  appearance: storedAppearanceSchema.optional(),
  number: z.string().optional().describe('As it is drawn'),
  date: z.iso.date().optional(),
  note: z.string().optional(),
  texts: z.array(storedTextSchema).optional(),
  prepare: storedPreparationSchema.optional(),
  certify: certificationSchema.optional().describe('Of a document that nobody has signed'),
  attachmentOf: documentIdSchema.optional(),
  delegationId: z.string().optional().describe('By which the actor has the credential used'),
});
export type StoredStep = z.infer<typeof storedStepSchema>;

/**
 * `documents/<id>/document.json`: written once, last of all that an upload writes. Size and hash are those of version 0.
 */
export const documentRecordSchema = documentSchema
  .omit({ versions: true })
  .extend({ sizeBytes: z.int().min(1), sha256: sha256Schema });
export type DocumentRecord = z.infer<typeof documentRecordSchema>;

/** `jobs/<id>.json`: everything that the signer needs to know; written before the 202. */
export const storedJobSchema = z.object({
  jobId: jobIdSchema.describe('Derived from the client and the Idempotency-Key, where there was one'),
  bodySha256: sha256Schema.optional().describe('Of the request that came with the Idempotency-Key'),
  clientId: nameSchema,
  documentId: documentIdSchema,
  expectedVersion: z.int().min(0).describe('The version that its first step signs'),
  seenVersion: z
    .int()
    .min(0)
    .optional()
    .describe('The one that the caller named, where only time-stamps have come since'),
  reference: z.string().optional(),
  requestId: z.string(),
  lane: z.enum(['interactive', 'bulk']),
  createdAt: instantSchema,
  policy: appliedPolicySchema.optional(),
  actor: actorSchema.optional(),
  screening: screeningOverridesSchema
    .optional()
    .describe('What client and policy said of findings when the job was accepted; it holds to the job’s end'),
  warnings: z.array(warningSchema).optional().describe('Of the moment when it was accepted'),
  webhooks: z
    .literal(true)
    .optional()
    .describe('Its client had an enabled webhook when it was accepted: what happens to it is kept to be told'),
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

/**
 * `documents/<id>/<n>.json`, n from 1 on: what released version n, created once. It is the step's result as well: step k of a
 * job makes version expectedVersion + k + 1, and a job whose last step was released is completed.
 */
export const releaseSchema = z.object({
  jobId: jobIdSchema,
  createdAt: instantSchema,
  result: stepResultSchema,
  signatureSha256: sha256Schema
    .optional()
    .describe('Of the signature value, as in the audit log; absent in records from before it was kept'),
});
export type Release = z.infer<typeof releaseSchema>;

/** `documents/<id>/<n>.json` of a version that adds nothing but a document time-stamp and evidence. */
export const timestampReleaseSchema = z.object({
  createdAt: instantSchema,
  timestamped: z.object({
    version: z.int().min(1),
    fieldName: z.string().describe('Of the document time-stamp'),
    timestamp: instantSchema.describe('Its genTime'),
    sizeBytes: z.int(),
    sha256: sha256Schema,
    signatures: z
      .array(z.object({ fieldName: z.string(), level: levelSchema }))
      .describe('Those that had waited for a time-stamp, with the levels that they have now'),
    failure: failureSchema.optional().describe('Why a level is lower than the one that was asked for'),
  }),
});
export type TimestampRelease = z.infer<typeof timestampReleaseSchema>;

/** What `documents/<id>/<n>.json` holds: whether a step or a later time-stamp released version n. */
export const versionRecordSchema = z.union([releaseSchema, timestampReleaseSchema]);
export type VersionRecord = z.infer<typeof versionRecordSchema>;

export function isStepRelease(record: VersionRecord): record is Release {
  return 'result' in record;
}

/**
 * `documents/<id>/<n>.turn-<generation>.json`: who may make version n of a document of which a signature waits for its
 * time-stamp; created by the gateway for a job that it accepts, or by a signer just before it adds a version with the
 * time-stamp. When that one has ended without a version, the next generation is free to take.
 */
export const versionTurnSchema = z.object({
  holder: z.union([jobIdSchema, z.literal('timestamp')]),
  at: instantSchema,
});
export type VersionTurn = z.infer<typeof versionTurnSchema>;

/** `jobs/<id>.failure.json`: created once, when a job can't be completed. */
export const jobFailureSchema = z.object({ jobId: jobIdSchema, failedAt: instantSchema, failure: failureSchema });
export type JobFailure = z.infer<typeof jobFailureSchema>;

/** How a job ended, put together from its releases and its failure. */
export interface JobOutcome {
  readonly status: 'completed' | 'failed';
  readonly completedAt: string;
  readonly steps: StepResult[];
  readonly failure?: JobFailure['failure'];
}

/** `tokens/<token>/quarantine.json`: created at the first wrong PIN; nobody logs in while it is there. */
export const quarantineSchema = z.object({
  token: nameSchema,
  reason: z.string(),
  signerId: z.string().describe('The signer that noticed, or the client and the operator who asked for it'),
  at: instantSchema,
});
export type Quarantine = z.infer<typeof quarantineSchema>;

/** `tokens/<token>/drain.json`: an operator takes the token out of use for maintenance; no signer uses it while it is there. */
export const drainSchema = z.object({
  token: nameSchema,
  reason: z.string(),
  drainedBy: z.string().describe('The client, and the operator in its system'),
  at: instantSchema,
  requestId: z.string(),
});
export type Drain = z.infer<typeof drainSchema>;
