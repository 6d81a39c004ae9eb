import { z } from 'zod';
import { batchItemSchema, batchRequestSchema } from './batch.js';
import { batchIdSchema, instantSchema, nameSchema, sha256Schema } from './identifiers.js';
import { failureCodeSchema } from './problem.js';
import { storedJobSchema } from './records.js';

/** `batches/<id>/batch.json`: what was asked for; created once, before the answer. */
export const storedBatchSchema = batchRequestSchema.extend({
  batchId: batchIdSchema.describe('Derived from the client and the Idempotency-Key, where there was one'),
  clientId: nameSchema,
  requestId: z.string(),
  bodySha256: sha256Schema.optional().describe('Of the request that came with the Idempotency-Key'),
  createdAt: instantSchema,
  retryOf: batchIdSchema.optional(),
});
export type StoredBatch = z.infer<typeof storedBatchSchema>;

/** Items in one chunk: the unit that is fed to a queue and whose outcomes are stored together. */
export const chunkItems = 50;

/**
 * `batches/<id>/manifest.json`: created when all items lie in `manifests/<intake>/<n>.ndjson`, `chunkItems` in each but the last.
 * Whoever sends a manifest writes below an intake id of its own, so that of two at the same time one counts, whole.
 */
export const storedManifestSchema = z.object({
  intake: z.string(),
  items: z.int().min(0),
  sha256: sha256Schema.optional().describe('Of the manifest as it was sent'),
  at: instantSchema,
});
export type StoredManifest = z.infer<typeof storedManifestSchema>;

/** A line of `manifests/<intake>/<n>.ndjson`: an item as it was sent, or of a batch that is tried again (its steps that are left). */
export const manifestLineSchema = z.object({
  item: z.int().min(0),
  request: z.unknown(),
  stepsDone: z.int().min(0).optional().describe('Of an item that is tried again: steps that were released before'),
});
export type ManifestLine = z.infer<typeof manifestLineSchema>;

/** An item that is to be signed: its job, which lies here and not in `jobs/<id>.json`. */
const chunkJobSchema = z.object({ item: z.int().min(0), object: z.string().optional(), job: storedJobSchema });
export type ChunkJob = z.infer<typeof chunkJobSchema>;

/**
 * `batches/<id>/chunks/<n>.json`: the items of one chunk that were accepted; created once, before they go to a queue. The jobs of
 * a group take the same way over the tokens.
 */
export const batchChunkSchema = z.object({
  batchId: batchIdSchema,
  chunk: z.int().min(0),
  createdAt: instantSchema,
  groups: z.array(z.object({ tokens: z.array(nameSchema).min(1), jobs: z.array(chunkJobSchema).min(1) })),
});
export type BatchChunk = z.infer<typeof batchChunkSchema>;

/** `batches/<id>/chunks/<n>.fed.json`: created after the chunk itself; what became of the items that were refused. */
export const fedChunkSchema = z.object({ groups: z.int().min(0), at: instantSchema, items: z.array(batchItemSchema) });
export type FedChunk = z.infer<typeof fedChunkSchema>;

/** `batches/<id>/chunks/<n>.<group>.done.json`: every item of the group has its outcome; created once. */
export const groupOutcomeSchema = z.object({ endedAt: instantSchema, items: z.array(batchItemSchema) });
export type GroupOutcome = z.infer<typeof groupOutcomeSchema>;

/** `batches/<id>/controls/<n>.json`: what somebody wanted of the batch; the last one counts, and nothing after cancel. */
export const batchControlSchema = z.object({
  action: z.enum(['pause', 'resume', 'cancel']),
  at: instantSchema,
  by: nameSchema.optional().describe('The client; absent when the batch did it by itself'),
  reason: z.string().optional(),
  failed: z.int().min(0).optional().describe('Items that had failed then: the count that pauses it begins here'),
});
export type BatchControl = z.infer<typeof batchControlSchema>;

/** Items that failed with one code. */
export const failureCountSchema = z.object({
  code: failureCodeSchema,
  count: z.int(),
  firstItem: z.int(),
  found: z.string().optional(),
});
export type FailureCount = z.infer<typeof failureCountSchema>;

/** `batches/<id>/end.json`: created once, when every item has an outcome. */
export const batchEndSchema = z.object({
  status: z.enum(['completed', 'cancelled']),
  endedAt: instantSchema,
  counts: z.object({ total: z.int(), completed: z.int(), failed: z.int(), cancelled: z.int() }),
  failures: z.array(failureCountSchema),
  /** Chunks from here on were never begun: all their items are cancelled. */
  chunksBegun: z.int().min(0),
});
export type BatchEnd = z.infer<typeof batchEndSchema>;
