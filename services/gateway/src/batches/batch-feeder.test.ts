import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type BatchControl,
  type BatchEnd,
  type BatchItem,
  type BatchWindow,
  type ChunkHold,
  type ManifestLine,
  type StoredBatch,
  type StoredJob,
} from '@kyso/contracts';
import { batchMode, readChunk, readControls } from '@kyso/storage';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { BatchArchive } from './batch-archive.js';
import { BatchFeeder, type BatchFeederParts } from './batch-feeder.js';
import { BatchTallies } from './batch-tallies.js';
import type { ChunkPlace, QueuedGroup } from './chunk-queues.js';
import { Manifests } from './manifests.js';

/** Nobody has a quota. */
const noQuotas = {
  assertItems: () => undefined,
  assertJobs: () => Promise.resolve(),
  assertBatch: () => Promise.resolve(),
  tookJobs: () => undefined,
};

const batchId = `bat_${'0'.repeat(26)}`;
const client = { clientId: 'portal', enabled: true, scopes: ['sign'] } as unknown as ApiClientRecord;

/** Queues and the signers behind them, in memory. */
class Signers {
  readonly queued = new Map<string, ChunkPlace>();
  held: ChunkHold | undefined;
  constructor(private readonly store: MemoryStore) {}

  add = async (place: ChunkPlace): Promise<void> => void this.queued.set(keyOf(place), place);
  look = async (places: readonly ChunkPlace[]): Promise<QueuedGroup[]> =>
    places.map((place) => ({
      isQueued: this.queued.has(keyOf(place)),
      ...(this.held === undefined ? {} : { held: this.held }),
    }));

  /** Ends so many groups that are queued. */
  async work(groups: number, endOf: (item: number) => Partial<BatchItem> = () => ({})): Promise<void> {
    for (const [key, { chunk, group }] of [...this.queued].slice(0, groups)) {
      const stored = await readChunk(this.store, batchId, chunk);
      const items = (stored?.groups[group]?.jobs ?? []).map(({ item }) => ({
        item,
        status: 'completed',
        ...endOf(item),
      }));
      const outcome = { endedAt: new Date(0).toISOString(), items };
      await this.store.create(objectKeys.groupOutcome({ batchId, chunk, group }), Buffer.from(JSON.stringify(outcome)));
      this.queued.delete(key);
    }
  }
}
const keyOf = ({ chunk, group }: ChunkPlace): string => `${chunk}.${group}`;
const failure = (code: 'PDF_DAMAGED' | 'SIGNATURE_WRONG'): BatchItem['failure'] => ({
  code,
  messageVi: '',
  messageEn: '',
  retryable: false,
});

