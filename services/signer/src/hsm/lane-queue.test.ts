import { describe, expect, it } from '@jest/globals';
import type { Lane } from '@kyso/contracts';
import { LaneQueue, bulkShareOneIn } from './lane-queue.js';

interface Work {
  readonly lane: Lane;
  readonly id: number;
}

describe('the work that waits for the sessions of a token', () => {
  it('comes interactive first, each lane in its order', () => {
    const queue = new LaneQueue<Work>();
    for (const [id, lane] of (['bulk', 'interactive', 'bulk', 'interactive'] as const).entries()) {
      queue.add({ id, lane });
    }
    expect([1, 2, 3, 4, 5].map(() => queue.shift()?.id)).toEqual([1, 3, 0, 2, undefined]);
    expect(queue.size).toBe(0);
  });

  it('is bulk work one time in ten while both wait, however much interactive work comes', () => {
    const queue = new LaneQueue<Work>();
    for (let id = 0; id < 20; id++) queue.add({ id, lane: 'bulk' });
    const lanes: (Lane | undefined)[] = [];
    for (let id = 100; id < 200; id++) {
      queue.add({ id, lane: 'interactive' });
      queue.add({ id: id + 1_000, lane: 'interactive' });
      lanes.push(queue.shift()?.lane);
    }
    expect(lanes.filter((lane) => lane === 'bulk')).toHaveLength(100 / bulkShareOneIn);
    for (let from = 0; from + bulkShareOneIn <= lanes.length; from++) {
      expect(lanes.slice(from, from + bulkShareOneIn)).toContain('bulk');
    }
  });

  it('does not save up turns of bulk work for later', () => {
    const queue = new LaneQueue<Work>();
    for (let id = 0; id < 50; id++) queue.add({ id, lane: 'interactive' });
    for (let i = 0; i < 25; i++) queue.shift();
    queue.add({ id: 1_000, lane: 'bulk' });
    expect(queue.shift()).toEqual({ id: 25, lane: 'interactive' });
  });
});
