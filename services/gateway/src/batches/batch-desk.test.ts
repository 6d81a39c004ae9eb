import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type ApiClientRecord, type Batch, type Scope } from '@kyso/contracts';
import { maxBatchControls, readControls } from '@kyso/storage';
import { MemoryStore } from '../../test/memory-store.js';
import { BatchArchive } from './batch-archive.js';
import { BatchDesk } from './batch-desk.js';
import { BatchResults } from './batch-results.js';
import { BatchTallies } from './batch-tallies.js';
import type { QueuedGroup } from './chunk-queues.js';
import { Manifests } from './manifests.js';

/** Nobody has a quota. */
const noQuotas = {
  assertItems: () => undefined,
  assertJobs: () => Promise.resolve(),
  assertBatch: () => Promise.resolve(),
  tookJobs: () => undefined,
};

const now = (): Date => new Date('2026-11-23T03:00:00Z');
const clientOf = (clientId: string, ...scopes: Scope[]): ApiClientRecord =>
  ({ clientId, enabled: true, scopes }) as unknown as ApiClientRecord;
const owner = clientOf('portal', 'sign');
const stranger = clientOf('other', 'sign');
const operator = clientOf('ops', 'operate');
const hold = (code: 'TOKEN_QUARANTINED' | 'OUTSIDE_HOURS', since: string): QueuedGroup => ({
  isQueued: true,
  held: { place: 'p', code, since, found: 'PIN_CHANGE' },
});

describe('BatchDesk', () => {
  let store: MemoryStore;
  let desk: BatchDesk;
  let batch: Batch;
  let groups: QueuedGroup[];

  beforeEach(async () => {
    store = new MemoryStore();
    groups = [];
    desk = gateway();
    const request = { source: { kind: 'manifest' }, steps: [{ credentialId: 'leader', role: 'leader' }], priority: 5 };
    batch = await desk.create(owner, request as Parameters<BatchDesk['create']>[1], {
      requestId: 'r',
      idempotencyKey: 'k',
    });
  });

  /** One that has just started. */
  function gateway(): BatchDesk {
    const archive = new BatchArchive(store);
    return new BatchDesk({
      quotas: noQuotas,
      archive,
      tallies: new BatchTallies(store),
      manifests: new Manifests({ store, archive, quotas: noQuotas, maxItems: 100, now }),
      results: new BatchResults({ store, archive }),
      queues: { look: async (places) => places.map((_place, n) => groups[n] ?? { isQueued: false }) },
      now,
    });
  }

  it('lets an operator pause, resume and cancel any batch, and puts down who it was', async () => {
    const { batchId } = batch;
    expect(await desk.control(operator, batchId, 'pause')).toMatchObject({
      status: 'paused',
      pausedBecause: 'by ops',
    });
    expect(await desk.show(owner, batchId)).toMatchObject({ pausedBecause: 'by ops' });
    expect(await desk.control(operator, batchId, 'resume')).toMatchObject({ status: 'awaiting-manifest' });
    expect(await desk.control(operator, batchId, 'cancel')).toMatchObject({ status: 'cancelling' });
    expect((await readControls(store, batchId)).last).toMatchObject({ action: 'cancel', by: 'ops' });
  });

  it('says nothing of a pause by its own client', async () => {
    expect(await desk.control(owner, batch.batchId, 'pause')).not.toHaveProperty('pausedBecause');
  });

  it('knows no batches of others for other clients, and gives an operator no outcomes of them', async () => {
    const unknown = { code: 'BATCH_UNKNOWN' };
    await expect(desk.show(stranger, batch.batchId)).rejects.toMatchObject(unknown);
    await expect(desk.control(stranger, batch.batchId, 'cancel')).rejects.toMatchObject(unknown);
    await expect(desk.results(operator, batch.batchId, {})).rejects.toMatchObject(unknown);
    await expect(desk.show(operator, `bat_${'0'.repeat(26)}`)).rejects.toMatchObject(unknown);
  });

  it('takes so many changes and no more, but always a cancellation', async () => {
    const { batchId } = batch;
    for (let n = 1; n < maxBatchControls; n++) {
      const action = n % 2 === 1 ? 'pause' : 'resume';
      store.putJson(objectKeys.batchControl(batchId, n), { action, at: now().toISOString() });
    }
    await expect(desk.control(owner, batchId, 'resume')).rejects.toMatchObject({ code: 'BATCH_STATE' });
    expect(await desk.control(owner, batchId, 'cancel')).toMatchObject({ status: 'cancelling' });
  });

  it('is held when every open group waits for its place, and runs when some do', async () => {
    const { batchId } = batch;
    store.putJson(objectKeys.batchManifest(batchId), { intake: 'one', items: 100, at: now().toISOString() });
    for (const chunk of [0, 1]) {
      store.putJson(objectKeys.fedChunk(batchId, chunk), { groups: 1, at: now().toISOString(), items: [] });
    }
    desk = gateway();
    groups = [{ isQueued: true }, hold('TOKEN_QUARANTINED', '2026-11-23T02:00:00.000Z')];
    expect(await desk.show(owner, batchId)).toMatchObject({
      status: 'running',
      holds: [{ code: 'TOKEN_QUARANTINED', found: 'PIN_CHANGE', messageEn: expect.any(String) }],
    });
    groups = [hold('TOKEN_QUARANTINED', '2026-11-23T02:00:00.000Z'), hold('OUTSIDE_HOURS', '2026-11-23T01:00:00.000Z')];
    const held = await desk.show(owner, batchId);
    expect(held.status).toBe('held');
    expect(held.holds?.map(({ code }) => code)).toEqual(['OUTSIDE_HOURS', 'TOKEN_QUARANTINED']);
    await desk.control(owner, batchId, 'pause');
    expect(await desk.show(owner, batchId)).toMatchObject({ status: 'paused' });
  });
});
