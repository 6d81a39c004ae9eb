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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets what may go on go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

/** A gate over a clock that is moved by hand, and how many of the documents that asked went on. */
function gateWithClock(): {
  readonly gate: LaneGate;
  readonly move: (ms: number) => void;
  readonly ask: (count: number) => { went: number };
} {
  let nowMs = 1_000;
  const gate = new LaneGate(() => nowMs);
  return {
    gate,
    move: (ms) => (nowMs += ms),
    ask: (count) => {
      const asked = { went: 0 };
      for (let i = 0; i < count; i++) void gate.bulk().then(() => (asked.went += 1));
      return asked;
    },
  };
}

describe('the gate between the lanes', () => {
  it('is open to batches while nobody waits, one in a turn of the event loop', async () => {
    const { ask } = gateWithClock();
    const order: number[] = [];
    const asked = ask(5);
    const turns = (async () => {
      while (asked.went < 5) {
        order.push(asked.went);
        await turn();
      }
    })();
    await turns;
    // Between any two of them others had their turn.
    expect([...new Set(order)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('lets one through while somebody waits, and the others when nobody does any more', async () => {
    const { gate, move, ask } = gateWithClock();
    const { end, ended } = step(gate);
    const asked = ask(4);
    await settle();
    expect(asked.went).toBe(1);
    end();
    await ended;
    // The answer has yet to be given.
    await settle();
    expect(asked.went).toBe(1);
    move(15);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked.went).toBe(4);
  });

  it('closes when a step is on its way, and opens again if it does not come', async () => {
    const { gate, move, ask } = gateWithClock();
    gate.arriving();
    const asked = ask(3);
    await settle();
    expect(asked.went).toBe(1);
    move(24);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked.went).toBe(1);
    move(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(asked.went).toBe(2);
    move(75);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked.went).toBe(3);
  });

  it('keeps the order in which they asked', async () => {
    const { gate } = gateWithClock();
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4].map((n) => gate.bulk().then(() => order.push(n))));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('never closes for good: one goes on after a while, though somebody still waits', async () => {
    const gate = new LaneGate();
    const { end, ended } = step(gate);
    for (let i = 0; i < 3; i++) await gate.bulk();
    end();
    await ended;
  });

  it('opens for good to a step that takes long: it waits for others itself', async () => {
    const { gate, move, ask } = gateWithClock();
    const { end, ended } = step(gate);
    await new Promise((resolve) => setTimeout(resolve, 550));
    move(550);
    const asked = ask(3);
    await settle();
    expect(asked.went).toBe(3);
    end();
    await ended;
  });

  it('opens also when a step throws', async () => {
    const { gate, move, ask } = gateWithClock();
    await expect(gate.interactive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    move(15);
    const asked = ask(3);
    await settle();
    expect(asked.went).toBe(3);
  });
});
