import { beforeEach, describe, expect, it } from '@jest/globals';
import { Breaker } from './breaker.js';

describe('the breaker of a token', () => {
  let nowMs: number;
  let breaker: Breaker;
  beforeEach(() => {
    nowMs = 0;
    breaker = new Breaker({ threshold: 3, openForMs: 100, maxOpenForMs: 250, nowMs: () => nowMs });
  });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) breaker.failure();
  };

  it('stays closed until the failures in a row reach the threshold', () => {
    fail(2);
    breaker.success();
    fail(2);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toBe(false);
    expect(breaker.remainingMs).toBe(100);
  });

  it('lets one probe through when the time is over, and closes when it succeeds', () => {
    fail(3);
    nowMs = 100;
    expect(breaker.state).toBe('half-open');
    expect(breaker.admit()).toBe(true);
    expect(breaker.admit()).toBe(false);
    breaker.success();
    expect(breaker.state).toBe('closed');
    expect(breaker.admit()).toBe(true);
  });

  it('stays open twice as long after each probe that fails, up to a limit', () => {
    fail(3);
    const lengths: number[] = [];
    for (let i = 0; i < 3; i++) {
      lengths.push(breaker.remainingMs);
      nowMs += breaker.remainingMs;
      breaker.admit();
      breaker.failure();
    }
    expect([...lengths, breaker.remainingMs]).toEqual([100, 200, 250, 250]);
  });
});
