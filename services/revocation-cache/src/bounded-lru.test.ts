import { describe, expect, it } from '@jest/globals';
import { BoundedLru } from './bounded-lru.js';

describe('BoundedLru', () => {
  it('forgets the least recently used beyond the count', () => {
    const lru = new BoundedLru<number>({ entries: 2, bytes: 100 });
    lru.set('a', 1, 1);
    lru.set('b', 2, 1);
    expect(lru.get('a')).toBe(1);
    lru.set('c', 3, 1);
    expect([lru.get('a'), lru.get('b'), lru.get('c')]).toEqual([1, undefined, 3]);
  });
  it('forgets beyond the bytes, and counts a replaced entry once', () => {
    const lru = new BoundedLru<number>({ entries: 10, bytes: 100 });
    lru.set('a', 1, 60);
    lru.set('a', 1, 40);
    lru.set('b', 2, 60);
    expect([lru.size, lru.bytes]).toEqual([2, 100]);
    lru.set('c', 3, 1);
    expect([...lru.values()]).toEqual([2, 3]);
    lru.delete('b');
    expect(lru.bytes).toBe(1);
  });
  it('does not keep what alone is over the limit, nor lose the others for it', () => {
    const lru = new BoundedLru<number>({ entries: 10, bytes: 100 });
    lru.set('a', 1, 60);
    lru.set('huge', 2, 101);
    expect([lru.get('a'), lru.get('huge')]).toEqual([1, undefined]);
  });
});
