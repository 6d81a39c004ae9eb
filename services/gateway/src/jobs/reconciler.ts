import type { StoredJob } from '@kyso/contracts';
import type { Logger } from 'pino';
import { placesOf, type JobArchive, type OpenMark } from './job-archive.js';
import type { JobQueues, QueueKnowledge } from './job-queues.js';

/** A marker without a request is the trace of a post that never became a job; it is removed when it is older than this. */
const abandonedAfterMs = 3_600_000;
/** Back-off of a job that the queue keeps failing without an outcome. */
const firstBackoffMs = 5_000;
const maxBackoffMs = 300_000;
const batchSize = 500;
/** Beyond every delay that queue and signers give a step; a longer one comes from a clock that was put back since. */
const longestSleepMs = 600_000;

export interface ReconcilerParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly logger: Logger;
  /** Younger jobs are left alone: whoever posted them is still adding them. */
  readonly graceMs: number;
  readonly nowMs?: () => number;
}

/** What one pass found and did. */
export interface Reconciliation {
  readonly open: number;
  readonly added: number;
  readonly closed: number;
}

/**
 * Makes the queue agree with the object store: every open job is known to the queue, and only open jobs are marked as open.
 * A pass over jobs that are all known costs one listing and one Redis command for each step; the store is read only for the
 * others. All of it may be done twice: adding is idempotent by job id, and the signer looks at the store before the key.
 */
export class Reconciler {
  private readonly backoff = new Map<string, { tries: number; nextAtMs: number }>();
  private readonly nowMs: () => number;

  constructor(private readonly parts: ReconcilerParts) {
    this.nowMs = parts.nowMs ?? Date.now;
  }

  /** One pass over all open jobs. Throws when the store or Redis cannot be asked. */
  async run(): Promise<Reconciliation> {
    const seen = new Set<string>();
    const result = { open: 0, added: 0, closed: 0 };
    let batch: OpenMark[] = [];
    const flush = async (): Promise<void> => {
      const { added, closed } = await this.reconcile(batch);
      result.added += added;
      result.closed += closed;
      batch = [];
    };
    for await (const mark of this.parts.archive.openMarks()) {
      seen.add(mark.jobId);
      result.open += 1;
      // A mark of the future was made before the clock was put back.
      if (Math.abs(this.ageMs(mark)) >= this.parts.graceMs) batch.push(mark);
      if (batch.length >= batchSize) await flush();
    }
    await flush();
    await this.parts.queues.wakeOversleepers(this.nowMs() + longestSleepMs);
    for (const jobId of this.backoff.keys()) if (!seen.has(jobId)) this.backoff.delete(jobId);
    return result;
  }

  private async reconcile(marks: readonly OpenMark[]): Promise<{ added: number; closed: number }> {
    const { archive, queues } = this.parts;
    const jobs: { readonly job: StoredJob; readonly mark: OpenMark }[] = [];
    let closed = 0;
    for (const mark of marks) {
      const job = await archive.request(mark.jobId);
      if (job !== undefined) jobs.push({ job, mark });
      else if (await this.dropAbandoned(mark)) closed += 1;
    }
    const places = jobs.map(({ job }) => placesOf(job));
    const knowledge = await queues.probe(places.flat());
    let added = 0;
    let offset = 0;
    for (const [index, { job, mark }] of jobs.entries()) {
      const count = places[index]?.length ?? 0;
      const known = knowledge.slice(offset, offset + count);
      offset += count;
      if (known.includes('live')) continue;
      const done = await this.settle(job, mark, known);
      if (done === 'added') added += 1;
      if (done === 'closed') closed += 1;
    }
    return { added, closed };
  }

  /** A job that no queue is working on: it has ended, or has to be added. */
  private async settle(
    job: StoredJob,
    mark: OpenMark,
    known: readonly QueueKnowledge[],
  ): Promise<'added' | 'closed' | 'later'> {
    const { archive, queues, logger } = this.parts;
    const { jobId } = job;
    if ((await archive.outcome(job)) !== undefined) {
      await archive.close(job);
      // Of two calls with one Idempotency-Key each has made a mark.
      await archive.unmark(mark);
      return 'closed';
    }
    const place = await archive.currentPlace(job);
    if (known[place.job.step] === 'finished') {
      // The queue gave it up, yet it has no outcome: once more, but ever more slowly, so that it does not run hot.
      const before = this.backoff.get(jobId) ?? { tries: 0, nextAtMs: 0 };
      const leftMs = before.nextAtMs - this.nowMs();
      if (leftMs > 0 && leftMs <= maxBackoffMs) return 'later';
      const waitMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** before.tries);
      this.backoff.set(jobId, { tries: before.tries + 1, nextAtMs: this.nowMs() + waitMs });
      await queues.addAgain(place);
      logger.warn({ jobId, step: place.job.step, tries: before.tries + 1 }, 'job without an outcome is run again');
      return 'added';
    }
    await queues.add(place);
    logger.info({ jobId, step: place.job.step }, 'job was put back on the queue');
    return 'added';
  }

  private async dropAbandoned(mark: OpenMark): Promise<boolean> {
    if (this.ageMs(mark) < abandonedAfterMs) return false;
    await this.parts.archive.unmark(mark);
    this.parts.logger.warn({ jobId: mark.jobId }, 'removed the mark of a job that was never stored');
    return true;
  }

  private ageMs({ createdAtMs }: OpenMark): number {
    return this.nowMs() - createdAtMs;
  }
}
