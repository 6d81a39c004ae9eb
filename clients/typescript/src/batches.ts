import type { Client } from 'openapi-fetch';
import { problemOf, unwrap } from './answers.js';
import type { Batch, BatchItem, BatchItemRequest, BatchRequest, BatchRetry, paths } from './generated/api.js';

/** Items as they come, or the whole manifest as NDJSON. */
export type SentManifest = Iterable<BatchItemRequest> | AsyncIterable<BatchItemRequest> | string;

interface Door {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly fetchOnce: typeof fetch;
}

/** The calls for batches: many documents in one order, by night. Every method throws KysoError for a refusal. */
export class Batches {
  constructor(
    private readonly api: Client<paths>,
    private readonly door: Door,
  ) {}

  /** Store the key before the call: after a crash the same key finds the same batch. */
  async create(request: BatchRequest, { idempotencyKey }: { readonly idempotencyKey: string }): Promise<Batch> {
    const params = { header: { 'Idempotency-Key': idempotencyKey } };
    return unwrap(await this.api.POST('/v1/batches', { params, body: request }));
  }

  /** Sends the documents of a batch as they come; the same manifest again changes nothing. */
  async sendManifest(batchId: string, manifest: SentManifest): Promise<Batch> {
    const { baseUrl, apiKey, fetchOnce } = this.door;
    const encoder = new TextEncoder();
    async function* lines(): AsyncGenerator<Uint8Array> {
      if (typeof manifest === 'string') yield encoder.encode(manifest);
      else for await (const item of manifest) yield encoder.encode(`${JSON.stringify(item)}\n`);
    }
    const response = await fetchOnce(new URL(`/v1/batches/${batchId}/manifest`, baseUrl), {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/x-ndjson' },
      body: streamOf(lines()),
      // Node demands it for a stream; types of browsers don't know it.
      ...({ duplex: 'half' } as object),
    });
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Batch;
  }

  async show(batchId: string): Promise<Batch> {
    return unwrap(await this.api.GET('/v1/batches/{batchId}', { params: { path: { batchId } } }));
  }

  async pause(batchId: string): Promise<Batch> {
    return unwrap(await this.api.POST('/v1/batches/{batchId}/pause', { params: { path: { batchId } } }));
  }

  async resume(batchId: string): Promise<Batch> {
    return unwrap(await this.api.POST('/v1/batches/{batchId}/resume', { params: { path: { batchId } } }));
  }

  async cancel(batchId: string): Promise<Batch> {
    return unwrap(await this.api.POST('/v1/batches/{batchId}/cancel', { params: { path: { batchId } } }));
  }

  /** The items that failed, once more, as a batch of their own. */
  async retry(batchId: string, how: Partial<BatchRetry> & { readonly idempotencyKey: string }): Promise<Batch> {
    const { idempotencyKey, ...body } = how;
    const params = { path: { batchId }, header: { 'Idempotency-Key': idempotencyKey } };
    return unwrap(
      await this.api.POST('/v1/batches/{batchId}/retry', { params, body: { statuses: ['failed'], ...body } }),
    );
  }

  /** Asks until the batch has ended. Throws Error when it has not after `timeoutMs`. */
  async ended(
    batchId: string,
    { timeoutMs, everyMs = 1_000 }: { readonly timeoutMs: number; readonly everyMs?: number },
  ): Promise<Batch> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const batch = await this.show(batchId);
      if (batch.endedAt !== undefined) return batch;
      if (Date.now() > deadline) throw new Error(`batch ${batchId} is still ${batch.status} after ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** All outcomes so far, page by page. */
  async *items(batchId: string, status?: BatchItem['status']): AsyncGenerator<BatchItem> {
    for (let from: number | undefined = 0; from !== undefined;) {
      const query: { from: number; limit: number; status?: BatchItem['status'] } = {
        from,
        limit: 1_000,
        ...(status === undefined ? {} : { status }),
      };
      const page = unwrap(await this.api.GET('/v1/batches/{batchId}/items', { params: { path: { batchId }, query } }));
      yield* page.items;
      from = page.next;
    }
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
