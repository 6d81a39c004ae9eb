import { describe, expect, it } from '@jest/globals';
import { bufferSource } from '@kyso/pdf';
import { DeadlineExceeded, sourceUntil, WatchedSource } from './watched-source.js';

describe('the watched source', () => {
  it('passes reads on', async () => {
    const source = new WatchedSource(bufferSource(Buffer.from('abcdef')), 1000);
    expect(Buffer.from(await source.read(2, 3)).toString()).toBe('cde');
    expect(() => source.rethrowFailure()).not.toThrow();
  });

  it('refuses reads after the deadline', async () => {
    const source = new WatchedSource(bufferSource(Buffer.from('abcdef')), -1);
    await expect(source.read(0, 1)).rejects.toThrow(DeadlineExceeded);
    expect(() => source.rethrowFailure()).not.toThrow();
  });

  it('remembers a store that failed', async () => {
    const down = new Error('the store is down');
    const source = new WatchedSource({ size: 10, read: () => Promise.reject(down) }, 1000);
    await expect(source.read(0, 1)).rejects.toThrow(down);
    expect(() => source.rethrowFailure()).toThrow(down);
  });
});

describe('a source cut at a revision', () => {
  it('ends there', async () => {
    const cut = sourceUntil(bufferSource(Buffer.from('abcdef')), 4);
    expect(cut.size).toBe(4);
    expect(Buffer.from(await cut.read(2, 10)).toString()).toBe('cd');
    expect((await cut.read(5, 10)).length).toBe(0);
  });
});
