import { describe, expect, it } from '@jest/globals';
import { bestSignatureTime, checkClaimedTime, checkOrder } from './signing-time.js';

const at = (minutes: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const now = at(100_000);

describe('the best signature time', () => {
  it('is now when nothing proves an earlier one', () => {
    expect(bestSignatureTime(undefined, [], now)).toEqual({ time: now, proven: false });
  });

  it('is genTime of the own proven time-stamp', () => {
    expect(bestSignatureTime({ genTime: at(5), proven: true }, [], now)).toEqual({ time: at(5), proven: true });
  });

  it('is not taken from a time-stamp whose unit may be revoked', () => {
    expect(bestSignatureTime({ genTime: at(5), proven: false }, [], now)).toEqual({ time: now, proven: false });
  });

  it('is the earliest proven document time-stamp in place of a missing own one', () => {
    const later = [
      { genTime: at(30), revision: 5, proven: true },
      { genTime: at(20), revision: 4, proven: true },
      { genTime: at(10), revision: 3, proven: false },
    ];
    expect(bestSignatureTime(undefined, later, now)).toEqual({ time: at(20), proven: true });
  });
});

describe('the claimed time', () => {
  it('may be a few minutes ahead of the time-stamp and a day behind', () => {
    expect(checkClaimedTime(at(9), at(0))).toEqual([]);
    expect(checkClaimedTime(at(0), at(24 * 60))).toEqual([]);
  });

  it.each([
    ['seven hours ahead: local time written as UTC', 7 * 60],
    ['two days behind', -2 * 24 * 60],
  ])('is remarked on when it is %s', (_what, minutes) => {
    expect(checkClaimedTime(at(10_000 + minutes), at(10_000)).map(({ code }) => code)).toEqual(['CLAIMED_TIME']);
  });

  it('is not compared with a time-stamp that is not trusted', () => {
    expect(checkClaimedTime(at(0), undefined)).toEqual([]);
  });
});

describe('the order of time-stamps', () => {
  it('is broken by a later revision whose time-stamp is older', () => {
    expect(checkOrder(at(10), [{ genTime: at(5), revision: 3, proven: true }]).map(({ code }) => code)).toEqual([
      'TIMESTAMP_ORDER',
    ]);
  });

  it('tolerates clocks that differ by seconds', () => {
    const earlier = new Date(at(10).getTime() - 20_000);
    expect(checkOrder(at(10), [{ genTime: earlier, revision: 3, proven: true }])).toEqual([]);
  });
});
