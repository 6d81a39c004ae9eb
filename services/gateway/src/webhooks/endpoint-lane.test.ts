import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryName } from './delivery-name.js';
import { EndpointLane, laneWindow } from './endpoint-lane.js';

function named(about: string, version: number, atMs = version): DeliveryName {
  return { name: `${atMs}.${about}.${version}`, eventId: `evt-${about}-${version}`, atMs, about, version };
}

describe('what waits for one endpoint', () => {
  let nowMs = 0;
  let lane: EndpointLane;
  beforeEach(() => {
    nowMs = 1_000_000;
    lane = new EndpointLane('portal', 'whk', () => nowMs);
  });
  const answered = (): void => lane.heard({ isAway: false, durationMs: 10, retryAfterMs: 0 });
  const away = (retryAfterMs = 0): void => lane.heard({ isAway: true, durationMs: 10, retryAfterMs });
  const pickAll = (): string[] => {
    const picked: string[] = [];
    for (let one = lane.pick(); one !== undefined; one = lane.pick()) picked.push(one.name.eventId);
    return picked;
  };

  it('is sent one by one of each document, by version even where clocks differ', () => {
    lane.add(named('a', 2, 5));
    lane.add(named('a', 1, 9));
    lane.add(named('b', 1));
    expect(pickAll()).toEqual(['evt-a-1', 'evt-b-1']);
    lane.finish(named('a', 1, 9));
    expect(pickAll()).toEqual(['evt-a-2']);
  });

  it('does not overtake one of its document that is being sent, even if it should have come before', () => {
    lane.add(named('a', 2));
    expect(pickAll()).toEqual(['evt-a-2']);
    lane.add(named('a', 1));
    expect(pickAll()).toEqual([]);
    lane.postpone(named('a', 2), 0);
    expect(pickAll()).toEqual(['evt-a-1']);
  });

  it('waits for its pause, and the later ones of its document with it', () => {
    lane.add(named('a', 1));
    lane.add(named('a', 2));
    expect(pickAll()).toEqual(['evt-a-1']);
    lane.postpone(named('a', 1), 5_000);
    expect(pickAll()).toEqual([]);
    nowMs += 5_000;
    expect(lane.pick()).toMatchObject({ name: { version: 1 }, isKnownDue: true });
  });

  it('is known once, however often it is found', () => {
    lane.add(named('a', 1));
    lane.refresh([named('a', 1), named('b', 1)], false);
    expect(lane.size).toBe(2);
  });

  it('goes out several at a time to who answers promptly, fewer to others, one to who is away', () => {
    for (let n = 0; n < 50; n++) lane.add(named(`d${n}`, 1));
    expect(pickAll()).toHaveLength(4);
    answered();
    expect(pickAll()).toHaveLength(4);
    expect(lane.answersPromptly).toBe(true);
    lane.heard({ isAway: false, durationMs: 3_000, retryAfterMs: 0 });
    expect(lane.answersPromptly).toBe(false);
    for (let n = 0; n < 8; n++) lane.finish(named(`d${n}`, 1));
    away();
    expect(pickAll()).toHaveLength(1);
  });

  it('pauses for who is away, ever longer up to a minute, and as long as it asks', () => {
    for (let n = 0; n < 50; n++) lane.add(named(`d${n}`, 1));
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const began = nowMs;
      let picked = lane.pick();
      while (picked === undefined) {
        nowMs += 500;
        picked = lane.pick();
      }
      pauses.push(nowMs - began);
      lane.finish(picked.name);
      away();
    }
    expect(pauses.slice(0, 5)).toEqual([0, 0, 2_000, 4_000, 8_000]);
    expect(pauses.at(-1)).toBe(60_000);
    away(120_000);
    nowMs += 119_999;
    expect(lane.pick()).toBeUndefined();
    nowMs += 1;
    expect(lane.pick()).toBeDefined();
  });

  it('is due at once when an endpoint is back after a longer absence, and not after a short one', () => {
    lane.add(named('a', 1));
    lane.add(named('b', 1));
    lane.pick();
    lane.postpone(named('a', 1), 3_600_000);
    for (let n = 0; n < 6; n++) away();
    nowMs += 29_000;
    lane.finish(named('b', 1));
    answered();
    expect(lane.pick()).toBeUndefined();
    for (let n = 0; n < 6; n++) away();
    nowMs += 31_000;
    answered();
    expect(lane.pick()).toMatchObject({ name: { about: 'a' } });
  });

  it('is known by name only as far as there is room; then the oldest come first', () => {
    const names = Array.from({ length: laneWindow }, (_, n) => named(`d${n}`, 1, n));
    lane.refresh(names, true);
    lane.add(named('new', 1, laneWindow + 1));
    expect(lane.size).toBe(laneWindow);
    expect(lane.isRunningLow).toBe(false);
    for (const name of names.slice(0, laneWindow / 2 + 1)) lane.finish(name);
    expect(lane.isRunningLow).toBe(true);
    lane.refresh([...names.slice(laneWindow / 2 + 1), named('new', 1, laneWindow + 1)], false);
    expect(lane.size).toBe(laneWindow / 2);
  });

  it('is not sent while it is being given up', () => {
    lane.add(named('a', 1, 5));
    lane.add(named('b', 1, 50));
    expect(lane.pickOlderThan(10, 100).map(({ about }) => about)).toEqual(['a']);
    expect(pickAll()).toEqual(['evt-b-1']);
    expect(lane.pickOlderThan(100, 100)).toEqual([]);
  });
});
