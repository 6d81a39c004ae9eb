import { z } from 'zod';
import { batchIdSchema, documentIdSchema, instantSchema, jobIdSchema, nameSchema } from './identifiers.js';
import { levelSchema } from './level.js';
import { failureCodeSchema } from './problem.js';

export const webhookIdSchema = z.string().regex(/^whk_[0-9a-z]{26}$/, 'expected whk_ and 26 characters');
export const eventIdSchema = z.string().regex(/^evt_[0-9a-z]{26}$/, 'expected evt_ and 26 characters');

/** What a client can be told of. */
export const webhookEventTypeSchema = z
  .enum(['signing-job.completed', 'signing-job.failed', 'document.timestamped', 'batch.completed'])
  .describe(
    'signing-job.completed, signing-job.failed: a job has ended; document.timestamped: a later version holds the time-stamp ' +
      'that a job was released without; batch.completed: every item of a batch has its outcome',
  )
  .meta({ id: 'WebhookEventType' });
export type WebhookEventType = z.infer<typeof webhookEventTypeSchema>;

const referenceSchema = z.string().max(200).optional().describe('The caller’s own reference');
const versionSchema = z.int().min(0);

const jobEndSchema = z
  .object({
    jobId: jobIdSchema,
    documentId: documentIdSchema,
    reference: referenceSchema,
    status: z.enum(['completed', 'failed']),
    version: versionSchema.describe('The newest version of the document that the job knows: what it released last'),
    versions: z.array(versionSchema).describe('All that it released, in order; a job that failed may have some'),
    deferred: z
      .boolean()
      .optional()
      .describe('True: a time-stamp is still to come, and document.timestamped will tell of it'),
    code: failureCodeSchema.optional().describe('Why it failed'),
  })
  .meta({ id: 'SigningJobEnd' });

const timestampedSchema = z
  .object({
    jobId: jobIdSchema.describe('The job whose signatures had waited'),
    documentId: documentIdSchema,
    reference: referenceSchema,
    version: versionSchema.describe('The version that holds the document time-stamp'),
    timestamp: instantSchema.describe('Its genTime'),
    signatures: z
      .array(z.object({ fieldName: z.string(), level: levelSchema }))
      .describe('The levels that they have now'),
    code: failureCodeSchema.optional().describe('Why a level is lower than the one that was asked for'),
  })
  .meta({ id: 'DocumentTimestamped' });

const batchEndSchema = z
  .object({
    batchId: batchIdSchema,
    reference: referenceSchema,
    completed: z.int().min(0).describe('Items'),
    failed: z.int().min(0).describe('Items'),
    cancelled: z.int().min(0).describe('Items that the batch was cancelled before'),
  })
  .meta({ id: 'BatchEnd' });

const envelope = {
  id: eventIdSchema.describe('The same whenever the same event is sent again; also the header webhook-id'),
  timestamp: instantSchema.describe('When it happened'),
};

/** The body of a delivery. It names what happened; what became of it is asked for with the API key. */
export const webhookEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('signing-job.completed'), ...envelope, data: jobEndSchema }),
    z.object({ type: z.literal('signing-job.failed'), ...envelope, data: jobEndSchema }),
    z.object({ type: z.literal('document.timestamped'), ...envelope, data: timestampedSchema }),
    z.object({ type: z.literal('batch.completed'), ...envelope, data: batchEndSchema }),
    z.object({ type: z.literal('webhook.test'), ...envelope, data: z.object({ webhookId: webhookIdSchema }) }),
  ])
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

/** Endpoints that one client may have. */
export const maxWebhooksPerClient = 10;

const urlSchema = z
  .string()
  .max(2_000)
  .describe('https, at a host that the operator has allowed; http only where he allowed that');

/** Body of `POST /v1/webhooks`. */
export const webhookRequestSchema = z
  .strictObject({
    url: urlSchema,
    types: z
      .array(webhookEventTypeSchema)
      .min(1)
      .max(20)
      .optional()
      .describe('Absent: all, also those of later releases'),
    description: z.string().max(200).optional(),
  })
  .meta({ id: 'WebhookRequest' });
export type WebhookRequest = z.infer<typeof webhookRequestSchema>;

/** Body of `PUT /v1/webhooks/{webhookId}`: all of it is replaced. */
export const webhookReplacementSchema = webhookRequestSchema
  .extend({ enabled: z.boolean().describe('False: nothing is sent; what waits becomes dead letters') })
  .meta({ id: 'WebhookReplacement' });
export type WebhookReplacement = z.infer<typeof webhookReplacementSchema>;

const disabledReasonSchema = z.enum(['client', 'gone']).meta({ id: 'WebhookDisabledReason' });
export type WebhookDisabledReason = z.infer<typeof disabledReasonSchema>;

