import { createHash } from 'node:crypto';
import {
  batchItemRequestSchema,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type BatchItemRequest,
  type StoredBatch,
  type StoredManifest,
} from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';
import type { Quotas } from '../retention/quotas.js';
import type { BatchArchive } from './batch-archive.js';
import { csvLines } from './manifest-csv.js';
import { ndjsonLines, type SentLine } from './manifest-lines.js';
import { ManifestWriter } from './manifest-writer.js';

export const manifestTypes = ['application/x-ndjson', 'text/csv'] as const;
export type ManifestType = (typeof manifestTypes)[number];

/** Faults of one manifest that are told at a time. */
const maxFaults = 20;

/** Reads the items of batches: from a manifest that is sent, or from a listing of the store. In memory is one chunk at a time. */
export class Manifests {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly archive: BatchArchive;
      readonly maxItems: number;
      readonly quotas: Pick<Quotas, 'assertItems' | 'assertJobs' | 'tookJobs'>;
      readonly now: () => Date;
    },
  ) {}

  /**
   * Takes the manifest of a batch. With one fault nothing is kept, and the error tells the first of them by line. The same
   * manifest again changes nothing. Throws MANIFEST_INVALID, QUOTA_EXCEEDED, BATCH_STATE for another one, and what the body throws.
   */
  async receive(
    client: ApiClientRecord,
    batch: StoredBatch,
    body: AsyncIterable<Uint8Array>,
    mediaType: ManifestType,
  ): Promise<StoredManifest> {
    if (batch.source.kind !== 'manifest') {
      throw new SigningError('BATCH_STATE', {
        expected: 'a batch whose source is a manifest',
        found: batch.source.kind,
      });
    }
    const hash = createHash('sha256');
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const lines = mediaType === 'text/csv' ? csvLines(hashed(), batch.steps.length) : ndjsonLines(hashed());
    const manifest = await this.keep(
      batch,
      async (writer) => {
        await this.writeLines(writer, lines);
        await this.assertQuotas(client, writer);
      },
      () => hash.digest('hex'),
    );
    return manifest;
  }

  /** Lists what lies below the prefix of the batch. Throws MANIFEST_INVALID (too many), QUOTA_EXCEEDED. */
  async list(client: ApiClientRecord, batch: StoredBatch): Promise<StoredManifest> {
    const { source, clientId } = batch;
    if (source.kind !== 'prefix') throw new TypeError(`expected a batch of a prefix, found ${source.kind}`);
    return this.keep(batch, async (writer) => {
      const inbox = objectKeys.inbox(clientId, '');
      for await (const { key } of this.parts.store.list(`${objectKeys.inbox(clientId, source.prefix)}/`)) {
        if (!/\.pdf$/i.test(key)) continue;
        this.assertRoom(writer);
        const object = key.slice(inbox.length);
        await writer.add({ request: { object, reference: object.slice(0, 200) } });
      }
      await this.assertQuotas(client, writer);
    });
  }

  /** Writes items with `write` and makes them the batch's manifest, if it has none yet. Throws BATCH_STATE when it has another. */
  async keep(
    batch: StoredBatch,
    write: (writer: ManifestWriter) => Promise<void>,
    sha256Of: () => string | undefined = () => undefined,
  ): Promise<StoredManifest> {
    const { store, archive, now, quotas } = this.parts;
    const writer = new ManifestWriter(store, batch.batchId);
    let kept: StoredManifest | undefined;
    try {
      await write(writer);
      await writer.end();
      const sha256 = sha256Of();
      const wanted: StoredManifest = {
        intake: writer.intake,
        items: writer.count,
        ...(sha256 === undefined ? {} : { sha256 }),
        at: now().toISOString(),
      };
      kept = await archive.keepManifest(batch.batchId, wanted);
      if (kept.intake !== wanted.intake && kept.sha256 !== wanted.sha256) {
        throw new SigningError('BATCH_STATE', {
          expected: `the manifest that it has, SHA-256 ${kept.sha256}`,
          found: `another one, ${wanted.sha256}`,
        });
      }
      if (kept.intake === wanted.intake) quotas.tookJobs(batch.clientId, kept.items);
      return kept;
    } finally {
      if (kept?.intake !== writer.intake) await writer.discard();
    }
  }

  private async writeLines(writer: ManifestWriter, lines: AsyncIterable<SentLine>): Promise<void> {
    const faults: string[] = [];
    for await (const { line, value } of lines) {
      const parsed = batchItemRequestSchema.safeParse(value);
      if (parsed.success) {
        this.assertRoom(writer);
        await writer.add({ request: parsed.data satisfies BatchItemRequest });
        continue;
      }
      const [issue] = parsed.error.issues;
      faults.push(`line ${line}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 200));
      if (faults.length === maxFaults) break;
    }
    if (faults.length > 0) {
      throw new SigningError('MANIFEST_INVALID', { expected: 'items (BatchItemRequest)', found: faults.join('; ') });
    }
    if (writer.count === 0)
      throw new SigningError('MANIFEST_INVALID', { expected: 'at least one item', found: 'none' });
  }

  private async assertQuotas(client: ApiClientRecord, { count }: ManifestWriter): Promise<void> {
    this.parts.quotas.assertItems(client, count);
    await this.parts.quotas.assertJobs(client, count);
  }

  private assertRoom(writer: ManifestWriter): void {
    const { maxItems } = this.parts;
    if (writer.count < maxItems) return;
    throw new SigningError('MANIFEST_INVALID', { expected: `at most ${maxItems} items`, found: 'more' });
  }
}
