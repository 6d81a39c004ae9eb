import {
  derivedId,
  expectedEnd,
  failureCodes,
  newId,
  SigningError,
  windowAt,
  type ApiClientRecord,
  type Batch,
  type BatchControl,
  type BatchFailures,
  type BatchItem,
  type BatchList,
  type BatchRequest,
  type BatchRetry,
  type BatchStatus,
  type FailureCount,
  type StoredBatch,
} from '@kyso/contracts';
import { batchMode } from '@kyso/storage';
import { createHash } from 'node:crypto';
import type { Quotas } from '../retention/quotas.js';
import type { BatchArchive } from './batch-archive.js';
import { lookAtQueues, type QueueLook } from './batch-holds.js';
import type { BatchResults } from './batch-results.js';
import type { BatchTallies } from './batch-tallies.js';
import type { BatchTally } from './batch-tally.js';
import type { ChunkQueues } from './chunk-queues.js';
import type { Manifests, ManifestType } from './manifests.js';

export interface BatchDeskParts {
  readonly archive: BatchArchive;
  readonly tallies: BatchTallies;
  readonly manifests: Manifests;
  readonly results: BatchResults;
  readonly queues: Pick<ChunkQueues, 'look'>;
  readonly quotas: Pick<Quotas, 'assertBatch'>;
  readonly now: () => Date;
}

/** Who asks, and with what. */
export interface BatchHead {
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
}

/** A look that is so old is new enough for a caller. */
const tallyMaxAgeMs = 500;
const pageSize = 50;
const nothingHeld: Pick<QueueLook, 'isHeld' | 'holds'> = { isHeld: false, holds: [] };

/** What clients do with batches, and how these stand. */
export class BatchDesk {
  constructor(private readonly parts: BatchDeskParts) {}

  /** Takes a batch; the same key and body give the same one. Throws IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED. */
  async create(client: ApiClientRecord, request: BatchRequest, head: BatchHead): Promise<Batch> {
    return this.describe(await this.keep(client, request, head));
  }

  private async keep(
    client: ApiClientRecord,
    request: BatchRequest & { readonly retryOf?: string },
    head: BatchHead,
  ): Promise<StoredBatch> {
    const { archive, now } = this.parts;
    const { clientId } = client;
    const { requestId, idempotencyKey: key } = head;
    const bodySha256 = createHash('sha256').update(JSON.stringify(request), 'utf8').digest('hex');
    const batchId = key === undefined ? newId('bat') : derivedId('bat', 'idempotency-key', clientId, key);
    if ((await archive.batch(batchId)) === undefined) await this.parts.quotas.assertBatch(client);
    const createdAt = now().toISOString();
    const batch = await archive.keep({ ...request, batchId, clientId, requestId, bodySha256, createdAt });
    if (batch.bodySha256 !== bodySha256) throw new SigningError('IDEMPOTENCY_KEY_REUSED', { found: batchId });
    return batch;
  }

  /** Throws BATCH_UNKNOWN, BATCH_STATE, MANIFEST_INVALID, and what the body throws. */
  async takeManifest(
    client: ApiClientRecord,
    batchId: string,
    sent: { readonly body: AsyncIterable<Uint8Array>; readonly mediaType: ManifestType },
  ): Promise<Batch> {
    const batch = await this.parts.archive.batchOf(client, batchId);
    await this.assertOpen(batch);
    await this.parts.manifests.receive(client, batch, sent.body, sent.mediaType);
    return this.describe(batch);
  }

  async show(client: ApiClientRecord, batchId: string): Promise<Batch> {
    return this.describe(await this.parts.archive.steeredBy(client, batchId));
  }

  /** The client's batches, newest first. */
  async list(client: ApiClientRecord, page: { readonly before?: string | undefined }): Promise<BatchList> {
    const { archive } = this.parts;
    const names = await archive.ofClient(client.clientId, { ...page, limit: pageSize });
    const batches: Batch[] = [];
    for (const name of names) {
      const batch = await archive.batch(name.slice(14));
      if (batch !== undefined) batches.push(await this.describe(batch));
    }
    const last = names.length === pageSize ? names.at(-1) : undefined;
    return { batches, ...(last === undefined ? {} : { next: last }) };
  }

  /** Pauses, resumes or cancels; what is so already stays so. Throws BATCH_UNKNOWN, BATCH_STATE. */
  async control(client: ApiClientRecord, batchId: string, action: BatchControl['action']): Promise<Batch> {
    const { archive, tallies, now } = this.parts;
    const batch = await archive.steeredBy(client, batchId);
    await this.assertOpen(batch);
    const tally = tallies.of(batchId);
    await tally.refresh(tallyMaxAgeMs);
    const control: BatchControl = {
      action,
      at: now().toISOString(),
      by: client.clientId,
      ...(client.clientId === batch.clientId ? {} : { reason: `by ${client.clientId}` }),
      ...(action === 'resume' ? { failed: tally.failed } : {}),
    };
    await archive.addControl(batchId, control, (last) => {
      if (last?.action === 'cancel' && action !== 'cancel') {
        throw new SigningError('BATCH_STATE', { expected: 'a batch that was not cancelled', found: 'cancelling' });
      }
      return (last?.action ?? 'resume') !== action;
    });
    return this.describe(batch);
  }

