import { describe, expect, it } from '@jest/globals';
import { ExpiringCache } from './expiring-cache.js';

describe('ExpiringCache', () => {
  it('forgets an entry when it is too old', () => {
    let nowMs = 1_000;
    const cache = new ExpiringCache<string>({ maxEntries: 10, maxAgeMs: 100, nowMs: () => nowMs });
    cache.set('a', 'x');
    nowMs = 1_099;
    expect(cache.get('a')).toBe('x');
    nowMs = 1_100;
    expect(cache.get('a')).toBeUndefined();
  });

  it('drops the entry that was used longest ago when it is full', () => {
    const cache = new ExpiringCache<number>({ maxEntries: 2, maxAgeMs: Infinity });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('loads once for many callers, and again after a failure', async () => {
    const cache = new ExpiringCache<number>({ maxEntries: 2, maxAgeMs: Infinity });
    let loads = 0;
    const failing = async (): Promise<number> => {
      loads += 1;
      throw new Error('down');
    };
    const results = await Promise.allSettled([cache.getOrLoad('a', failing), cache.getOrLoad('a', failing)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(loads).toBe(1);
    await expect(cache.getOrLoad('a', async () => 7)).resolves.toBe(7);
    await expect(cache.getOrLoad('a', failing)).resolves.toBe(7);
  });
});
