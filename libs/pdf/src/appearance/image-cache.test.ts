import { describe, expect, it } from '@jest/globals';
import { ByteBoundedCache } from './image-cache.js';

describe('the cache of images', () => {
  it('drops what was used longest ago when it is full', () => {
    const cache = new ByteBoundedCache<string>(100);
    cache.set('a', 'A', 40);
    cache.set('b', 'B', 40);
    expect(cache.get('a')).toBe('A');
    cache.set('c', 'C', 40);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
    expect(cache.bytes).toBe(80);
  });

  it('counts a key that is set twice once', () => {
    const cache = new ByteBoundedCache<string>(100);
    cache.set('a', 'A', 40);
    cache.set('a', 'A2', 50);
    expect(cache.bytes).toBe(50);
    expect(cache.get('a')).toBe('A2');
  });

  it('gives up everything for something larger than itself, and that for the next', () => {
    const cache = new ByteBoundedCache<string>(100);
    cache.set('a', 'A', 40);
    cache.set('big', 'B', 300);
    expect([cache.get('a'), cache.get('big'), cache.bytes]).toEqual([undefined, 'B', 300]);
    cache.set('c', 'C', 40);
    expect([cache.get('big'), cache.bytes]).toEqual([undefined, 40]);
  });
});
