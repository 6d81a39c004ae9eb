import { SigningError, objectKeys } from '@kyso/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPinGuard, type PinGuard } from '../src/hsm/index.js';
import { MemoryStore } from './memory-store.js';
import { startRedis } from './redis-server.js';

const goodLogin = async (): Promise<{ kind: 'logged-in' }> => ({ kind: 'logged-in' });

describe('the PIN guard over Redis and the object store', () => {
  let redisServer: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let store: MemoryStore;
  beforeAll(async () => {
    redisServer = await startRedis();
    redis = new Redis(redisServer.url);
  });
  beforeEach(async () => {
    store = new MemoryStore();
    await redis.flushall();
  });
  afterAll(async () => {
    redis.disconnect();
    await redisServer.stop();
  });
  const guard = (signerId: string, lockForMs = 5_000): PinGuard =>
    createPinGuard({ store, redis, signerId, now: () => new Date(), lockForMs });

  it('lets one signer at a time try', async () => {
    let inside = 0;
    let most = 0;
    const attempt = async (): Promise<{ kind: 'logged-in' }> => {
      most = Math.max(most, ++inside);
      await sleep(30);
      inside--;
      return { kind: 'logged-in' };
    };
    const results = await Promise.all(['a', 'b', 'c'].map((id) => guard(id).login('token', attempt)));
    expect(results.map((one) => one.kind).sort()).toEqual(['busy', 'busy', 'logged-in']);
    expect(most).toBe(1);
    expect(await guard('d').login('token', attempt)).toEqual({ kind: 'logged-in' });
  });

  it('stores a refusal before it lets go, so that the next one is told and does not try', async () => {
    await guard('a').login('token', async () => ({ kind: 'refused', reason: 'PIN_INCORRECT' }));
    expect(store.objects.has(objectKeys.quarantine('token'))).toBe(true);
    let tried = false;
    const second = await guard('b').login('token', async () => {
      tried = true;
      return { kind: 'logged-in' };
    });
    expect(second).toMatchObject({ kind: 'quarantined', quarantine: { reason: 'PIN_INCORRECT', signerId: 'a' } });
    expect(tried).toBe(false);
  });

  it('keeps others away until a refusal could be stored', async () => {
    let failures = 2;
    store.create = (key, body) =>
      failures-- > 0
        ? Promise.reject(new SigningError('STORE_UNAVAILABLE'))
        : MemoryStore.prototype.create.call(store, key, body);
    const refused = guard('a').login('token', async () => ({ kind: 'refused', reason: 'PIN_INCORRECT' }));
    await sleep(1_200);
    expect(await guard('b').login('token', goodLogin)).toEqual({ kind: 'busy' });
    await refused;
    expect(await guard('b').login('token', goodLogin)).toMatchObject({ kind: 'quarantined' });
  });

  it('keeps the lock after a try of which nobody knows how it ended', async () => {
    await guard('a', 300).login('token', async () => ({ kind: 'abandoned' }));
    expect(await guard('b').login('token', goodLogin)).toEqual({ kind: 'busy' });
    await sleep(350);
    expect(await guard('b').login('token', goodLogin)).toEqual({ kind: 'logged-in' });
  });

  it('keeps the lock for a login that takes long, and frees it after one life when the signer was killed in it', async () => {
    const killed = new AbortController();
    const slow = guard('a', 300).login('token', async () => {
      await once(killed.signal, 'abort');
      return { kind: 'abandoned' };
    });
    await sleep(700);
    expect(await guard('b').login('token', goodLogin)).toEqual({ kind: 'busy' });
    killed.abort();
    await slow;
    await sleep(400);
    expect(await guard('b').login('token', goodLogin)).toEqual({ kind: 'logged-in' });
  });

  it('lets nobody try while the quarantine can’t be read', async () => {
    store.get = () => Promise.reject(new SigningError('STORE_UNAVAILABLE'));
    let tried = false;
    const attempt = guard('a').login('token', async () => {
      tried = true;
      return { kind: 'logged-in' };
    });
    await expect(attempt).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(tried).toBe(false);
    expect(await redis.exists('kyso:login:token')).toBe(0);
  });
});