  /** A new batch of the items that failed. Throws BATCH_UNKNOWN, BATCH_STATE while the old one is open or when there are none. */
  async retry(client: ApiClientRecord, batchId: string, how: BatchRetry & BatchHead): Promise<Batch> {
    const { archive, manifests, results } = this.parts;
    const old = await archive.batchOf(client, batchId);
    const end = await archive.end(batchId);
    if (end === undefined) {
      throw new SigningError('BATCH_STATE', {
        expected: 'a batch that has ended',
        found: (await this.describe(old)).status,
      });
    }
    const count = how.statuses.reduce((sum, status) => sum + end.counts[status], 0);
    if (count === 0) {
      throw new SigningError('BATCH_STATE', { expected: `items that are ${how.statuses.join(' or ')}`, found: 'none' });
    }
    const { steps, reference, policy, actor, priority, pauseAfterFailures } = old;
    const batch = await this.keep(
      client,
      {
        source: { kind: 'manifest' },
        steps,
        priority,
        retryOf: batchId,
        ...(reference === undefined ? {} : { reference }),
        ...(policy === undefined ? {} : { policy }),
        ...(actor === undefined ? {} : { actor }),
        ...(pauseAfterFailures === undefined ? {} : { pauseAfterFailures }),
        ...(how.window === undefined ? {} : { window: how.window }),
      },
      how,
    );
    if ((await archive.manifest(batch.batchId)) === undefined) {
      await manifests.keep(batch, async (writer) => {
        for await (const line of results.linesAgain(old, end, new Set(how.statuses))) await writer.add(line);
      });
    }
    return this.describe(batch);
  }

  /** The outcomes so far, of all items or of those with the status. */
  async results(
    client: ApiClientRecord,
    batchId: string,
    wanted: { readonly status?: BatchItem['status'] | undefined; readonly from?: number },
  ): Promise<AsyncGenerator<BatchItem>> {
    const { archive, tallies, results } = this.parts;
    const batch = await archive.batchOf(client, batchId);
    const end = await archive.end(batchId);
    const tally = tallies.of(batchId);
    if (end === undefined) await tally.refresh(tallyMaxAgeMs);
    return results.items(batch, { end, chunksFed: end?.chunksBegun ?? tally.chunksFed, ...wanted });
  }

  async describe(batch: StoredBatch): Promise<Batch> {
    const { archive, tallies, now } = this.parts;
    const { batchId, reference, createdAt, priority, window, retryOf } = batch;
    const base = {
      batchId,
      ...(reference === undefined ? {} : { reference }),
      createdAt,
      priority,
      ...(window === undefined ? {} : { window }),
      ...(retryOf === undefined ? {} : { retryOf }),
    };
    const end = await archive.end(batchId);
    if (end !== undefined) {
      const { status, endedAt, counts, failures } = end;
      return { ...base, status, endedAt, items: { ...counts, open: 0 }, failures: failures.map(describeFailures) };
    }
    const tally = tallies.of(batchId);
    await tally.refresh(tallyMaxAgeMs);
    const manifest = await archive.manifest(batchId);
    const control = await archive.control(batchId);
    const at = now();
    const mode = batchMode(batch, control, { now: at, begun: tally.chunksFed > 0 });
    const total = manifest?.items;
    const open = total === undefined ? undefined : Math.max(0, total - tally.ended);
    const rate = mode === 'go' ? tally.rate(at.getTime()) : undefined;
    const expected =
      rate === undefined || open === undefined ? undefined : expectedEnd(window, at, (open / rate) * 1_000);
    const { completed, failed, cancelled } = tally;
    const { isHeld, holds } = mode === 'go' ? await this.lookedAt(tally) : nothingHeld;
    return {
      ...base,
      status: isHeld ? 'held' : statusOf(batch, mode, manifest !== undefined),
      ...(mode === 'waits' && window !== undefined ? { opensAt: windowAt(window, at).changesAt.toISOString() } : {}),
      items: { ...(total === undefined ? {} : { total, open }), completed, failed, cancelled },
      failures: tally.failures.map(describeFailures),
      ...(rate === undefined ? {} : { itemsPerSecond: Math.round(rate * 100) / 100 }),
      ...(expected === undefined ? {} : { expectedEnd: expected.toISOString() }),
      ...(holds.length === 0 ? {} : { holds: [...holds] }),
      ...(mode === 'paused' && control?.reason !== undefined ? { pausedBecause: control.reason } : {}),
    };
  }

  /** Without Redis nobody knows; it is a hint for people. */
  private async lookedAt(tally: BatchTally): Promise<Pick<QueueLook, 'isHeld' | 'holds'>> {
    return lookAtQueues(tally, this.parts.queues).catch(() => nothingHeld);
  }

  private async assertOpen({ batchId }: StoredBatch): Promise<void> {
    const end = await this.parts.archive.end(batchId);
    if (end !== undefined) throw new SigningError('BATCH_STATE', { expected: 'an open batch', found: end.status });
  }
}

function statusOf(batch: StoredBatch, mode: ReturnType<typeof batchMode>, hasManifest: boolean): BatchStatus {
  if (mode === 'cancel') return 'cancelling';
  if (mode === 'paused') return 'paused';
  if (!hasManifest && batch.source.kind === 'manifest') return 'awaiting-manifest';
  if (mode === 'waits') return 'waiting';
  return hasManifest ? 'running' : 'reading';
}

function describeFailures({ code, count, firstItem, found }: FailureCount): BatchFailures {
  const { vi, en } = failureCodes[code];
  return { code, messageVi: vi, messageEn: en, count, firstItem, ...(found === undefined ? {} : { found }) };
}
