import { chunkItems, type BatchItem, type FailureCode, type FailureCount } from '@kyso/contracts';
import { readChunk, readFedChunk, readGroupOutcome, type ObjectStore } from '@kyso/storage';
import type { ChunkPlace } from './chunk-queues.js';

/** Chunks that are looked at side by side while a tally catches up. */
const readAtATime = 16;
/** The rate is that of the last minutes. */
const rateWindowMs = 300_000;
const rateBucketMs = 5_000;

/** A chunk of which not every group has its outcomes yet. */
interface OpenChunk {
  readonly groups: Set<number>;
  /** Of each group, once somebody needed them. */
  tokens?: readonly (readonly string[])[];
}

/**
 * How a batch stands, counted from what was fed and what has ended. What was counted once is not read again, so that a look costs
 * as much as there are open chunks, however large the batch is.
 */
export class BatchTally {
  completed = 0;
  failed = 0;
  cancelled = 0;
  /** Chunks that were fed, without a gap: 0 to `chunksFed` − 1. */
  chunksFed = 0;
  readonly open = new Map<number, OpenChunk>();
  private readonly failuresByCode = new Map<FailureCode, FailureCount>();
  private readonly endings = new Map<number, number>();
  private firstFedMs: number | undefined;
  private refreshing: Promise<void> | undefined;
  private refreshedAtMs = -Infinity;

  constructor(
    private readonly store: ObjectStore,
    private readonly batchId: string,
  ) {}

  get ended(): number {
    return this.completed + this.failed + this.cancelled;
  }

  /** The most frequent first. */
  get failures(): FailureCount[] {
    return [...this.failuresByCode.values()].sort((a, b) => b.count - a.count);
  }

  /** Reads what has come since; several callers share one look, and `maxAgeMs` an earlier one. */
  async refresh(maxAgeMs = 0): Promise<void> {
    if (performance.now() - this.refreshedAtMs < maxAgeMs) return;
    this.refreshing ??= this.catchUp().finally(() => {
      this.refreshing = undefined;
      this.refreshedAtMs = performance.now();
    });
    return this.refreshing;
  }

  /** All groups that have not ended, in order, with the tokens that they go to. */
  async openGroups(): Promise<ChunkPlace[]> {
    const places: ChunkPlace[] = [];
    for (const [chunk, open] of this.open) {
      open.tokens ??= (await readChunk(this.store, this.batchId, chunk))?.groups.map(({ tokens }) => tokens) ?? [];
      for (const group of open.groups) {
        places.push({ batchId: this.batchId, chunk, group, tokens: open.tokens[group] ?? [] });
      }
    }
    return places;
  }

  /** Items that ended a second, of the last minutes; undefined before the first. */
  rate(nowMs: number): number | undefined {
    let items = 0;
    for (const [bucket, count] of this.endings) {
      if (bucket < nowMs - rateWindowMs) this.endings.delete(bucket);
      else items += count;
    }
    if (items === 0 || this.firstFedMs === undefined) return undefined;
    const spanMs = Math.min(rateWindowMs, Math.max(1_000, nowMs - this.firstFedMs));
    return (items * 1_000) / spanMs;
  }

  private async catchUp(): Promise<void> {
    for (;;) {
      const wanted = Array.from({ length: readAtATime }, (_, index) => this.chunksFed + index);
      const fed = await Promise.all(wanted.map((chunk) => readFedChunk(this.store, this.batchId, chunk)));
      const gap = fed.indexOf(undefined);
      for (const one of gap === -1 ? fed : fed.slice(0, gap)) {
        if (one === undefined) continue;
        this.firstFedMs = Math.min(this.firstFedMs ?? Infinity, Date.parse(one.at));
        this.count(one.items);
        if (one.groups > 0) {
          this.open.set(this.chunksFed, { groups: new Set(Array.from({ length: one.groups }, (_, group) => group)) });
        }
        this.chunksFed += 1;
      }
      await this.readOutcomes();
      if (gap !== -1) return;
    }
  }

  private async readOutcomes(): Promise<void> {
    const open = [...this.open].flatMap(([chunk, { groups }]) => [...groups].map((group) => ({ chunk, group })));
    for (let start = 0; start < open.length; start += readAtATime) {
      await Promise.all(open.slice(start, start + readAtATime).map((one) => this.readOutcome(one)));
    }
  }

  private async readOutcome({ chunk, group }: { readonly chunk: number; readonly group: number }): Promise<void> {
    const outcome = await readGroupOutcome(this.store, { batchId: this.batchId, chunk, group });
    if (outcome === undefined) return;
    this.count(outcome.items);
    const bucket = Math.floor(Date.parse(outcome.endedAt) / rateBucketMs) * rateBucketMs;
    this.endings.set(bucket, (this.endings.get(bucket) ?? 0) + outcome.items.length);
    const rest = this.open.get(chunk);
    rest?.groups.delete(group);
    if (rest?.groups.size === 0) this.open.delete(chunk);
  }

  private count(items: readonly BatchItem[]): void {
    for (const { item, status, failure } of items) {
      this[status] += 1;
      if (status !== 'failed' || failure === undefined) continue;
      const { code, found } = failure;
      const before = this.failuresByCode.get(code);
      this.failuresByCode.set(code, {
        code,
        count: (before?.count ?? 0) + 1,
        firstItem: before?.firstItem ?? item,
        ...(before === undefined
          ? found === undefined
            ? {}
            : { found }
          : before.found === undefined
            ? {}
            : { found: before.found }),
      });
    }
  }
}

/** Chunks that so many items make. */
export function chunksOf(items: number): number {
  return Math.ceil(items / chunkItems);
}
