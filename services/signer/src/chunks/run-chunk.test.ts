import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  objectKeys,
  SigningError,
  type BatchItem,
  type ChunkJob,
  type ChunkQueueJob,
  type FailureCode,
  type GroupOutcome,
  type StepResult,
} from '@kyso/contracts';
import type { BatchMode } from '@kyso/storage';
import { MemoryStore } from '../../test/memory-store.js';
import type { JobStepEnd } from '../run-step.js';
import type { ChunkEnd } from './chunk-end.js';
import { PlaceHolds } from './place-holds.js';
import { runChunk, type RunChunkPorts } from './run-chunk.js';
import { Turns } from './turns.js';

const at = '2026-11-23T15:00:00.000Z';
const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, '0')}`;
const batchId = id('bat', 1);
const message: ChunkQueueJob = { batchId, chunk: 2, group: 0, step: 0 };
const outcomeKey = objectKeys.groupOutcome(message);
const leader = { credentialId: 'leader', token: 'a', role: 'leader', level: 'B-B' } as const;
const seal = { credentialId: 'organisation', token: 'b', role: 'clerk', level: 'B-B' } as const;

function jobs(count: number, steps: ChunkJob['job']['steps'] = [leader]): ChunkJob[] {
  return Array.from({ length: count }, (_, n) => ({
    item: 100 + n,
    job: {
      jobId: id('job', n),
      clientId: 'portal',
      documentId: id('doc', n),
      expectedVersion: 0,
      reference: `hs-${n}`,
      requestId: 'r',
      lane: 'bulk',
      createdAt: at,
      steps,
    },
  }));
}

const result = (version: number): StepResult => ({
  step: version - 1,
  credentialId: 'leader',
  role: 'leader',
  version,
  fieldName: 'S1',
  level: 'B-B',
  signingTime: at,
  sizeBytes: 10,
  sha256: 'a'.repeat(64),
});

const waits = (code: FailureCode): JobStepEnd => ({ kind: 'waits', delayMs: 700, error: new SigningError(code) });
const failed = (code: FailureCode): JobStepEnd => ({ kind: 'failed', error: new SigningError(code) });

describe('runChunk', () => {
  let store: MemoryStore;
  let ports: RunChunkPorts;
  let begun: string[];
  let added: { message: ChunkQueueJob; token: string }[];
  /** What becomes of an item when its turn comes, by its document; released by default. */
  let fate: (documentId: string, waitedMs: number) => JobStepEnd | Promise<JobStepEnd>;
  let mode: BatchMode;
  let nowMs: number;
  let stop: AbortController;

  beforeEach(() => {
    store = new MemoryStore();
    begun = [];
    added = [];
    mode = 'go';
    nowMs = 0;
    stop = new AbortController();
    fate = () => ({ kind: 'released', steps: 1, result: result(1) });
    const turns = new Turns(1);
    ports = {
      store,
      clock: { now: () => new Date(at) },
      audit: { write: async () => undefined, close: async () => undefined } as unknown as RunChunkPorts['audit'],
      holds: new PlaceHolds(
        () => undefined,
        () => nowMs,
      ),
      modeOf: async () => mode,
      inTurn: (work) => turns.take(work),
      addStep: async (next, token) => void added.push({ message: next, token }),
      stopping: stop.signal,
      observe: () => undefined,
      runStep: async ({ documentId }, { waitedMs }) => {
        begun.push(documentId);
        return fate(documentId, waitedMs());
      },
    };
  });

  async function chunkOf(items: ChunkJob[]): Promise<void> {
    const tokens = items[0]?.job.steps.map(({ token }) => token) ?? [];
    const chunk = { batchId, chunk: 2, createdAt: at, groups: [{ tokens, jobs: items }] };
    await store.put(objectKeys.batchChunk(batchId, 2), Buffer.from(JSON.stringify(chunk)));
  }
  const outcomes = (): BatchItem[] =>
    store.objects.has(outcomeKey) ? (JSON.parse(String(store.objects.get(outcomeKey))) as GroupOutcome).items : [];
  const run = (more: Partial<ChunkQueueJob> = {}): Promise<ChunkEnd> => runChunk(ports, { ...message, ...more });

  it('stores the outcomes of all items together, in their order, when the last one has ended', async () => {
    await chunkOf(jobs(3));
    fate = (documentId) =>
      documentId === id('doc', 1) ? failed('PDF_DAMAGED') : { kind: 'released', steps: 1, result: result(1) };
    expect(await run()).toEqual({ kind: 'finished', items: 3 });
    expect(outcomes()).toMatchObject([
      { item: 100, reference: 'hs-0', jobId: id('job', 0), status: 'completed', version: 1, endedAt: at },
      { item: 101, status: 'failed', failure: { code: 'PDF_DAMAGED' } },
      { item: 102, status: 'completed' },
    ]);
    expect(outcomes()[1]).not.toHaveProperty('version');
  });

  it('drops what is no chunk, no group or no step', async () => {
    expect(await run()).toMatchObject({ kind: 'put-aside', reason: 'no such chunk' });
    await chunkOf(jobs(1));
    expect(await run({ group: 1 })).toMatchObject({ kind: 'put-aside' });
    expect(await run({ step: 1 })).toMatchObject({ kind: 'put-aside', reason: 'no such step' });
    expect(begun).toEqual([]);
  });

  it('hands items to the token of the next step, and stores nothing before the last one', async () => {
    await chunkOf(jobs(2, [leader, seal]));
    fate = (documentId) => (documentId === id('doc', 0) ? failed('PDF_DAMAGED') : { kind: 'released', steps: 1 });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(added).toEqual([{ message: { ...message, step: 1 }, token: 'b' }]);
    expect(outcomes()).toEqual([]);
    fate = (documentId) =>
      documentId === id('doc', 0)
        ? {
            kind: 'ended',
            outcome: {
              jobId: id('job', 0),
              status: 'failed',
              completedAt: at,
              steps: [],
              failure: { code: 'PDF_DAMAGED', messageVi: '', messageEn: '', retryable: false },
            },
          }
        : { kind: 'released', steps: 2, result: result(2) };
    expect(await run({ step: 1 })).toMatchObject({ kind: 'finished' });
    expect(outcomes()).toMatchObject([
      { item: 100, status: 'failed', failure: { code: 'PDF_DAMAGED' } },
      { item: 101, status: 'completed', version: 2 },
    ]);
  });

  it('says of an item that failed at its second step that the first was released', async () => {
    await chunkOf(jobs(1, [leader, seal]));
    fate = () => failed('CERTIFICATE_EXPIRED');
    await run({ step: 1 });
    expect(outcomes()).toMatchObject([{ status: 'failed', version: 1 }]);
  });

  it('goes back to the earliest step that is not done', async () => {
    await chunkOf(jobs(2, [leader, seal]));
    fate = () => ({ kind: 'earlier', step: 0 });
    expect(await run({ step: 1 })).toMatchObject({ kind: 'put-aside', reason: 'step 0 comes first' });
    expect(added).toEqual([{ message: { ...message, step: 0 }, token: 'a' }]);
  });

  it.each(['paused', 'waits'] as const)('begins no item once the batch is %s', async (found) => {
    await chunkOf(jobs(5));
    fate = () => {
      mode = found;
      return { kind: 'released', steps: 1, result: result(1) };
    };
    expect(await run()).toEqual({ kind: 'put-aside', reason: found });
    expect(begun).toHaveLength(1);
    expect(outcomes()).toEqual([]);
  });

  it('begins no item once the signer stops, and waits for no time', async () => {
    await chunkOf(jobs(5));
    fate = () => {
      stop.abort();
      return { kind: 'released', steps: 1, result: result(1) };
    };
    const end = await run();
    expect(end).toMatchObject({ kind: 'waits', delayMs: 0 });
    expect(end).not.toHaveProperty('held');
    expect(begun).toHaveLength(1);
  });

  it('ends items of a cancelled batch that were not begun, and takes up one whose version is there', async () => {
    await chunkOf(jobs(2));
    await store.put(objectKeys.version(id('doc', 1), 1), Buffer.from('%PDF'));
    mode = 'cancel';
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(begun).toEqual([id('doc', 1)]);
    expect(outcomes()).toMatchObject([
      { status: 'cancelled', failure: { code: 'BATCH_CANCELLED' } },
      { status: 'completed', version: 1 },
    ]);
    expect(store.objects.has(objectKeys.jobFailure(id('job', 0)))).toBe(true);
  });

  it('tries only a few items when none goes on, and counts how long it has waited without a clock', async () => {
    await chunkOf(jobs(20));
    const waited: number[] = [];
    fate = (_documentId, waitedMs) => {
      waited.push(waitedMs);
      return waits('INTERNAL');
    };
    const first = await run();
    expect(begun).toHaveLength(4);
    expect(first).toMatchObject({ kind: 'waits', delayMs: 700 });
    if (first.kind !== 'waits') throw new Error('expected it to wait');
    expect(first.waitedMs).toBeGreaterThanOrEqual(700);
    const second = await run({ waitedMs: 3_000 });
    expect(waited[4]).toBeGreaterThanOrEqual(3_000);
    expect(second.kind === 'waits' && second.waitedMs).toBeGreaterThanOrEqual(3_700);
  });

  it('counts the waiting anew after progress', async () => {
    await chunkOf(jobs(2));
    fate = (documentId) =>
      documentId === id('doc', 0) ? { kind: 'released', steps: 1, result: result(1) } : waits('INTERNAL');
    expect(await run({ waitedMs: 60_000 })).toMatchObject({ kind: 'waits', waitedMs: 700 });
  });

  it('throws what nobody foresaw only when all items rest', async () => {
    await chunkOf(jobs(4));
    const turns = new Turns(4);
    let resting = 0;
    ports = { ...ports, inTurn: (work) => turns.take(work) };
    fate = async (documentId) => {
      if (documentId === id('doc', 0)) throw new Error('boom');
      await new Promise((resolve) => setTimeout(resolve, 20));
      resting += 1;
      return { kind: 'released', steps: 1, result: result(1) };
    };
    await expect(run()).rejects.toThrow('boom');
    expect(resting).toBe(3);
  });

  it('waits for a store that is away, whatever step it was in', async () => {
    await chunkOf(jobs(10));
    fate = () => {
      throw new SigningError('STORE_UNAVAILABLE');
    };
    expect(await run()).toMatchObject({ kind: 'waits', error: { code: 'STORE_UNAVAILABLE' } });
    expect(begun).toHaveLength(1);
  });

  describe('with items that can’t go on for a reason that is not theirs', () => {
    it('tries three, holds the others, says why, and fails none', async () => {
      await chunkOf(jobs(20));
      fate = () => waits('TOKEN_QUARANTINED');
      const end = await run();
      expect(end).toMatchObject({
        kind: 'waits',
        delayMs: 1_000,
        held: { place: 'token a', code: 'TOKEN_QUARANTINED', since: at },
      });
      expect(begun).toHaveLength(3);
      expect(outcomes()).toEqual([]);
    });

    it('is not even read while it is held, and keeps since when', async () => {
      await chunkOf(jobs(20));
      fate = () => waits('TOKEN_QUARANTINED');
      const first = await run();
      if (first.kind !== 'waits' || first.held === undefined) throw new Error('expected it to be held');
      const held = { ...first.held, since: '2026-11-23T14:00:00.000Z' };
      store.objects.clear();
      expect(await run({ held })).toMatchObject({ kind: 'waits', held });
      mode = 'cancel';
      expect(await run({ held })).toMatchObject({ kind: 'put-aside', reason: 'no such chunk' });
    });

    it('goes on with all of them when one has passed', async () => {
      await chunkOf(jobs(20));
      fate = () => waits('TSA_UNAVAILABLE');
      await chunkOf(jobs(20, [{ ...leader, level: 'B-T' }]));
      await run();
      nowMs += 1_000;
      fate = () => ({ kind: 'released', steps: 1, result: result(1) });
      expect(await run()).toMatchObject({ kind: 'finished', items: 20 });
    });

    it('lets another one try when the one that tried for all tells nothing of it', async () => {
      const turns = new Turns(32);
      ports = { ...ports, inTurn: (work) => turns.take(work) };
      await chunkOf(jobs(5, [{ ...leader, level: 'B-T' }]));
      const tellsNothing = new Set([id('doc', 0), id('doc', 1)]);
      let later = waits('TSA_UNAVAILABLE');
      fate = async (documentId) => {
        await new Promise(setImmediate);
        return tellsNothing.has(documentId) ? failed('PDF_DAMAGED') : later;
      };
      expect(await run()).toMatchObject({ kind: 'waits', held: { place: 'time-stamps' } });
      nowMs += 1_000;
      later = { kind: 'released', steps: 1, result: result(1) };
      begun = [];
      expect(await run()).toMatchObject({ kind: 'waits', held: { place: 'time-stamps' } });
      // The first two end without a word, and the next one frees the place.
      expect(begun).toEqual([id('doc', 0), id('doc', 1), id('doc', 2)]);
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect(outcomes()).toHaveLength(5);
    });

    it('goes on with items of other credentials', async () => {
      const other = jobs(10, [{ ...leader, credentialId: 'deputy' }]);
      const all = jobs(10).map((one, n) => (n % 2 === 0 ? one : { ...other[n]!, item: one.item }));
      await chunkOf(all);
      fate = (documentId) =>
        Number(documentId.slice(-2)) % 2 === 0
          ? waits('OUTSIDE_HOURS')
          : { kind: 'released', steps: 1, result: result(1) };
      expect(await run({ held: undefined })).toMatchObject({
        kind: 'waits',
        held: { place: 'credential leader', code: 'OUTSIDE_HOURS', since: at },
      });
      expect(begun.filter((documentId) => Number(documentId.slice(-2)) % 2 === 1)).toHaveLength(5);
    });
  });
});

describe('Turns', () => {
  it('lets so many run at a time, in the order in which they came, also after one failed', async () => {
    const turns = new Turns(2);
    const ran: number[] = [];
    let running = 0;
    let most = 0;
    const ends = Array.from({ length: 7 }, (_, n) =>
      turns.take(async () => {
        ran.push(n);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (n === 1) throw new Error('boom');
        return n;
      }),
    );
    const settled = await Promise.allSettled(ends);
    expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      ...Array.from({ length: 5 }, () => 'fulfilled'),
    ]);
    await expect(turns.take(async () => 'again')).resolves.toBe('again');
  });
});
