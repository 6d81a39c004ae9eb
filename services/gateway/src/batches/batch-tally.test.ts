import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type BatchItem, type FailureCode } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { BatchTally, chunksOf } from './batch-tally.js';

const batchId = `bat_${'0'.repeat(26)}`;
const startMs = Date.parse('2026-11-23T15:00:00.000Z');
const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
const item = (n: number, status: BatchItem['status'] = 'completed', code?: FailureCode, found?: string): BatchItem => ({
  item: n,
  status,
  ...(code === undefined
    ? {}
    : { failure: { code, messageVi: '', messageEn: '', retryable: false, ...(found === undefined ? {} : { found }) } }),
});

describe('BatchTally', () => {
  let store: MemoryStore;
  let tally: BatchTally;
  beforeEach(() => {
    store = new MemoryStore();
    tally = new BatchTally(store, batchId);
  });
  const fed = (chunk: number, groups: number, items: BatchItem[] = [], seconds = 0): void =>
    store.putJson(objectKeys.fedChunk(batchId, chunk), { groups, at: at(seconds), items });
  const done = (chunk: number, group: number, items: BatchItem[], seconds = 0): void =>
    store.putJson(objectKeys.groupOutcome({ batchId, chunk, group }), { endedAt: at(seconds), items });
  const groups = (): number[][] => [...tally.open].map(([chunk, open]) => [chunk, ...open.groups]);

  it('counts what was fed and what has ended, each once', async () => {
    fed(0, 2, [item(2, 'failed', 'PDF_DAMAGED')]);
    fed(1, 1);
    done(0, 1, [item(0), item(1)]);
    await tally.refresh();
    expect(tally).toMatchObject({ completed: 2, failed: 1, cancelled: 0, ended: 3, chunksFed: 2 });
    expect(groups()).toEqual([
      [0, 0],
      [1, 0],
    ]);
    done(0, 0, [item(3, 'cancelled')]);
    await tally.refresh();
    await tally.refresh();
    expect(tally).toMatchObject({ completed: 2, failed: 1, cancelled: 1, chunksFed: 2 });
    expect(groups()).toEqual([[1, 0]]);
  });

  it('stops at a gap: a chunk whose feeding was cut off is fed before those after it', async () => {
    fed(0, 1);
    fed(2, 1);
    await tally.refresh();
    expect(tally.chunksFed).toBe(1);
    fed(1, 0, [item(50, 'failed', 'DOCUMENT_UNKNOWN')]);
    await tally.refresh();
    expect(tally).toMatchObject({ chunksFed: 3, failed: 1 });
    expect(groups()).toEqual([
      [0, 0],
      [2, 0],
    ]);
  });

  it('catches up with a batch that another gateway has fed, and then reads only what can be new', async () => {
    for (let chunk = 0; chunk < 100; chunk++) {
      fed(chunk, 1);
      if (chunk !== 70) done(chunk, 0, [item(chunk)]);
    }
    await tally.refresh();
    expect(tally).toMatchObject({ chunksFed: 100, completed: 99 });
    store.reads.length = 0;
    await tally.refresh();
    expect(store.reads.length).toBeLessThanOrEqual(17);
    expect(store.reads).toContain(objectKeys.groupOutcome({ batchId, chunk: 70, group: 0 }));
  });

  it('names failures by code, the most frequent first, with the first that it met', async () => {
    fed(0, 0, [
      item(0, 'failed', 'PDF_DAMAGED'),
      item(1, 'failed', 'DOCUMENT_UNKNOWN', 'doc_1'),
      item(2, 'failed', 'DOCUMENT_UNKNOWN', 'doc_2'),
      item(3, 'cancelled', 'BATCH_CANCELLED'),
    ]);
    await tally.refresh();
    expect(tally.failures).toEqual([
      { code: 'DOCUMENT_UNKNOWN', count: 2, firstItem: 1, found: 'doc_1' },
      { code: 'PDF_DAMAGED', count: 1, firstItem: 0 },
    ]);
  });

  it('tells the rate of the last five minutes', async () => {
    expect(tally.rate(startMs)).toBeUndefined();
    fed(0, 1);
    fed(1, 1, [], 10);
    done(0, 0, [item(0), item(1)], 20);
    await tally.refresh();
    expect(tally.rate(startMs + 20_000)).toBeCloseTo(2 / 20);
    done(1, 0, [item(2)], 400);
    await tally.refresh();
    expect(tally.rate(startMs + 400_000)).toBeCloseTo(1 / 300);
    expect(tally.rate(startMs + 800_000)).toBeUndefined();
  });

  it('shares one look between callers, and an earlier one where that is new enough', async () => {
    fed(0, 1);
    await Promise.all([tally.refresh(), tally.refresh(), tally.refresh()]);
    const { length } = store.reads;
    await tally.refresh(60_000);
    expect(store.reads).toHaveLength(length);
    expect(store.reads.filter((key) => key === objectKeys.fedChunk(batchId, 0))).toHaveLength(1);
  });
});

describe('the chunks of a manifest', () => {
  it.each([
    [0, 0],
    [1, 1],
    [50, 1],
    [51, 2],
    [100_000, 2_000],
  ])('of %i items are %i', (items, chunks) => expect(chunksOf(items)).toBe(chunks));
});
