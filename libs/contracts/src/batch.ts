import { z } from 'zod';
import { batchHoldSchema } from './batch-hold.js';
import { batchWindowSchema } from './batch-window.js';
import { actorSchema } from './credential.js';
import {
  batchIdSchema,
  documentIdSchema,
  instantSchema,
  jobIdSchema,
  nameSchema,
  sha256Schema,
} from './identifiers.js';
import { levelSchema } from './level.js';
import { failureCodeSchema, failureSchema } from './problem.js';
import { signingStepSchema } from './signing-job.js';

/** Where objects lie that a client puts into the store itself: below `inbox/<clientId>/`. */
const objectPathSchema = z
  .string()
  .max(400)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,199})*$/,
    'expected segments of A-Za-z0-9._- joined by /',
  );

const { credentialId, level, reason, location, template, field, activationId, placement, appearance } =
  signingStepSchema.shape;
const { number, date, note, texts, attachmentOf } = signingStepSchema.shape;

/** What one document has of its own; everything else is as the batch says. */
const stepOverrideSchema = z
  .strictObject({
    credentialId: credentialId.optional(),
    level,
    reason,
    location,
    template,
    field,
    activationId,
    placement,
    appearance,
    number,
    date,
    note,
    texts,
    attachmentOf,
  })
  .meta({ id: 'StepOverride' });
export type StepOverride = z.infer<typeof stepOverrideSchema>;

/** One line of a manifest (NDJSON), or one row (CSV). */
export const batchItemRequestSchema = z
  .strictObject({
    documentId: documentIdSchema.optional().describe('A document that was uploaded'),
    object: objectPathSchema
      .optional()
      .describe(
        'A PDF that lies in the object store below inbox/<clientId>/; it becomes a document when its turn comes',
      ),
    expectedVersion: z.int().min(0).default(0).describe('The version that is to be signed; another current one fails'),
    reference: z.string().max(200).optional().describe('The caller’s own reference, given back with the outcome'),
    policy: nameSchema.optional(),
    actor: actorSchema.optional(),
    steps: z.array(stepOverrideSchema).max(8).optional().describe('By position: what differs from the batch’s step'),
  })
  .refine(
    (item) => (item.documentId === undefined) !== (item.object === undefined),
    'expected either documentId or object',
  )
  .meta({ id: 'BatchItemRequest' });
export type BatchItemRequest = z.infer<typeof batchItemRequestSchema>;

/** Where the items of a batch come from. */
const batchSourceSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('manifest') }).describe('A manifest, sent by PUT /v1/batches/{batchId}/manifest'),
    z
      .strictObject({
        kind: z.literal('prefix'),
        prefix: objectPathSchema.describe('All PDFs (*.pdf) that lie below inbox/<clientId>/<prefix>/ when it is read'),
      })
      .describe('A listing of the object store'),
  ])
  .meta({ id: 'BatchSource' });

/** Body of `POST /v1/batches`. */
export const batchRequestSchema = z
  .strictObject({
    source: batchSourceSchema,
    steps: z.array(signingStepSchema).min(1).max(8).describe('What is done with every document, one after the other'),
    reference: z.string().max(200).optional().describe('The caller’s own name for it'),
    policy: nameSchema.optional().describe('A policy of GET /v1/policies. Absent: the client’s first one'),
    actor: actorSchema.optional(),
    window: batchWindowSchema.optional().describe('Absent: it begins at once and goes on until it is done'),
    priority: z.int().min(1).max(10).default(5).describe('Of two batches on one token the higher goes first'),
    pauseAfterFailures: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('Pauses by itself when so many items have failed, so that one fault does not fail a whole night'),
  })
  .meta({ id: 'BatchRequest' });
export type BatchRequest = z.infer<typeof batchRequestSchema>;

export const batchStatusSchema = z
  .enum([
    'awaiting-manifest',
    'reading',
    'waiting',
    'running',
    'held',
    'paused',
    'cancelling',
    'completed',
    'cancelled',
  ])
  .describe(
    'awaiting-manifest: PUT the manifest; reading: its items are being listed; waiting: for its window; running; ' +
      'held: nothing of it can go on now for a reason that is not its own (holds), it goes on by itself; paused; ' +
      'cancelling: what was begun is being ended; completed, cancelled: ended, every item has an outcome',
  )
  .meta({ id: 'BatchStatus' });
