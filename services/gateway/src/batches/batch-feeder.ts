import {
  SigningError,
  objectKeys,
  type BatchChunk,
  type BatchEnd,
  type BatchItem,
  type ChunkJob,
  type FedChunk,
  type StoredBatch,
  type StoredManifest,
} from '@kyso/contracts';
import { batchMode, createJson, keepEvent, readChunk, type BatchMode, type ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';
import type { ClientRegistry } from '../auth/client-registry.js';
import type { WebhookBook } from '../webhooks/webhook-book.js';
import type { BatchArchive } from './batch-archive.js';
import { lookAtQueues, type QueueLook } from './batch-holds.js';
import type { BatchTallies } from './batch-tallies.js';
import { chunksOf, type BatchTally } from './batch-tally.js';
import type { ChunkQueues } from './chunk-queues.js';
import type { ItemAcceptance } from './item-acceptance.js';
import { storedLines } from './manifest-lines.js';
import type { Manifests } from './manifests.js';

export interface BatchFeederParts {
  readonly store: ObjectStore;
  readonly archive: BatchArchive;
  readonly tallies: BatchTallies;
  readonly manifests: Manifests;
  readonly items: Pick<ItemAcceptance, 'accept'>;
  readonly queues: Pick<ChunkQueues, 'add' | 'look'>;
  readonly clients: Pick<ClientRegistry, 'find'>;
  readonly webhooks: Pick<WebhookBook, 'hasEnabled'>;
  readonly logger: Logger;
  /** Chunks of one batch that are fed and have not ended: enough that no token waits, few enough for Redis and for a pause. */
  readonly chunksAhead: number;
  readonly now: () => Date;
}

/** What a pass over all open batches found. */
export interface FeedingPass {
  readonly open: number;
  readonly running: number;
  /** Of those that run: nothing of them goes on, for a reason that is not theirs. */
  readonly held: number;
  readonly openItems: number;
}

/** A batch that could not go on is left alone for so long, and twice as long each time. */
const firstRestMs = 500;
const longestRestMs = 10_000;

interface Rest {
  readonly message: string;
  readonly restMs: number;
  /** By `nowMs`. */
  readonly untilMs: number;
}

interface Advance {
  readonly mode: BatchMode;
  /** Items without an outcome. */
  readonly left: number;
  readonly isHeld: boolean;
}

/** Why the objects below a prefix may not become a batch. */
const pausing: ReadonlySet<string> = new Set(['QUOTA_EXCEEDED', 'MANIFEST_INVALID']);
/** Items of a chunk that are accepted at a time: each may wait for a text to be found, or for its file. */
const acceptedAtATime = 8;
/** Chunks that one batch is fed in one pass, so that the next one gets its turn. */
const chunksARound = 4;
/** So many times as many chunks may be fed where most of them are held, so that the items of other tokens go on. */
const aheadOfHeld = 8;
/** A manifest that has not come by then does not come any more. */
const manifestWithinMs = 7 * 86_400_000;

/**
 * Feeds open batches to the queues in windows, and ends those of which every item has its outcome. It keeps nothing that the store
 * does not have: a pass of another gateway goes on where this one stopped, and a pass by two at a time does no harm.
 */
export class BatchFeeder {
  /** Batches that could not go on, and when each is looked at again. */
  private readonly resting = new Map<string, Rest>();

  constructor(
    private readonly parts: BatchFeederParts,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** One pass. Throws when the store or Redis cannot be asked; a batch that has a fault of its own holds up no other. */
  async run(): Promise<FeedingPass> {
    const { archive } = this.parts;
    const batches: StoredBatch[] = [];
    for (const batchId of await archive.open()) {
      const batch = await archive.batch(batchId);
      // A mark alone is the trace of a request that was cut off; the same request completes it.
      if (batch !== undefined) batches.push(batch);
    }
    // Oldest first among those of one priority.
    batches.sort((a, b) => b.priority - a.priority);
    let running = 0;
    let held = 0;
    let openItems = 0;
    for (const batch of batches) {
      if (this.nowMs() < (this.resting.get(batch.batchId)?.untilMs ?? 0)) continue;
      try {
        const { mode, left, isHeld } = await this.advance(batch);
        if (mode === 'go') running += 1;
        if (isHeld) held += 1;
        openItems += left;
        this.resting.delete(batch.batchId);
      } catch (error) {
        this.rest(batch.batchId, error);
      }
    }
    for (const batchId of this.resting.keys()) {
      if (!batches.some((batch) => batch.batchId === batchId)) this.resting.delete(batchId);
    }
    return { open: batches.length, running, held, openItems };
  }

  /** Leaves a batch alone for a while that could not go on, such as one of a client that is switched off; says so once. */
  private rest(batchId: string, error: unknown): void {
    const { message } = error instanceof Error ? error : { message: String(error) };
    const before = this.resting.get(batchId);
    const restMs = Math.min(longestRestMs, (before?.restMs ?? firstRestMs / 2) * 2);
    this.resting.set(batchId, { message, restMs, untilMs: this.nowMs() + restMs });
    if (message !== before?.message) {
      this.parts.logger.warn({ err: error, batchId }, 'a batch could not go on; it is tried again');
    }
  }

  private async advance(batch: StoredBatch): Promise<Advance> {
    const { archive, tallies, now } = this.parts;
    const { batchId } = batch;
    const ended = await archive.end(batchId);
    if (ended !== undefined) {
      await this.close(batch, ended);
      return { mode: 'waits', left: 0, isHeld: false };
    }
    const tally = tallies.of(batchId);
    await tally.refresh();
    const control = await archive.control(batchId);
    const mode = batchMode(batch, control, { now: now(), begun: tally.chunksFed > 0 });
    const manifest = await this.manifestOf(batch, mode);
    const left = (manifest?.items ?? 0) - tally.ended;
    if (mode === 'go' && (await this.pauseItself(batch, tally, control?.failed ?? 0))) {
      return { mode: 'paused', left, isHeld: false };
    }
    let isHeld = false;
    if (mode === 'go' || mode === 'cancel') {
      const look = await lookAtQueues(tally, this.parts.queues);
      ({ isHeld } = look);
      await this.putBack(batch, look);
      if (mode === 'go' && manifest !== undefined) await this.feed(batch, manifest, { tally, look });
    }
    const isFed = mode === 'cancel' || (manifest !== undefined && tally.chunksFed >= chunksOf(manifest.items));
    if (isFed && tally.open.size === 0) await this.end(batch, { manifest, tally, mode });
    return { mode, left, isHeld: isHeld && mode === 'go' };
  }

  private async manifestOf(batch: StoredBatch, mode: BatchMode): Promise<StoredManifest | undefined> {
    const { archive, now } = this.parts;
    const manifest = await archive.manifest(batch.batchId);
    if (manifest !== undefined || mode === 'cancel') return manifest;
    if (batch.source.kind === 'prefix') return mode === 'go' ? this.list(batch) : undefined;
    const at = now();
    if (at.getTime() - Date.parse(batch.createdAt) < manifestWithinMs) return undefined;
    const control = { action: 'cancel', at: at.toISOString(), reason: 'no manifest came within 7 days' } as const;
    await archive.addControl(batch.batchId, control, (last) => last?.action !== 'cancel');
    return undefined;
  }

  /** Lists the batch's prefix; one that may not have so many items is paused, until somebody makes room and resumes it. */
  private async list(batch: StoredBatch): Promise<StoredManifest | undefined> {
    const { manifests, clients } = this.parts;
    const client = await clients.find(batch.clientId);
    try {
      return await manifests.list(client, batch);
    } catch (error) {
      if (!(error instanceof SigningError) || !pausing.has(error.code)) throw error;
      await this.pause(batch, { reason: `${error.code}: expected ${error.expected}, found ${error.found}` });
      return undefined;
    }
  }

  /** Pauses the batch when too many items have failed since somebody last let it go on. */
  private async pauseItself(batch: StoredBatch, tally: BatchTally, failedBefore: number): Promise<boolean> {
    const { pauseAfterFailures } = batch;
    if (pauseAfterFailures === undefined || tally.failed - failedBefore < pauseAfterFailures) return false;
    const reason = `${tally.failed - failedBefore} items failed, most with ${tally.failures[0]?.code ?? 'no code'}`;
    await this.pause(batch, { reason, failed: tally.failed });
    return true;
  }

  private async pause(batch: StoredBatch, why: { readonly reason: string; readonly failed?: number }): Promise<void> {
    const { archive, logger, now } = this.parts;
    const control = { action: 'pause', at: now().toISOString(), ...why } as const;
    await archive.addControl(batch.batchId, control, (last) => last === undefined || last.action === 'resume');
    logger.warn({ batchId: batch.batchId, reason: why.reason }, 'batch paused by itself');
  }

  /** Puts chunks back on the queues that don't know them: they were put aside, or Redis was lost. */
  private async putBack(batch: StoredBatch, { missing }: QueueLook): Promise<void> {
    const { queues, logger } = this.parts;
    for (const place of missing) {
      // The outcome may have come after the look at it, before this one at the queue.
      await queues.add(place, batch.priority);
      logger.info({ batchId: batch.batchId, chunk: place.chunk, group: place.group }, 'chunk was put on the queue');
    }
  }

  private async feed(
    batch: StoredBatch,
    manifest: StoredManifest,
    { tally, look }: { readonly tally: BatchTally; readonly look: QueueLook },
  ): Promise<void> {
    const { chunksAhead } = this.parts;
    // What is held stands in nobody's way as long as something else goes on.
    const beside = look.isHeld ? 0 : Math.min(look.chunksHeld, chunksAhead * (aheadOfHeld - 1));
    for (let round = 0; round < chunksARound; round++) {
      if (tally.open.size >= chunksAhead + beside || tally.chunksFed >= chunksOf(manifest.items)) return;
      const chunk = tally.chunksFed;
      await this.feedChunk(batch, manifest, chunk);
      await tally.refresh();
      if (tally.chunksFed === chunk) throw new Error(`expected chunk ${chunk} to be fed, found that it is not`);
    }
  }

  /** What is cut off here is done again by the next pass, with the same ids. */
  private async feedChunk(batch: StoredBatch, manifest: StoredManifest, chunk: number): Promise<void> {
    const { store, queues, now } = this.parts;
    const { batchId, clientId } = batch;
    const client = await this.parts.clients.find(clientId);
    const lines = await storedLines(store, batchId, { manifest, chunk });
    if (lines === undefined) throw new Error(`expected chunk ${chunk} of the manifest of ${batchId}, found none`);
    const jobs: ChunkJob[] = [];
    const refused: BatchItem[] = [];
    let next = 0;
    const takeTurns = async (): Promise<void> => {
      for (let line = lines[next++]; line !== undefined; line = lines[next++]) {
        const accepted = await this.parts.items.accept(client, batch, line);
        if (accepted.kind === 'accepted') jobs.push(accepted.item);
        else refused.push(accepted.item);
      }
    };
    await Promise.all(Array.from({ length: acceptedAtATime }, takeTurns));
    const createdAt = now().toISOString();
    const wanted: BatchChunk = { batchId, chunk, createdAt, groups: groupsOf(jobs) };
    const created = await createJson(store, objectKeys.batchChunk(batchId, chunk), wanted);
    const counts = created ? wanted : await readChunk(store, batchId, chunk);
    if (counts === undefined) throw new Error(`expected chunk ${chunk} of ${batchId}, found that it disappeared`);
    // Another gateway may have accepted what this one refused: what was stored first counts, for both.
    const accepted = new Set(counts.groups.flatMap((group) => group.jobs.map(({ item }) => item)));
    const items = refused.filter(({ item }) => !accepted.has(item));
    if (accepted.size + items.length !== lines.length) {
      throw new Error(`chunk ${chunk} of ${batchId}: expected ${lines.length} items, found another gateway’s`);
    }
    const fed: FedChunk = { groups: counts.groups.length, at: createdAt, items };
    await createJson(store, objectKeys.fedChunk(batchId, chunk), fed);
    for (const [group, { tokens }] of counts.groups.entries()) {
      await queues.add({ batchId, chunk, group, tokens }, batch.priority);
    }
  }

  private async end(
    batch: StoredBatch,
    of: { readonly manifest: StoredManifest | undefined; readonly tally: BatchTally; readonly mode: BatchMode },
  ): Promise<void> {
    const { archive, tallies, logger, now } = this.parts;
    const { manifest, tally, mode } = of;
    const total = manifest?.items ?? 0;
    const { completed, failed } = tally;
    const end: BatchEnd = {
      status: mode === 'cancel' ? 'cancelled' : 'completed',
      endedAt: now().toISOString(),
      counts: { total, completed, failed, cancelled: total - completed - failed },
      failures: tally.failures,
      chunksBegun: tally.chunksFed,
    };
    await archive.keepEnd(batch.batchId, end);
    await this.close(batch, end);
    tallies.forget(batch.batchId);
    logger.info({ batchId: batch.batchId, status: end.status, ...end.counts }, 'batch ended');
  }

  /** Tells of the end before the mark goes, so that a crash tells it again. */
  private async close(batch: StoredBatch, { counts, endedAt: at }: BatchEnd): Promise<void> {
    const { store, archive, webhooks } = this.parts;
    const { clientId, batchId, reference } = batch;
    if (await webhooks.hasEnabled(clientId)) {
      const { completed, failed, cancelled } = counts;
      const data = { batchId, ...(reference === undefined ? {} : { reference }), completed, failed, cancelled };
      await keepEvent(store, { clientId, type: 'batch.completed', at, data });
    }
    await archive.unmark(batch);
  }
}

/** Jobs that take the same way over the tokens, in the order of their items. */
function groupsOf(jobs: readonly ChunkJob[]): BatchChunk['groups'] {
  const groups = new Map<string, { tokens: string[]; jobs: ChunkJob[] }>();
  for (const item of [...jobs].sort((a, b) => a.item - b.item)) {
    const tokens = item.job.steps.map(({ token }) => token);
    const way = tokens.join(' ');
    const group = groups.get(way) ?? { tokens, jobs: [] };
    groups.set(way, group);
    group.jobs.push(item);
  }
  return [...groups.values()];
}
