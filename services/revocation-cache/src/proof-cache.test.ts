import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Certificate } from '@kyso/cms';
import type { Proof } from './proof.js';
import { ProofCache, type Subject } from './proof-cache.js';

const certificate = (sha256: string): Certificate => ({ sha256, der: Buffer.alloc(10) }) as unknown as Certificate;
const subject: Subject = { certificate: certificate('leaf'), issuer: certificate('ca'), crlOnly: false };
const startMs = Date.UTC(2026, 0, 1);
const at = (ms: number): Date => new Date(startMs + ms);

const down = (): Partial<Proof> => {
  throw new Error('down');
};
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ProofCache', () => {
  let nowMs: number;
  let asked: number;
  let stale: number;
  let answer: () => Partial<Proof>;
  let cache: ProofCache;
  beforeEach(() => {
    nowMs = startMs;
    asked = 0;
    stale = 0;
    answer = () => ({});
    cache = new ProofCache({
      sourcesFor: () => [
        {
          kind: 'ocsp',
          url: 'http://ocsp.example',
          ask: async () => {
            asked++;
            return {
              status: 'good',
              source: 'ocsp',
              url: '',
              der: Buffer.alloc(100),
              thisUpdate: new Date(nowMs),
              nextUpdate: new Date(nowMs + 100_000),
              certificates: [],
              fetchedAt: new Date(nowMs),
              ...answer(),
            };
          },
        },
      ],
      now: () => new Date(nowMs),
      lifetimes: { refreshAfterMs: 1_000_000, lifeWithoutNextUpdateMs: 5_000 },
      limits: {
        hedgeAfterMs: 1_000,
        failureMs: 3_000,
        minRefetchMs: 1_000,
        keepWarmMs: 200_000,
        cacheEntries: 10,
        cacheBytes: 100_000,
      },
      onStale: () => {
        stale++;
      },
    });
  });
  it('asks once for many', async () => {
    await Promise.all(Array.from({ length: 20 }, () => cache.find(subject)));
    await cache.find(subject);
    expect(asked).toBe(1);
  });

  it('renews in the background after three quarters of the life, and gives the old one meanwhile', async () => {
    const first = await cache.find(subject);
    nowMs += 74_999;
    await cache.find(subject);
    expect(asked).toBe(1);
    nowMs += 1;
    expect((await cache.find(subject)).proof).toEqual(first.proof);
    await settle();
    expect(asked).toBe(2);
    expect((await cache.find(subject)).proof?.thisUpdate).toEqual(at(75_000));
  });

  it('waits for a new one after nextUpdate', async () => {
    await cache.find(subject);
    nowMs += 100_000;
    expect((await cache.find(subject)).proof?.thisUpdate).toEqual(at(100_000));
  });

  it('keeps a proof while the source is down, tries again now and then, and gives it up at nextUpdate', async () => {
    await cache.find(subject);
    answer = down;
    nowMs += 80_000;
    await cache.find(subject);
    await settle();
    expect([asked, stale]).toEqual([2, 1]);
    nowMs += 2_999;
    expect((await cache.find(subject)).proof?.status).toBe('good');
    await settle();
    expect(asked).toBe(2);
    nowMs += 1;
    await cache.find(subject);
    await settle();
    expect(asked).toBe(3);
    nowMs = startMs + 100_000;
    const late = await cache.find(subject);
    expect(late.proof).toBeUndefined();
    expect(late.problems).toEqual(['ocsp http://ocsp.example: down']);
  });

  it('remembers a failure briefly', async () => {
    answer = down;
    await cache.find(subject);
    nowMs += 2_999;
    await cache.find(subject);
    expect(asked).toBe(1);
    answer = () => ({});
    nowMs += 1;
    expect((await cache.find(subject)).proof?.status).toBe('good');
  });

  it('remembers no failure beyond it when the clock is put back', async () => {
    nowMs += 3_600_000;
    answer = down;
    expect((await cache.find(subject)).proof).toBeUndefined();
    answer = () => ({});
    nowMs -= 3_600_000;
    expect((await cache.find(subject)).proof).toBeDefined();
  });

  it('keeps an answer without nextUpdate for the configured life only', async () => {
    answer = () => ({ nextUpdate: undefined }) as unknown as Partial<Proof>;
    await cache.find(subject);
    nowMs += 5_000;
    const { proof } = await cache.find(subject);
    expect(proof?.thisUpdate).toEqual(at(5_000));
  });

  it('does not replace a newer statement by an older one', async () => {
    await cache.find(subject);
    nowMs += 80_000;
    answer = () => ({ thisUpdate: at(-1), status: 'revoked' });
    await cache.find(subject);
    await settle();
    expect(asked).toBe(2);
    expect((await cache.find(subject)).proof).toMatchObject({ status: 'good', thisUpdate: at(0) });
  });

  it('looks again for a newer one when asked to, at most once in a while', async () => {
    await cache.find(subject);
    nowMs += 500;
    await cache.find(subject, new Date(nowMs));
    expect(asked).toBe(1);
    nowMs += 1_000;
    await cache.find(subject, new Date(nowMs));
    expect(asked).toBe(2);
    nowMs += 10_000;
    await cache.find(subject, at(1_500));
    expect(asked).toBe(2);
  });

  it('sweeps what is due and was used lately, and nothing else', async () => {
    await cache.find(subject);
    await cache.refreshDue();
    expect(asked).toBe(1);
    nowMs += 75_000;
    await cache.refreshDue();
    expect(asked).toBe(2);
    nowMs += 200_001;
    await cache.refreshDue();
    expect(asked).toBe(2);
    cache.touch(subject);
    await cache.refreshDue();
    expect(asked).toBe(3);
  });

  it('says so where there is no source', async () => {
    const without = new ProofCache({
      sourcesFor: () => [],
      now: () => new Date(nowMs),
      lifetimes: { refreshAfterMs: 1, lifeWithoutNextUpdateMs: 1 },
      limits: { hedgeAfterMs: 1, failureMs: 1, minRefetchMs: 1, keepWarmMs: 1, cacheEntries: 1, cacheBytes: 10_000 },
      onStale: () => undefined,
    });
    expect((await without.find(subject)).problems[0]).toContain('found none');
  });
});