describe('BatchFeeder', () => {
  let store: MemoryStore;
  let signers: Signers;
  let now: Date;
  let nowMs: number;
  let logged: string[];
  let find: () => Promise<ApiClientRecord>;
  let refuse: (item: number) => SigningError | undefined;
  let tokenOf: (item: number) => string;

  beforeEach(() => {
    store = new MemoryStore();
    signers = new Signers(store);
    now = new Date('2026-11-23T03:00:00Z');
    nowMs = 0;
    logged = [];
    find = async () => client;
    refuse = () => undefined;
    tokenOf = () => 'a';
  });

  /** A gateway that has just started: it knows what the store knows. */
  function gateway(chunksAhead = 4): BatchFeeder {
    const archive = new BatchArchive(store);
    const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const parts: BatchFeederParts = {
      store,
      archive,
      tallies: new BatchTallies(store),
      manifests: new Manifests({ store, archive, quotas: noQuotas, maxItems: 100_000, now: () => now }),
      items: {
        accept: async (_client, _batch, { item }: ManifestLine) => {
          const refused = refuse(item);
          if (refused !== undefined) {
            return { kind: 'refused', item: { item, status: 'failed', failure: failure('PDF_DAMAGED') } };
          }
          const steps = [{ credentialId: 'leader', token: tokenOf(item), role: 'leader', level: 'B-B' }];
          const job = { jobId: `job_${String(item).padStart(26, '0')}`, steps, lane: 'bulk' };
          const rest = { clientId: 'portal', documentId: `doc_${'0'.repeat(26)}`, expectedVersion: 0, requestId: 'r' };
          return {
            kind: 'accepted',
            item: { item, job: { ...job, ...rest, createdAt: now.toISOString() } as StoredJob },
          };
        },
      },
      queues: signers,
      clients: { find: () => find() },
      webhooks: { hasEnabled: async () => false },
      logger,
      chunksAhead,
      now: () => now,
    };
    return new BatchFeeder(parts, () => nowMs);
  }

  /** A batch whose manifest has not come. */
  async function begun(more: Partial<StoredBatch> = {}): Promise<StoredBatch> {
    const batch: StoredBatch = {
      batchId,
      clientId: 'portal',
      requestId: 'r',
      createdAt: now.toISOString(),
      source: { kind: 'manifest' },
      steps: [{ credentialId: 'leader', role: 'leader' }],
      priority: 5,
      ...more,
    };
    await new BatchArchive(store).keep(batch);
    return batch;
  }

  async function ordered(items: number, more: Partial<StoredBatch> = {}): Promise<StoredBatch> {
    const archive = new BatchArchive(store);
    const batch = await begun(more);
    await new Manifests({ store, archive, quotas: noQuotas, maxItems: 100_000, now: () => now }).keep(
      batch,
      async (writer) => {
        for (let item = 0; item < items; item++) await writer.add({ request: { documentId: `doc_${item}` } });
      },
    );
    return batch;
  }
  const control = (action: BatchControl['action']): Promise<void> =>
    new BatchArchive(store).addControl(batchId, { action, at: now.toISOString() }, () => true);
  const end = (): BatchEnd | undefined => {
    const text = store.objects.get(objectKeys.batchEnd(batchId));
    return text === undefined ? undefined : (JSON.parse(String(text)) as BatchEnd);
  };

  it('feeds so many chunks and no more, and the next ones as they end', async () => {
    await ordered(501);
    const feeder = gateway(4);
    await feeder.run();
    await feeder.run();
    expect([...signers.queued.keys()]).toEqual(['0.0', '1.0', '2.0', '3.0']);
    await signers.work(2);
    await feeder.run();
    expect([...signers.queued.keys()]).toEqual(['2.0', '3.0', '4.0', '5.0']);
    for (let i = 0; i < 10 && end() === undefined; i++) {
      await signers.work(4);
      await feeder.run();
    }
    expect(end()).toMatchObject({
      status: 'completed',
      counts: { total: 501, completed: 501, failed: 0, cancelled: 0 },
      chunksBegun: 11,
    });
    expect([...store.objects.keys()].some((key) => key.startsWith(objectKeys.openBatchesPrefix))).toBe(false);
  });

  it('goes on at another gateway where the first one died, at any write', async () => {
    for (let cut = 1; cut <= 8; cut++) {
      store = new MemoryStore();
      signers = new Signers(store);
      await ordered(120);
      let writes = 0;
      store.beforeWrite = () => {
        writes += 1;
        if (writes === cut) throw new Error('killed');
      };
      await gateway()
        .run()
        .catch(() => undefined);
      store.beforeWrite = () => undefined;
      const other = gateway();
      for (let i = 0; i < 6 && end() === undefined; i++) {
        await other.run();
        await signers.work(4);
      }
      await other.run();
      expect(end()?.counts).toEqual({ total: 120, completed: 120, failed: 0, cancelled: 0 });
    }
  });

  it('puts chunks back that no queue knows any more', async () => {
    await ordered(100);
    const feeder = gateway();
    await feeder.run();
    signers.queued.clear();
    await feeder.run();
    expect([...signers.queued.keys()]).toEqual(['0.0', '1.0']);
  });

  it('makes a group of each way over the tokens, and counts what was refused', async () => {
    await ordered(10);
    tokenOf = (item) => (item % 2 === 0 ? 'a' : 'b');
    refuse = (item) => (item === 3 ? new SigningError('PDF_DAMAGED') : undefined);
    const feeder = gateway();
    await feeder.run();
    expect([...signers.queued.values()].map(({ tokens }) => tokens)).toEqual([['a'], ['b']]);
    await signers.work(2);
    await feeder.run();
    expect(end()).toMatchObject({
      counts: { completed: 9, failed: 1 },
      failures: [{ code: 'PDF_DAMAGED', count: 1, firstItem: 3 }],
    });
  });

  it('pauses after so many failures, and counts anew when somebody lets it go on', async () => {
    await ordered(500, { pauseAfterFailures: 30 });
    const feeder = gateway(2);
    await feeder.run();
    await signers.work(1, () => ({ status: 'failed', failure: failure('SIGNATURE_WRONG') }));
    await feeder.run();
    expect((await readControls(store, batchId)).last).toMatchObject({
      action: 'pause',
      reason: '50 items failed, most with SIGNATURE_WRONG',
    });
    const queued = signers.queued.size;
    await feeder.run();
    expect(signers.queued.size).toBe(queued);
    await new BatchArchive(store).addControl(
      batchId,
      { action: 'resume', at: now.toISOString(), failed: 50 },
      () => true,
    );
    await feeder.run();
    expect(signers.queued.size).toBe(2);
  });

  it('ends what was fed of a cancelled batch, and counts what never was as cancelled', async () => {
    await ordered(500);
    const feeder = gateway(2);
    await feeder.run();
    await control('cancel');
    await feeder.run();
    expect(end()).toBeUndefined();
    await signers.work(2, () => ({ status: 'cancelled' }));
    await feeder.run();
    expect(end()).toMatchObject({
      status: 'cancelled',
      counts: { total: 500, completed: 0, cancelled: 500 },
      chunksBegun: 2,
    });
  });

  it('feeds beside chunks that are held as long as others go on, and no more when all are', async () => {
    await ordered(5_000);
    const feeder = gateway(4);
    const held: ChunkHold = { place: 'token a', code: 'TOKEN_UNAVAILABLE', since: now.toISOString() };
    await feeder.run();
    signers.held = held;
    expect(await feeder.run()).toMatchObject({ running: 1, held: 1 });
    expect(signers.queued.size).toBe(4);
    // The first one goes on: three are held, so three more may be fed.
    const look = signers.look;
    signers.look = async (places) =>
      (await look(places)).map((group, n) => (places[n]?.chunk === 0 ? { isQueued: true } : group));
    expect(await feeder.run()).toMatchObject({ running: 1, held: 0 });
    expect(signers.queued.size).toBe(7);
    for (let i = 0; i < 20; i++) await feeder.run();
    expect(signers.queued.size).toBe(4 * 8);
  });

  it('says once that the batch of a disabled client cannot go on, leaves it alone for a while, and holds up no other', async () => {
    await ordered(10);
    find = async () => {
      throw new SigningError('FORBIDDEN', { expected: 'a client that is enabled', found: 'portal' });
    };
    const feeder = gateway();
    let asked = 0;
    const count = find;
    find = async () => {
      asked += 1;
      return count();
    };
    for (let i = 0; i < 5; i++) await feeder.run();
    expect(asked).toBe(1);
    nowMs += 499;
    await feeder.run();
    expect(asked).toBe(1);
    nowMs += 1;
    for (let i = 0; i < 5; i++) await feeder.run();
    expect(asked).toBe(2);
    expect(logged).toHaveLength(1);
    expect(end()).toBeUndefined();
  });

  it('gives up waiting for a manifest after seven days', async () => {
    await begun();
    const feeder = gateway();
    now = new Date(now.getTime() + 7 * 86_400_000 - 1);
    await feeder.run();
    expect((await readControls(store, batchId)).last).toBeUndefined();
    now = new Date(now.getTime() + 1);
    await feeder.run();
    await feeder.run();
    expect(end()).toMatchObject({ status: 'cancelled', counts: { total: 0 } });
  });

  /** Vietnam's time. 2026-11-27 is a Friday. */
  const at = (day: string, time: string): void => void (now = new Date(`2026-11-${day}T${time}:00+07:00`));
  /** A pass of the gateway, and of signers that look at the window as `BatchGate` does. */
  async function night(feeder: BatchFeeder, batch: StoredBatch): Promise<number> {
    await feeder.run();
    const { last } = await readControls(store, batchId);
    const mode = batchMode(batch, last, { now, begun: true });
    if (mode === 'go') await signers.work(1);
    else signers.queued.clear();
    return signers.queued.size;
  }

  describe('with a window by night, Monday to Friday', () => {
    const window: BatchWindow = {
      from: '22:00',
      until: '05:30',
      days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      atEnd: 'wait',
    };
    it('waits at its end and goes on at the next evening that counts, over the weekend', async () => {
      at('27', '12:00');
      const batch = await ordered(400, { window });
      const feeder = gateway(2);
      expect(await night(feeder, batch)).toBe(0);
      at('27', '21:59');
      expect(await night(feeder, batch)).toBe(0);
      at('27', '22:00');
      expect(await night(feeder, batch)).toBe(1);
      // The night of Friday ends on Saturday's morning.
      at('28', '05:29');
      expect(await night(feeder, batch)).toBe(1);
      at('28', '05:30');
      await night(feeder, batch);
      for (const [day, time] of [
        ['28', '22:30'],
        ['29', '03:00'],
        ['29', '23:00'],
        ['30', '21:59'],
      ] as const) {
        at(day, time);
        // Nothing lies on the queues, and a gateway that starts then feeds nothing either.
        expect(await night(gateway(2), batch)).toBe(0);
      }
      at('30', '22:00');
      expect(await night(feeder, batch)).toBe(1);
      for (let i = 0; i < 12 && end() === undefined; i++) await night(feeder, batch);
      expect(end()).toMatchObject({ counts: { total: 400, completed: 400 } });
    });

    it('is finished by day where its window says so, once it was begun', async () => {
      at('27', '22:00');
      const batch = await ordered(200, { window: { ...window, atEnd: 'finish' } });
      const feeder = gateway(2);
      await night(feeder, batch);
      at('28', '08:00');
      for (let i = 0; i < 8 && end() === undefined; i++) await night(feeder, batch);
      expect(end()).toMatchObject({ counts: { completed: 200 } });
    });
  });
});
