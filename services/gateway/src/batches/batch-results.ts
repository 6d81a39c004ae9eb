import {
  batchItemRequestSchema,
  chunkItems,
  SigningError,
  toFailure,
  type BatchEnd,
  type BatchItem,
  type BatchItemStatus,
  type ManifestLine,
  type StoredBatch,
} from '@kyso/contracts';
import { readFedChunk, readGroupOutcome, type ObjectStore } from '@kyso/storage';
import { stringify } from 'csv-stringify/sync';
import type { BatchArchive } from './batch-archive.js';
import { chunksOf } from './batch-tally.js';
import { storedLines } from './manifest-lines.js';

/** Which outcomes are read. */
export interface WantedItems {
  readonly end: BatchEnd | undefined;
  readonly chunksFed: number;
  readonly status?: BatchItemStatus | undefined;
  /** The item that is read first. */
  readonly from?: number;
}

const columns = [
  'item',
  'reference',
  'object',
  'documentId',
  'jobId',
  'status',
  'version',
  'level',
  'deferredLevel',
  'sizeBytes',
  'sha256',
  'endedAt',
  'code',
  'expected',
  'found',
  'messageVi',
  'messageEn',
] as const;

/** The outcomes of batches as they lie in the store, a chunk at a time. */
export class BatchResults {
  constructor(private readonly parts: { readonly store: ObjectStore; readonly archive: BatchArchive }) {}

  /** Outcomes in the order of the chunks; of a cancelled batch also of the items that were never begun. */
  async *items(batch: StoredBatch, wanted: WantedItems): AsyncGenerator<BatchItem> {
    const from = wanted.from ?? 0;
    for await (const { items } of this.chunks(batch, wanted)) {
      for (const item of items) {
        if (item.item >= from && (wanted.status === undefined || item.status === wanted.status)) yield item;
      }
    }
  }

  /** The manifest lines of the items that ended so, as they are tried again. */
  async *linesAgain(
    batch: StoredBatch,
    end: BatchEnd,
    statuses: ReadonlySet<BatchItemStatus>,
  ): AsyncGenerator<Omit<ManifestLine, 'item'>> {
    for await (const { chunk, items } of this.chunks(batch, { end, chunksFed: end.chunksBegun })) {
      const lines = await this.linesOf(batch, chunk);
      for (const { item, status, documentId, version } of items) {
        const line = lines[item % chunkItems];
        if (line === undefined || !statuses.has(status)) continue;
        const request = batchItemRequestSchema.parse(line.request);
        // What was copied from the inbox once is signed, not what lies there now.
        const { object, ...rest } = request;
        const again = object !== undefined && documentId !== undefined ? { ...rest, documentId } : request;
        const stepsDone = version === undefined ? (line.stepsDone ?? 0) : version - request.expectedVersion;
        yield { request: again, ...(stepsDone === 0 ? {} : { stepsDone }) };
      }
    }
  }

  private async *chunks(
    batch: StoredBatch,
    { end, chunksFed, from = 0 }: WantedItems,
  ): AsyncGenerator<{ readonly chunk: number; readonly items: BatchItem[] }> {
    const { store } = this.parts;
    const { batchId } = batch;
    for (let chunk = Math.floor(from / chunkItems); chunk < chunksFed; chunk++) {
      const fed = await readFedChunk(store, batchId, chunk);
      if (fed === undefined) return;
      const groups = Array.from({ length: fed.groups }, (_, group) =>
        readGroupOutcome(store, { batchId, chunk, group }),
      );
      const outcomes = (await Promise.all(groups)).flatMap((outcome) => outcome?.items ?? []);
      yield { chunk, items: [...fed.items, ...outcomes].sort((a, b) => a.item - b.item) };
    }
    if (end === undefined) return;
    const failure = toFailure(new SigningError('BATCH_CANCELLED'));
    for (let chunk = Math.max(chunksFed, Math.floor(from / chunkItems)); chunk < chunksOf(end.counts.total); chunk++) {
      const items = (await this.linesOf(batch, chunk)).map(({ item, request }): BatchItem => {
        const { documentId, object, reference } = batchItemRequestSchema.parse(request);
        return {
          item,
          ...(reference === undefined ? {} : { reference }),
          ...(object === undefined ? {} : { object }),
          ...(documentId === undefined ? {} : { documentId }),
          status: 'cancelled',
          endedAt: end.endedAt,
          failure,
        };
      });
      yield { chunk, items };
    }
  }

  private async linesOf({ batchId }: StoredBatch, chunk: number): Promise<ManifestLine[]> {
    const { store, archive } = this.parts;
    const manifest = await archive.manifest(batchId);
    return manifest === undefined ? [] : ((await storedLines(store, batchId, { manifest, chunk })) ?? []);
  }
}

/** Lines of NDJSON. */
export async function* asNdjson(items: AsyncIterable<BatchItem>): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
}

/** Rows of CSV with headings, UTF-8 with a byte order mark, since Excel takes it for another encoding without one. */
export async function* asCsv(items: AsyncIterable<BatchItem>): AsyncGenerator<string> {
  yield stringify([[...columns]], { bom: true, record_delimiter: 'windows' });
  for await (const { failure, ...item } of items) {
    const row: Readonly<Record<string, string | number | boolean | undefined>> = { ...item, ...failure };
    // A cell that begins like a formula would be run where it is opened.
    const cells = columns.map((column) => String(row[column] ?? '').replace(/^(?=[=+@\t\r])/, "'"));
    yield stringify([cells], { record_delimiter: 'windows' });
  }
}
