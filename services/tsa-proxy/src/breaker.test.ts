import { describe, expect, it } from '@jest/globals';
import { Breaker } from './breaker.js';

const make = (): { breaker: Breaker; pass: (ms: number) => void } => {
  let nowMs = 1_000;
  const breaker = new Breaker({ failures: 3, openMs: 500 }, () => nowMs);
  return {
    breaker,
    pass: (ms) => {
      nowMs += ms;
    },
  };
};
const fail = (breaker: Breaker, times: number): void => {
  for (let i = 0; i < times; i++) {
    expect(breaker.admit()).toBe(true);
    breaker.failed();
  }
};

describe('Breaker', () => {
  it('opens after failures in a row only', () => {
    const { breaker } = make();
    fail(breaker, 2);
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.state).toBe('closed');
    fail(breaker, 1);
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toBe(false);
  });

  it('lets one single request try after its time', () => {
    const { breaker, pass } = make();
    fail(breaker, 3);
    pass(500);
    expect(breaker.state).toBe('half-open');
    expect([breaker.admit(), breaker.admit(), breaker.admit()]).toEqual([true, false, false]);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    expect(breaker.admit()).toBe(true);
  });

  it('opens again when the try fails', () => {
    const { breaker, pass } = make();
    fail(breaker, 3);
    pass(600);
    fail(breaker, 1);
    expect(breaker.state).toBe('open');
    pass(499);
    expect(breaker.admit()).toBe(false);
    pass(1);
    expect(breaker.admit()).toBe(true);
  });
});
