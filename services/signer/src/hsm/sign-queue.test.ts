import { describe, expect, it } from '@jest/globals';
import type { Lane } from '@kyso/contracts';
import { SignQueue, type PendingSign } from './sign-queue.js';

const pending = (id: number, lane: Lane, waitUntilMs = 1_000): PendingSign => ({
  request: { id, keyId: '01', mechanism: { kind: 'ecdsa' }, input: new Uint8Array(32) },
  lane,
  tries: 0,
  sentAtMs: 0,
  allowedMs: 0,
  waitUntilMs,
  resolve: () => undefined,
  reject: () => undefined,
});
const ids = (list: readonly PendingSign[]): number[] => list.map((one) => one.request.id);

describe('the requests that wait for a token', () => {
  it('come interactive ones first, each lane in its order', () => {
    const queue = new SignQueue();
    for (const [id, lane] of [
      [1, 'bulk'],
      [2, 'interactive'],
      [3, 'bulk'],
      [4, 'interactive'],
    ] as const) {
      queue.add(pending(id, lane));
    }
    expect(ids(queue.take(3))).toEqual([2, 4, 1]);
    expect(ids(queue.take(3))).toEqual([3]);
  });

  it('are first again when their host was lost under them', () => {
    const queue = new SignQueue();
    queue.add(pending(3, 'interactive'));
    queue.putBack([pending(1, 'interactive'), pending(2, 'interactive')]);
    expect(ids(queue.take(9))).toEqual([1, 2, 3]);
  });

  it('leave when they have waited too long', () => {
    const queue = new SignQueue();
    queue.add(pending(1, 'interactive', 50));
    queue.add(pending(2, 'bulk', 150));
    expect(ids(queue.takeOverdue(100))).toEqual([1]);
    expect(ids(queue.takeOverdue(Infinity))).toEqual([2]);
    expect(queue.size).toBe(0);
  });
});
