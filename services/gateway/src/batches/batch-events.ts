import { PassThrough, type Readable } from 'node:stream';
import { SigningError, type ApiClientRecord } from '@kyso/contracts';
import type { BatchDesk } from './batch-desk.js';

export interface BatchEventsParts {
  readonly desk: BatchDesk;
  /** Aborts when the process begins to stop. */
  readonly stopSignal: AbortSignal;
  readonly maxStreams: number;
}

/** Milliseconds between looks; comments in between keep proxies from cutting the stream. */
const lookEveryMs = 1_000;

/** Server-sent events of batches (WHATWG HTML, 9.2): the batch whenever it has changed, until it has ended. */
export class BatchEvents {
  private open = 0;

  constructor(private readonly parts: BatchEventsParts) {}

  /** Throws BATCH_UNKNOWN, RATE_LIMITED when too many are open. */
  async stream(client: ApiClientRecord, batchId: string): Promise<Readable> {
    const { desk, stopSignal, maxStreams } = this.parts;
    let last = JSON.stringify(await desk.show(client, batchId));
    if (this.open >= maxStreams)
      throw new SigningError('RATE_LIMITED', { expected: `at most ${maxStreams} event streams` });
    this.open += 1;
    const stream = new PassThrough();
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => void stream.end();
    stopSignal.addEventListener('abort', end, { once: true });
    stream.once('close', () => {
      this.open -= 1;
      clearTimeout(timer);
      stopSignal.removeEventListener('abort', end);
    });
    const send = (text: string, endedAt: string | undefined): void => {
      stream.write(`event: batch\ndata: ${text}\n\n`);
      if (endedAt === undefined) timer = setTimeout(() => void look().catch(end), lookEveryMs);
      else stream.end();
    };
    const look = async (): Promise<void> => {
      const batch = await desk.show(client, batchId);
      const text = JSON.stringify(batch);
      if (stream.destroyed || stream.writableEnded) return;
      if (text !== last || batch.endedAt !== undefined) {
        last = text;
        send(text, batch.endedAt);
        return;
      }
      stream.write(': alive\n\n');
      timer = setTimeout(() => void look().catch(end), lookEveryMs);
    };
    stream.write('retry: 2000\n\n');
    send(last, (JSON.parse(last) as { endedAt?: string }).endedAt);
    return stream;
  }
}
