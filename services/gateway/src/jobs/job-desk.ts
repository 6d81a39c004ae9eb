import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ApiClientRecord, SigningJob, StoredJob } from '@kyso/contracts';
import type { AcceptedJob } from './acceptance.js';
import { describeAccepted, describeJob, type JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import { watchUntilEnd } from './job-watch.js';
import type { ProgressHub } from './progress-hub.js';

export interface JobDeskParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly hub: ProgressHub;
  readonly stopSignal: AbortSignal;
  readonly pollMs: number;
}

/** Tells callers how their jobs stand, at once or when they have ended. */
export class JobDesk {
  constructor(private readonly parts: JobDeskParts) {}

  /** The client's job as it stands. Throws JOB_UNKNOWN. */
  async show(client: ApiClientRecord, jobId: string): Promise<SigningJob> {
    return this.describe(await this.parts.archive.requestOf(client, jobId));
  }

  private async describe(job: StoredJob): Promise<SigningJob> {
    return describeJob(job, this.parts.archive, this.parts.queues);
  }

  /**
   * The answers to a post, in the order of the jobs: waits up to `waitSeconds` for their ends; less when the process stops or the
   * caller goes away.
   */
  async answer(
    jobs: readonly AcceptedJob[],
    how: { readonly waitSeconds: number; readonly caller: IncomingMessage },
  ): Promise<SigningJob[]> {
    if (how.waitSeconds === 0) {
      return Promise.all(
        jobs.map(async ({ job, isRepeat }) => (isRepeat ? this.describe(job) : describeAccepted(job))),
      );
    }
    const { stopSignal, pollMs } = this.parts;
    const gone = new AbortController();
    // One listener for each job and source of an end.
    setMaxListeners(0, gone.signal);
    const stop = (): void => gone.abort();
    const deadline = setTimeout(stop, how.waitSeconds * 1_000);
    how.caller.socket.once('close', stop);
    stopSignal.addEventListener('abort', stop, { once: true });
    if (stopSignal.aborted) stop();
    try {
      return await Promise.all(
        jobs.map(async ({ job }) => {
          await watchUntilEnd(job, this.parts, { signal: gone.signal, pollMs });
          return this.describe(job);
        }),
      );
    } finally {
      clearTimeout(deadline);
      how.caller.socket.off('close', stop);
      stopSignal.removeEventListener('abort', stop);
    }
  }
}
