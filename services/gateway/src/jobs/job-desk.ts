import type { IncomingMessage } from 'node:http';
import type { SigningJob, StoredJob } from '@kyso/contracts';
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

  async describe(job: StoredJob): Promise<SigningJob> {
    return describeJob(job, this.parts.archive, this.parts.queues);
  }

  /** The answer to a post: waits up to `waitSeconds` for the end; less when the process stops or the caller goes away. */
  async answer(
    job: StoredJob,
    how: { readonly isRepeat: boolean; readonly waitSeconds: number; readonly caller: IncomingMessage },
  ): Promise<SigningJob> {
    const { stopSignal, pollMs } = this.parts;
    if (how.waitSeconds === 0) return how.isRepeat ? this.describe(job) : describeAccepted(job);
    const gone = new AbortController();
    const stop = (): void => gone.abort();
    const deadline = setTimeout(stop, how.waitSeconds * 1_000);
    how.caller.socket.once('close', stop);
    stopSignal.addEventListener('abort', stop, { once: true });
    if (stopSignal.aborted) stop();
    try {
      await watchUntilEnd(job, this.parts, { signal: gone.signal, pollMs });
      return await this.describe(job);
    } finally {
      clearTimeout(deadline);
      how.caller.socket.off('close', stop);
      stopSignal.removeEventListener('abort', stop);
    }
  }
}
