import type { JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';

/** How many jobs wait for a time-stamp, and since when the oldest one does. */
export interface WaitingTimestamps {
  readonly open: number;
  /** In milliseconds since 1970; undefined when none waits. */
  readonly oldestMs: number | undefined;
}

const batchSize = 500;

/**
 * Puts every job that was released without its time-stamp onto the queue of later time-stamps, also after Redis was lost.
 * Adding is idempotent, and the signer looks at the document first. Throws when the store or Redis cannot be asked.
 */
export async function queueLaterTimestamps(
  archive: Pick<JobArchive, 'timestampMarks'>,
  queues: Pick<JobQueues, 'addTimestamps'>,
): Promise<WaitingTimestamps> {
  let open = 0;
  let oldestMs: number | undefined;
  let batch: string[] = [];
  for await (const { jobId, createdAtMs } of archive.timestampMarks()) {
    open += 1;
    oldestMs = Math.min(oldestMs ?? createdAtMs, createdAtMs);
    batch.push(jobId);
    if (batch.length < batchSize) continue;
    await queues.addTimestamps(batch);
    batch = [];
  }
  if (batch.length > 0) await queues.addTimestamps(batch);
  return { open, oldestMs };
}
