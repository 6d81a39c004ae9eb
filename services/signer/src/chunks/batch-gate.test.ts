import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type BatchControl, type BatchWindow } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { BatchGate } from './batch-gate.js';

const batchId = `bat_${'0'.repeat(26)}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('BatchGate', () => {
  let store: MemoryStore;
  let now: Date;
  let nowMs: number;
  let gate: BatchGate;
  let reads: string[];

  beforeEach(() => {
    store = new MemoryStore();
    reads = [];
    const get = store.get.bind(store);
    store.get = (key) => {
      reads.push(key);
      return get(key);
    };
    now = new Date('2026-11-23T22:00:00+07:00');
    nowMs = 0;
    gate = new BatchGate(
      store,
      () => now,
      () => nowMs,
    );
  });

  function order(window?: BatchWindow): void {
    store.objects.set(
      objectKeys.batch(batchId),
      json({
        batchId,
        clientId: 'portal',
        requestId: 'r',
        createdAt: '2026-11-23T00:00:00.000Z',
        source: { kind: 'manifest' },
        steps: [{ credentialId: 'leader', role: 'leader' }],
        priority: 5,
        ...(window === undefined ? {} : { window }),
      }),
    );
  }
  const want = (n: number, action: BatchControl['action']): void =>
    void store.objects.set(objectKeys.batchControl(batchId, n), json({ action, at: now.toISOString() }));

  it('lets items go until somebody pauses, again after a resumption, and never after a cancellation', async () => {
    order();
    expect(await gate.mode(batchId)).toBe('go');
    for (const [n, action, mode] of [
      [1, 'pause', 'paused'],
      [2, 'resume', 'go'],
      [3, 'cancel', 'cancel'],
      [4, 'resume', 'cancel'],
    ] as const) {
      want(n, action);
      nowMs += 1_000;
      expect(await gate.mode(batchId)).toBe(mode);
    }
  });

  it('takes a batch that is not there for a cancelled one', async () => {
    expect(await gate.mode(batchId)).toBe('cancel');
  });

  it('reads once a second, for however many items, and the batch itself only once', async () => {
    order();
    await Promise.all(Array.from({ length: 50 }, () => gate.mode(batchId)));
    expect(reads).toEqual([objectKeys.batch(batchId), objectKeys.batchControl(batchId, 1)]);
    want(1, 'pause');
    nowMs += 999;
    expect(await gate.mode(batchId)).toBe('go');
    nowMs += 1;
    expect(await gate.mode(batchId)).toBe('paused');
    expect(reads.filter((key) => key === objectKeys.batch(batchId))).toHaveLength(1);
  });

  it('feels the end of the window at once, without a look at the store', async () => {
    order({ from: '22:00', until: '05:30', days: ['monday'], atEnd: 'wait' });
    expect(await gate.mode(batchId)).toBe('go');
    const before = reads.length;
    now = new Date('2026-11-24T05:30:00+07:00');
    expect(await gate.mode(batchId)).toBe('waits');
    expect(reads).toHaveLength(before);
  });

  it('finishes what was begun where the window says so', async () => {
    order({ from: '22:00', until: '05:30', days: ['monday'], atEnd: 'finish' });
    now = new Date('2026-11-24T12:00:00+07:00');
    expect(await gate.mode(batchId)).toBe('go');
  });

  it('asks again after the store could not be read', async () => {
    order();
    const get = store.get.bind(store);
    store.get = () => Promise.reject(new Error('away'));
    await expect(gate.mode(batchId)).rejects.toThrow('away');
    store.get = get;
    expect(await gate.mode(batchId)).toBe('go');
  });
});
