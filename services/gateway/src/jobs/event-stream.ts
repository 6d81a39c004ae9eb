import { PassThrough, type Readable } from 'node:stream';
import { SigningError, type ApiClientRecord, type Progress, type StoredJob } from '@kyso/contracts';
import { describeJob, type JobArchive } from './job-archive.js';
import type { JobQueues } from './job-queues.js';
import { watchUntilEnd } from './job-watch.js';
import type { ProgressHub } from './progress-hub.js';

/** A reader that does not read is cut off at this many buffered bytes: against memory held by stalled connections. */
const maxBufferedBytes = 65_536;

export interface EventStreamParts {
  readonly archive: JobArchive;
  readonly queues: JobQueues;
  readonly hub: ProgressHub;
  /** Aborts when the process begins to stop. */
  readonly stopSignal: AbortSignal;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly maxStreams: number;
}

/**
 * Server-sent events of jobs (WHATWG HTML, 9.2): `progress` while a job runs, beginning with its present state, so that a
 * reconnect misses nothing; one `job` when it has ended, and then the stream ends. Comments keep proxies from cutting it.
 */
export class JobEvents {
  private open = 0;

  constructor(private readonly parts: EventStreamParts) {}

  /** The stream to be sent as `text/event-stream`. Throws JOB_UNKNOWN, RATE_LIMITED when too many are open. */
  async stream(client: ApiClientRecord, jobId: string): Promise<Readable> {
    const job = await this.parts.archive.requestOf(client, jobId);
    if (this.open >= this.parts.maxStreams) {
      throw new SigningError('RATE_LIMITED', { expected: `at most ${this.parts.maxStreams} event streams` });
    }
    this.open += 1;
    const stream = new PassThrough();
    const gone = new AbortController();
    const stop = (): void => gone.abort();
    const heartbeat = setInterval(() => send(stream, ': alive\n\n'), this.parts.heartbeatMs);
    this.parts.stopSignal.addEventListener('abort', stop, { once: true });
    stream.on('error', stop);
    stream.once('close', () => {
      this.open -= 1;
      clearInterval(heartbeat);
      this.parts.stopSignal.removeEventListener('abort', stop);
      stop();
    });
    if (this.parts.stopSignal.aborted) stop();
    void this.tell(job, stream, gone.signal).then(
      () => stream.end(),
      // A lost store ends the stream; the caller reconnects and gets the state again.
      () => stream.end(),
    );
    return stream;
  }

  private async tell(job: StoredJob, stream: PassThrough, signal: AbortSignal): Promise<void> {
    const { archive, queues, hub, pollMs } = this.parts;
    // How long a browser waits before it connects again.
    send(stream, 'retry: 2000\n\n');
    send(stream, event('progress', await presentState(job, archive)));
    const onProgress = (progress: Progress): void => send(stream, event('progress', progress));
    const outcome = await watchUntilEnd(job, { archive, hub }, { signal, pollMs, onProgress });
    if (outcome !== undefined) send(stream, event('job', await describeJob(job, archive, queues)));
  }
}

async function presentState(job: StoredJob, archive: JobArchive): Promise<Progress> {
  const { jobId } = job;
  const last = (await archive.releasedSteps(job)).at(-1);
  return last === undefined
    ? { jobId, step: 0, stage: 'accepted', at: job.createdAt }
    : { jobId, step: last.step, stage: 'released', at: last.signingTime };
}

function event(name: 'progress' | 'job', data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function send(stream: PassThrough, text: string): void {
  if (stream.destroyed || stream.writableEnded) return;
  stream.write(text);
  if (stream.writableLength + stream.readableLength > maxBufferedBytes) stream.destroy();
}