/** An endpoint as its client sees it. */
export const webhookSchema = z
  .object({
    webhookId: webhookIdSchema,
    url: z.string(),
    types: z.array(webhookEventTypeSchema).optional().describe('Absent: all'),
    description: z.string().optional(),
    enabled: z.boolean(),
    disabled: z
      .object({ reason: disabledReasonSchema, at: instantSchema })
      .optional()
      .describe('gone: the endpoint answered 410'),
    createdAt: instantSchema,
    changedAt: instantSchema,
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof webhookSchema>;

export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema) }).meta({ id: 'WebhookList' });
export type WebhookList = z.infer<typeof webhookListSchema>;

/** `webhooks/<clientId>/<webhookId>.json`. */
export const storedWebhookSchema = webhookSchema.extend({ clientId: nameSchema });
export type StoredWebhook = z.infer<typeof storedWebhookSchema>;

const attemptSchema = z
  .object({
    at: instantSchema,
    durationMs: z.int().min(0),
    status: z.int().optional().describe('HTTP status of the answer; absent when none came'),
    error: z.string().max(300).optional().describe('Why no answer came, or why it was not read'),
  })
  .meta({ id: 'WebhookAttempt' });
export type WebhookAttempt = z.infer<typeof attemptSchema>;

/**
 * `webhook-deliveries/<clientId>/<webhookId>/<name>`: an event that one endpoint is still to be told of. The text that is
 * sent is kept as it is, so that another release of this software sends the same bytes.
 */
export const storedDeliverySchema = z.object({
  eventId: eventIdSchema,
  payload: z.string(),
  since: instantSchema.describe('When it was first to be sent, or sent again by a replay; it is given up by this'),
  attempts: z.int().min(0),
  nextAt: instantSchema.optional().describe('Absent before the first attempt'),
  last: attemptSchema.optional(),
});
export type StoredDelivery = z.infer<typeof storedDeliverySchema>;

export const deadLetterReasonSchema = z
  .enum(['gave-up', 'endpoint-gone', 'endpoint-disabled'])
  .meta({ id: 'DeadLetterReason' });
export type DeadLetterReason = z.infer<typeof deadLetterReasonSchema>;

/** `webhook-dead-letters/<clientId>/<webhookId>/<name>`. */
export const storedDeadLetterSchema = storedDeliverySchema.extend({
  reason: deadLetterReasonSchema,
  diedAt: instantSchema,
});
export type StoredDeadLetter = z.infer<typeof storedDeadLetterSchema>;

/** An event of which an endpoint could not be told. */
export const deadLetterSchema = z
  .object({
    event: webhookEventSchema,
    reason: deadLetterReasonSchema,
    diedAt: instantSchema,
    attempts: z.int().min(0),
    last: attemptSchema.optional(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** `GET /v1/webhooks/{webhookId}/dead-letters`. */
export const deadLetterListSchema = z
  .object({
    total: z.int().min(0).describe('All of this endpoint'),
    deadLetters: z.array(deadLetterSchema).describe('The oldest ones, in order'),
    next: z.string().optional().describe('Give it as after for those that follow; absent at the end'),
  })
  .meta({ id: 'DeadLetterList' });
export type DeadLetterList = z.infer<typeof deadLetterListSchema>;

/** Body of `POST /v1/webhooks/{webhookId}/replay`. */
export const replayRequestSchema = z
  .strictObject({ eventId: eventIdSchema.optional().describe('Absent: all, up to 10,000 in one call') })
  .meta({ id: 'WebhookReplayRequest' });
export type ReplayRequest = z.infer<typeof replayRequestSchema>;

export const replaySchema = z
  .object({
    replayed: z.int().min(0).describe('They are sent within seconds, the oldest first'),
    left: z.int().min(0).describe('Dead letters that remain; call again'),
  })
  .meta({ id: 'WebhookReplay' });
export type Replay = z.infer<typeof replaySchema>;

/** `POST /v1/webhooks/{webhookId}/test`. */
export const webhookTestSchema = z
  .object({
    delivered: z.boolean().describe('True when the answer was 2xx'),
    eventId: eventIdSchema,
    attempt: attemptSchema,
  })
  .meta({ id: 'WebhookTest' });
export type WebhookTest = z.infer<typeof webhookTestSchema>;

/** A public key by which deliveries are verified (RFC 8037, 2). */
export const webhookKeySchema = z
  .object({
    kid: z.string().describe('Thumbprint of the key (RFC 7638)'),
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    use: z.literal('sig'),
    alg: z.literal('EdDSA'),
    x: z.string().describe('The public key, 32 bytes in base64url'),
  })
  .meta({ id: 'WebhookKey' });
export type WebhookKey = z.infer<typeof webhookKeySchema>;

/** `GET /v1/webhook-keys`: a JWK Set (RFC 7517). */
export const webhookKeysSchema = z
  .object({
    keys: z.array(webhookKeySchema).describe('Every delivery is signed by each of them; one that verifies is enough'),
  })
  .meta({ id: 'WebhookKeys' });
export type WebhookKeys = z.infer<typeof webhookKeysSchema>;
