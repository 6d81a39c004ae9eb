import { describe, expect, it, jest } from '@jest/globals';
import { MinuteCounter, RequestBudget } from './rate-limits.js';

describe('MinuteCounter', () => {
  it('forgets events bit by bit over the minute that follows', () => {
    let nowMs = 60_000;
    const counter = new MinuteCounter(() => nowMs);
    for (let i = 0; i < 10; i++) counter.add('10.0.0.1');
    expect(counter.count('10.0.0.1')).toBe(10);
    expect(counter.count('10.0.0.2')).toBe(0);
    nowMs = 150_000;
    expect(counter.count('10.0.0.1')).toBe(5);
    nowMs = 240_000;
    expect(counter.count('10.0.0.1')).toBe(0);
  });

  it('stays small when very many addresses come', () => {
    const counter = new MinuteCounter(() => 0, 100);
    for (let i = 0; i < 1_000; i++) counter.add(`10.0.${i}`);
    expect(counter.count('10.0.999')).toBe(1);
    expect(counter.count('10.0.0')).toBe(0);
  });
});

describe('RequestBudget', () => {
  it('lets a burst pass and then as many as the rate says', () => {
    let nowMs = 0;
    const budget = new RequestBudget(10, () => nowMs);
    const passed = (): number => Array.from({ length: 50 }, () => budget.take('a')).filter(Boolean).length;
    expect(passed()).toBe(20);
    expect(budget.take('b')).toBe(true);
    nowMs = 500;
    expect(passed()).toBe(5);
  });

  it('locks nobody out when the wall clock is put back', () => {
    const budget = new RequestBudget(10);
    budget.take('a');
    const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
    try {
      expect(budget.take('a')).toBe(true);
    } finally {
      clock.mockRestore();
    }
  });
});
