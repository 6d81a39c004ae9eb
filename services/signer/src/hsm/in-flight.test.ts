import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { InFlight } from './in-flight.js';
import type { PendingSign } from './sign-queue.js';

const pending = (id: number): PendingSign => ({
  request: { id, keyId: '01', mechanism: { kind: 'ecdsa' }, input: new Uint8Array(32) },
  lane: 'bulk',
  tries: 0,
  sentAtMs: 0,
  allowedMs: 0,
  waitUntilMs: 0,
  resolve: () => undefined,
  reject: () => undefined,
});

describe('the work in a token host', () => {
  it('is little for a slow token and more for a fast one', async () => {
    const slow = new InFlight({ sessions: 1, signTimeoutMs: 1_000 });
    slow.add([pending(1)]);
    for (let i = 0; i < 6; i++) {
      await sleep(60);
      slow.progressed(1);
    }
    slow.takeAll();
    const fast = new InFlight({ sessions: 1, signTimeoutMs: 1_000 });
    fast.add([pending(1)]);
    for (let i = 0; i < 60; i++) fast.progressed(10);
    fast.takeAll();
    expect(slow.room).toBe(2);
    expect(fast.room).toBeGreaterThan(20);
  });

  it('hangs when nothing comes back in time, and not before two looks agree', async () => {
    const inFlight = new InFlight({ sessions: 1, signTimeoutMs: 30 });
    inFlight.add([pending(1)]);
    expect(inFlight.isHung()).toBe(false);
    await sleep(80);
    expect(inFlight.isHung()).toBe(false);
    expect(inFlight.isHung()).toBe(true);
    inFlight.takeAll();
    expect(inFlight.isHung()).toBe(false);
  });
});
