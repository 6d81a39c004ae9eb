import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  it('are given to as many as may go on, then in the order of asking', async () => {
    const turns = new Turns({ atATime: 2, maxWaitMs: 5_000, what: 'tests' });
    const order: string[] = [];
    const ends: (() => void)[] = [];
    const all = ['a', 'b', 'c', 'd'].map((name) =>
      turns.take(async () => {
        order.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await sleep(1);
    expect(order).toEqual(['a', 'b']);
    ends[1]?.();
    await sleep(1);
    expect(order).toEqual(['a', 'b', 'c']);
    ends[0]?.();
    await sleep(1);
    for (const end of ends) end();
    await Promise.all(all);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are refused to one that waited too long, and still given to the next', async () => {
    const turns = new Turns({ atATime: 1, maxWaitMs: 20, what: 'tests' });
    const ends: (() => void)[] = [];
    const first = turns.take(() => new Promise<void>((resolve) => ends.push(resolve)));
    await expect(turns.take(async () => undefined)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    ends[0]?.();
    await first;
    expect(await turns.take(async () => 'done')).toBe('done');
  });

  it('are given back by work that fails', async () => {
    const turns = new Turns({ atATime: 1, maxWaitMs: 20, what: 'tests' });
    await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take(async () => 'done')).toBe('done');
  });
});
