import { describe, expect, it } from '@jest/globals';
import { Readiness } from './readiness.js';

describe('readiness', () => {
  it('is there when every check passes', async () => {
    const readiness = new Readiness();
    readiness.add('redis', () => Promise.resolve('PONG'));
    expect(await readiness.run()).toEqual({
      ready: true,
      checks: { redis: { ok: true, durationMs: expect.any(Number) } },
    });
  });

  it('is missing when one fails, throws, or takes too long, and says why', async () => {
    const readiness = new Readiness();
    let aborted = false;
    readiness.add('fails', () => Promise.reject(new Error('no connection')));
    readiness.add('throws', () => {
      throw new Error('at once');
    });
    readiness.add('hangs', (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))), 50);
    readiness.add('works', () => Promise.resolve());
    expect(await readiness.run()).toMatchObject({
      ready: false,
      checks: {
        fails: { ok: false, problem: 'no connection' },
        throws: { ok: false, problem: 'at once' },
        hangs: { ok: false, problem: 'expected an answer in 50 ms' },
        works: { ok: true },
      },
    });
    expect(aborted).toBe(true);
  });

  it('takes no second check of a name', () => {
    const readiness = new Readiness();
    readiness.add('a', () => Promise.resolve());
    expect(() => readiness.add('a', () => Promise.resolve())).toThrow('exists already');
  });
});
