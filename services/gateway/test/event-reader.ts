import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads `text/event-stream` until it ends; `comments` counts the heartbeats. */
export class EventReader {
  readonly events: ServerSentEvent[] = [];
  comments = 0;
  readonly ended: Promise<void>;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.ended = this.read().catch(() => undefined);
  }

  static async open(baseUrl: string, jobId: string, key: string | undefined): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(new URL(`/v1/signing-jobs/${jobId}/events`, baseUrl), {
      headers: { authorization: `Bearer ${key}` },
      signal: abort.signal,
    });
    return new EventReader(response, abort);
  }

  hangUp(): void {
    this.abort.abort();
  }

  stages(): unknown[] {
    return this.events.filter(({ event }) => event === 'progress').map(({ data }) => data['stage']);
  }

  private async read(): Promise<void> {
    if (this.response.body === null) return;
    let event = '';
    for await (const line of createInterface({ input: Readable.fromWeb(this.response.body as never) })) {
      if (line.startsWith(':')) this.comments += 1;
      if (line.startsWith('event: ')) event = line.slice(7);
      if (line.startsWith('data: ')) {
        this.events.push({ event, data: JSON.parse(line.slice(6)) as Record<string, unknown> });
      }
    }
  }
}
