import { objectKeys, quarantineSchema, type Quarantine } from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PinWarning } from './token-host-messages.js';

/** How one login ended. `abandoned`: nobody knows whether the token counted the try. */
export type LoginResult =
  | { readonly kind: 'logged-in' }
  | { readonly kind: 'refused'; readonly reason: PinWarning | 'PIN_INCORRECT' }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'abandoned' };

/**
 * Keeps a wrong PIN from being tried twice in the whole cluster. A token locks itself after 3 to 15 wrong tries, and every
 * signer, and every restart of one, would spend one of them.
 */
export interface PinGuard {
  /** The quarantine of this token, while a person has not deleted it. Throws STORE_UNAVAILABLE. */
  quarantineOf(token: string): Promise<Quarantine | undefined>;
  /**
   * Runs `attempt` while no other signer tries this token's PIN, unless the token is in quarantine. A refusal, by the token
   * or by its flags without a try, is stored as a quarantine before the next one may try. `busy`: somebody else is trying right now. Throws when the store or Redis
   * can't be reached: then nobody logs in.
   */
  login(
    token: string,
    attempt: () => Promise<LoginResult>,
  ): Promise<
    LoginResult | { readonly kind: 'busy' } | { readonly kind: 'quarantined'; readonly quarantine: Quarantine }
  >;
}

/** Redis key of the lock; its value is the owner's. */
const lockKey = (token: string): string => `kyso:login:${token}`;

/** Ten minutes of a store that can't be written. */
const maxStoreTries = 600;
const storeRetryMs = 1_000;

const renewIfOwner = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;
const releaseIfOwner = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

/** A PinGuard over the object store (quarantine, which must outlive Redis) and Redis (the lock). */
export function createPinGuard(options: {
  readonly store: ObjectStore;
  readonly redis: Redis;
  readonly signerId: string;
  readonly now: () => Date;
  /** The lock's life in milliseconds, renewed while a login runs; so long a signer that was killed in it holds up others. */
  readonly lockForMs: number;
}): PinGuard {
  const { store, redis, signerId, now, lockForMs } = options;

  const quarantineOf = (token: string): Promise<Quarantine | undefined> =>
    getJson(store, objectKeys.quarantine(token), quarantineSchema);

  const quarantine = async (token: string, reason: string): Promise<void> => {
    const record: Quarantine = { token, reason, signerId, at: now().toISOString() };
    await createJson(store, objectKeys.quarantine(token), record);
  };

  /** A wrong PIN that can't be stored would be tried again: keeps the lock and tries to store it until that succeeds. */
  const insist = async (token: string, reason: string): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        return await quarantine(token, reason);
      } catch (error) {
        if (tries === maxStoreTries) throw error;
        await sleep(storeRetryMs);
      }
    }
  };

  return {
    quarantineOf,
    async login(token, attempt) {
      const owner = `${signerId}:${randomUUID()}`;
      if ((await redis.set(lockKey(token), owner, 'PX', lockForMs, 'NX')) !== 'OK') return { kind: 'busy' };
      // From the try until its result is stored the lock stays: whoever comes next must see the quarantine. If this process
      // dies here the lock expires by itself, and the token's own COUNT_LOW flag warns the next one.
      let mayRelease = true;
      const renewal = setInterval(() => {
        redis.eval(renewIfOwner, 1, lockKey(token), owner, lockForMs).catch(() => undefined);
      }, lockForMs / 3);
      try {
        const found = await quarantineOf(token);
        if (found !== undefined) return { kind: 'quarantined', quarantine: found };
        mayRelease = false;
        const result = await attempt();
        if (result.kind === 'refused') await insist(token, result.reason);
        mayRelease = result.kind !== 'abandoned';
        return result;
      } finally {
        clearInterval(renewal);
        if (mayRelease) await redis.eval(releaseIfOwner, 1, lockKey(token), owner);
      }
    },
  };
}
