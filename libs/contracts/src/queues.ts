import { z } from 'zod';
import { chunkHoldSchema } from './batch-hold.js';
import { batchIdSchema, jobIdSchema, nameSchema } from './identifiers.js';
import { tokenStateSchema } from './credential.js';

/** BullMQ's key prefix; the braces keep all keys in one slot of a Redis Cluster. */
export const queuePrefix = '{kyso}';

export type Lane = 'interactive' | 'bulk';

/** One queue for each token and lane: a slow token holds up nobody else. */
export function queueName(token: string, lane: Lane): string {
  return `sign-${token}-${lane}`;
}

/** What an interactive queue carries. Ids only: never bytes, never a PIN. The BullMQ job id is `<jobId>.<step>`, so that a repeat is recognised. */
export const queueJobSchema = z.object({
  jobId: jobIdSchema,
  step: z.int().min(0),
  waitedMs: z
    .number()
    .optional()
    .describe('For so many milliseconds it could not go on: pauses that were asked for, and time spent trying'),
});
export type QueueJob = z.infer<typeof queueJobSchema>;

/** What BullMQ keeps of steps and time-stamps that have ended, in seconds and counts: little, their truth is in the object store. */
export const keepEnded = {
  removeOnComplete: { age: 600, count: 100 },
  removeOnFail: { age: 86_400, count: 1_000 },
} as const;
/**
 * How steps and time-stamps are put into a queue. Attempts are for what fails in passing within one worker; what outlives them
 * is put back by the reconciler.
 */
export const stepJobOptions = {
  attempts: 10,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  ...keepEnded,
} as const;

/**
 * What a bulk queue carries: a group of a batch's chunk, whose step is to be done for all its items; in the queue of that step's
 * token. Each item has an intent and a release of its own, so that a crash repeats items, not chunks.
 */
export const chunkQueueJobSchema = z.object({
  batchId: batchIdSchema,
  chunk: z.int().min(0),
  group: z.int().min(0),
  step: z.int().min(0),
  waitedMs: z
    .number()
    .optional()
    .describe('For so many milliseconds no item of it could go on: pauses that were asked for, and time spent trying'),
  held: chunkHoldSchema.optional(),
});
export type ChunkQueueJob = z.infer<typeof chunkQueueJobSchema>;
/**
 * How BullMQ keeps chunks: not at all when they have ended, so that the gateway can add one again that was put aside. Attempts
 * are for errors that nobody foresaw; a chunk that they don't help is added again by the gateway.
 */
export const chunkJobOptions = {
  attempts: 10,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export function chunkQueueJobId({ batchId, chunk, group, step }: ChunkQueueJob): string {
  return `${batchId}.${chunk}.${group}.${step}`;
}

/** The queue of documents that wait for a time-stamp; the job in it has the id of the signing job that left it out. */
export const timestampQueueName = 'timestamps';
export const timestampQueueJobSchema = queueJobSchema.pick({ jobId: true });
export type TimestampQueueJob = z.infer<typeof timestampQueueJobSchema>;

export function queueJobId(job: QueueJob): string {
  return `${job.jobId}.${job.step}`;
}

/**
 * Redis channel of the progress of all jobs: JSON arrays of `progressSchema`. One channel, and several stages in a message,
 * since a message for each stage of each job costs the signer more CPU than preparing the signature.
 */
export const progressChannel = 'kyso:progress';

/**
 * Redis channel on which a gateway says that an interactive job is about to be stored and queued; the message is the token name of
 * its first step. Batches stand back from then on. A courtesy: when it is lost they do so when the step begins.
 */
export const arrivalChannel = 'kyso:arrivals';

/** Redis hash of what a signer last said of its tokens: field `<signerId>`, value `tokenReportSchema` as JSON. */
export const tokenReportKey = (token: string): string => `kyso:token:${token}`;
/**
 * Redis hash of what the signers last said of the tokens that serve a name: field `<signerId> <token>`, value
 * `tokenReportSchema` as JSON.
 */
export const servedReportsKey = (name: string): string => `kyso:served:${name}`;
/** Redis set of the names of all tokens that signers have been configured with. */
export const tokenNamesKey = 'kyso:tokens';
export const tokenReportSchema = z.object({
  token: nameSchema,
  serves: nameSchema.optional().describe('Token name of the credentials that it signs for; absent: its own'),
  signerId: z.string(),
  state: tokenStateSchema,
  atMs: z.number(),
});
export type TokenReport = z.infer<typeof tokenReportSchema>;
/** A report older than this many milliseconds counts as `unknown`. */
export const tokenReportMaxAgeMs = 15_000;
