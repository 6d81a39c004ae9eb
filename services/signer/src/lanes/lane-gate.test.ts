import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { LaneGate } from './lane-gate.js';

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const bell = new EventEmitter();
  return { promise: once(bell, 'end').then(() => undefined), resolve: () => void bell.emit('end') };
}

/** An interactive step that ends when it is told to. */
function step(gate: LaneGate): { readonly end: () => void; readonly ended: Promise<void> } {
  const { promise, resolve } = withResolver();
  return { end: resolve, ended: gate.interactive(() => promise) };
}

describe('the gate between the lanes', () => {
  it('is open to batches while nobody waits', async () => {
    const gate = new LaneGate();
    for (let i = 0; i < 100; i++) await gate.bulk();
  });

  it('lets one item through while somebody waits, and the others when nobody does any more', async () => {
    // The clock stands still: no further item is due.
    const gate = new LaneGate(() => 1_000);
    const { end, ended } = step(gate);
    await gate.bulk();
    let begun = 0;
    const others = [1, 2, 3].map(() => gate.bulk().then(() => (begun += 1)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toBe(0);
    end();
    await ended;
    await Promise.all(others);
    expect(begun).toBe(3);
  });

  it('never closes for good: an item is begun again after a while, though somebody still waits', async () => {
    const gate = new LaneGate();
    const { end, ended } = step(gate);
    for (let i = 0; i < 3; i++) await gate.bulk();
    end();
    await ended;
  });

  it('opens for good to a step that takes long: it waits for others itself', async () => {
    // The clock stands still: only an open gate lets more than one through.
    const gate = new LaneGate(() => 1_000);
    const { end, ended } = step(gate);
    for (let i = 0; i < 3; i++) await gate.bulk();
    end();
    await ended;
  });

  it('opens also when a step throws', async () => {
    const gate = new LaneGate(() => 1_000);
    await expect(gate.interactive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await gate.bulk();
    await gate.bulk();
  });
});