export type BatchStatus = z.infer<typeof batchStatusSchema>;

export const batchItemStatusSchema = z.enum(['completed', 'failed', 'cancelled']).meta({ id: 'BatchItemStatus' });
export type BatchItemStatus = z.infer<typeof batchItemStatusSchema>;

/** What became of one item: a line of the result manifest. */
export const batchItemSchema = z
  .object({
    item: z.int().min(0).describe('Of the manifest, from 0'),
    reference: z.string().optional(),
    object: z.string().optional(),
    documentId: documentIdSchema.optional(),
    jobId: jobIdSchema.optional().describe('Under which its versions and the audit log name it'),
    status: batchItemStatusSchema,
    version: z.int().optional().describe('The newest version that it released; also of an item that failed later'),
    level: levelSchema.optional().describe('Of that version’s signature'),
    deferredLevel: levelSchema.optional().describe('The level that a later version reaches'),
    sizeBytes: z.int().optional(),
    sha256: sha256Schema.optional(),
    endedAt: instantSchema.optional(),
    failure: failureSchema.optional(),
  })
  .meta({ id: 'BatchItem' });
export type BatchItem = z.infer<typeof batchItemSchema>;

/** How many items have ended, and how. */
const batchCountsSchema = z
  .object({
    total: z.int().optional().describe('Known when the manifest was read'),
    open: z.int().optional().describe('Without an outcome yet'),
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
  })
  .meta({ id: 'BatchCounts' });

/** Failures with one code. */
const batchFailuresSchema = z
  .object({
    code: failureCodeSchema,
    messageVi: z.string(),
    messageEn: z.string(),
    count: z.int(),
    firstItem: z.int().describe('One of them, to look at'),
    found: z.string().optional().describe('What was found at that one'),
  })
  .meta({ id: 'BatchFailures' });
export type BatchFailures = z.infer<typeof batchFailuresSchema>;

/** `GET /v1/batches/{id}`, and the data of its server-sent events. */
export const batchSchema = z
  .object({
    batchId: batchIdSchema,
    reference: z.string().optional(),
    status: batchStatusSchema,
    createdAt: instantSchema,
    endedAt: instantSchema.optional(),
    priority: z.int(),
    window: batchWindowSchema.optional(),
    opensAt: instantSchema.optional().describe('When its window opens, while it waits for it'),
    retryOf: batchIdSchema.optional().describe('The batch whose failed items these are'),
    items: batchCountsSchema,
    failures: z.array(batchFailuresSchema).describe('By code, the most frequent first'),
    itemsPerSecond: z.number().optional().describe('Of the last minutes, while it runs'),
    expectedEnd: instantSchema.optional().describe('If it goes on at this rate, and in its windows'),
    holds: z
      .array(batchHoldSchema)
      .optional()
      .describe('What all or some of its items wait for; it goes on by itself when that has passed'),
    pausedBecause: z.string().optional().describe('Where it paused by itself, or an operator paused it'),
  })
  .meta({ id: 'Batch' });
export type Batch = z.infer<typeof batchSchema>;

export const batchListSchema = z
  .object({ batches: z.array(batchSchema), next: z.string().optional().describe('For `before` of the next page') })
  .meta({ id: 'BatchList' });
export type BatchList = z.infer<typeof batchListSchema>;

export const batchItemPageSchema = z
  .object({
    items: z.array(batchItemSchema).describe('Those that have ended, in the order of the manifest’s chunks'),
    next: z.int().optional().describe('For `from` of the next page'),
  })
  .meta({ id: 'BatchItemPage' });
export type BatchItemPage = z.infer<typeof batchItemPageSchema>;

/** Body of `POST /v1/batches/{id}/retry`. */
export const batchRetrySchema = z
  .strictObject({
    statuses: z
      .array(z.enum(['failed', 'cancelled']))
      .min(1)
      .default(['failed'])
      .describe('The items that are tried again'),
    window: batchWindowSchema.optional().describe('Absent: at once'),
  })
  .meta({ id: 'BatchRetry' });
export type BatchRetry = z.infer<typeof batchRetrySchema>;
