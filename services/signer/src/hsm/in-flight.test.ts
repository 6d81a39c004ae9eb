import { describe, expect, it } from '@jest/globals';
import type { Lane } from '@kyso/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { InFlight, type SentSign } from './in-flight.js';

const sent = (id: number, lane: Lane = 'bulk'): SentSign => ({
  request: { id, lane, keyId: '01', mechanism: { kind: 'ecdsa' }, input: new Uint8Array(32) },
  resolve: () => undefined,
  reject: () => undefined,
});

describe('the work in a token host', () => {
  it('is little for a slow token and more for a fast one', async () => {
    const slow = new InFlight({ sessions: 1, signTimeoutMs: 1_000 });
    slow.add(sent(1));
    for (let i = 0; i < 6; i++) {
      await sleep(60);
      slow.progressed(1);
    }
    slow.takeAll();
    const fast = new InFlight({ sessions: 1, signTimeoutMs: 1_000 });
    fast.add(sent(1));
    for (let i = 0; i < 60; i++) fast.progressed(10);
    fast.takeAll();
    expect(slow.room('bulk')).toBe(2);
    expect(fast.room('bulk')).toBeGreaterThan(20);
    expect(slow.expectedMs('bulk')).toBeGreaterThan(10 * fast.expectedMs('bulk'));
  });

  it('leaves room for interactive requests however much bulk work is there, and expects them to go first', () => {
    const inFlight = new InFlight({ sessions: 2, signTimeoutMs: 1_000 });
    const room = inFlight.room('bulk');
    for (let id = 0; id < room; id++) inFlight.add(sent(id));
    expect(inFlight.room('bulk')).toBe(0);
    expect(inFlight.room('interactive')).toBe(room);
    const signMs = new InFlight({ sessions: 2, signTimeoutMs: 1_000 }).expectedMs('bulk');
    expect(inFlight.expectedMs('interactive')).toBe(3 * signMs);
    expect(inFlight.expectedMs('bulk')).toBe((room + 1) * signMs);
    inFlight.takeAll();
    expect(inFlight.room('bulk')).toBe(room);
  });

  it('hangs when nothing comes back in time, and not before two looks agree', async () => {
    const inFlight = new InFlight({ sessions: 1, signTimeoutMs: 30 });
    inFlight.add(sent(1));
    expect(inFlight.isHung()).toBe(false);
    await sleep(80);
    expect(inFlight.isHung()).toBe(false);
    expect(inFlight.isHung()).toBe(true);
    inFlight.takeAll();
    expect(inFlight.isHung()).toBe(false);
  });
});
