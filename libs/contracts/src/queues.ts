import { z } from 'zod';
import { jobIdSchema, nameSchema } from './identifiers.js';
import { tokenStateSchema } from './credential.js';

/** BullMQ's key prefix; the braces keep all keys in one slot of a Redis Cluster. */
export const queuePrefix = '{kyso}';

export type Lane = 'interactive' | 'bulk';

/** One queue for each token and lane: a slow token holds up nobody else. */
export function queueName(token: string, lane: Lane): string {
  return `sign-${token}-${lane}`;
}

/** Ids only: never bytes, never a PIN. The BullMQ job id is `<jobId>.<step>`, so that a repeat is recognised. */
export const queueJobSchema = z.object({ jobId: jobIdSchema, step: z.int().min(0) });
export type QueueJob = z.infer<typeof queueJobSchema>;

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

/** Redis hash of what a signer last said of its tokens: field `<signerId>`, value `tokenReportSchema` as JSON. */
export const tokenReportKey = (token: string): string => `kyso:token:${token}`;
/** Redis set of the names of all tokens that signers have been configured with. */
export const tokenNamesKey = 'kyso:tokens';
export const tokenReportSchema = z.object({
  token: nameSchema,
  signerId: z.string(),
  state: tokenStateSchema,
  atMs: z.number(),
});
export type TokenReport = z.infer<typeof tokenReportSchema>;
/** A report older than this many milliseconds counts as `unknown`. */
export const tokenReportMaxAgeMs = 15_000;
