import { drainSchema, objectKeys, type Drain } from '@kyso/contracts';
import { connectRedis, createLogger } from '@kyso/service';
import { buildShim, makeSameKeyTokens, type SameKeyTokens, type Shim } from '@kyso/sandbox';
import { createJson, getJson, openStore, type ObjectStore } from '@kyso/storage';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createHash, randomBytes, verify } from 'node:crypto';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  TokenFleet,
  createPinGuard,
  tokenSettingsSchema,
  tokensFileSchema,
  type TokenEvent,
  type TokenSettings,
} from '../src/hsm/index.js';
import { startRedis } from './redis-server.js';

const quick = { recheckMs: 100, absentBackoffMs: 50, maxAbsentBackoffMs: 200, waitForHostMs: 10_000 };
const names = ['seal-1', 'seal-2', 'seal-3'] as const;

describe('several SoftHSM tokens with the same key', () => {
  let folder: string;
  let tokens: SameKeyTokens;
  let shim: Shim;
  let store: ObjectStore;
  let redisServer: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  const fleets: TokenFleet[] = [];
  const events: TokenEvent[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-same-key-'));
    tokens = await makeSameKeyTokens(folder, [...names, 'keyless'], names);
    shim = await buildShim(folder, tokens.module);
    store = await openStore({ folder: join(folder, 'store') });
    redisServer = await startRedis();
    redis = connectRedis(redisServer.url, createLogger({ service: 'test', level: 'fatal' }));
  }, 60_000);

  afterEach(async () => {
    await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
    await shim.order();
    for (const name of names) {
      await store.delete(objectKeys.quarantine(name));
      await store.delete(objectKeys.drain(name));
    }
    events.length = 0;
  });

  afterAll(async () => {
    redis.disconnect();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const settings = (name: string, more: Record<string, unknown> = {}): TokenSettings =>
    tokenSettingsSchema.parse({
      name,
      serves: 'seal',
      label: name,
      modulePath: shim.modulePath,
      pinFile: tokens.pinFile,
      mode: 'usb',
      signTimeoutMs: 1_500,
      ...more,
    });
  const start = async (
    list: readonly TokenSettings[],
    { ready = list.map(({ name }) => name), signMs = 0, timing = {} } = {},
  ): Promise<TokenFleet> => {
    const fleet = new TokenFleet({
      tokens: list,
      guard: createPinGuard({ store, redis, signerId: 'signer-1', now: () => new Date(), lockForMs: 10_000 }),
      // Read at a signature only.
      activationKeysFile: join(folder, 'activation-keys.json'),
      drainOf: (token) => getJson(store, objectKeys.drain(token), drainSchema),
      environment: {
        ...process.env,
        ...shim.environment,
        SHIM_SIGN_MS: String(signMs),
        SOFTHSM2_CONF: tokens.softhsmConf,
      },
      timing: { ...quick, ...timing },
      onEvent: (event) => events.push(event),
    });
    fleets.push(fleet);
    fleet.start();
    await until(() => ready.every((name) => fleet.host(name)?.state === 'ready'));
    return fleet;
  };
  const until = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 800; tries++) {
      if (what()) return;
      await sleep(25);
    }
    throw new Error(`waited too long; events: ${JSON.stringify(events)}`);
  };
  const signsRightly = async (fleet: TokenFleet, lane: 'interactive' | 'bulk' = 'interactive'): Promise<boolean> => {
    const data = randomBytes(100);
    const digest = createHash('sha256').update(data).digest();
    const { keyId, publicKey } = tokens;
    const request = { token: 'seal', keyId, scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest, lane } as const;
    return verify('sha256', data, publicKey, await fleet.sign(request));
  };
  const signMany = async (fleet: TokenFleet, count: number): Promise<boolean> =>
    (await Promise.all(Array.from({ length: count }, () => signsRightly(fleet)))).every(Boolean);
  /** Signatures by slot since the last call. */
  let seen = 0;
  const signaturesBySlot = async (): Promise<number[]> => {
    const bySlot = new Map<string, number>();
    const records = await shim.records();
    for (const record of records.slice(seen)) {
      if (record.call === 'sign') bySlot.set(record.slot, (bySlot.get(record.slot) ?? 0) + 1);
    }
    seen = records.length;
    return [...bySlot.values()];
  };

  it('share the work, and each signature is the key’s', async () => {
    const fleet = await start(
      names.map((name) => settings(name)),
      { signMs: 20 },
    );
    await signaturesBySlot();
    expect(await signMany(fleet, 90)).toBe(true);
    const counts = await signaturesBySlot();
    expect(counts).toHaveLength(3);
    expect(Math.min(...counts)).toBeGreaterThan(15);
    expect(fleet.states()).toEqual(names.map((token) => ({ token, serves: 'seal', state: 'ready' })));
  });

  it('sign on without one whose host is killed in the middle of its work, and lose nothing', async () => {
    const fleet = await start(names.map((name) => settings(name)));
    const running = signMany(fleet, 300);
    await sleep(30);
    process.kill(fleet.host('seal-1')?.pid as number, 'SIGKILL');
    expect(await running).toBe(true);
  });

  it('sign on without one that hangs', async () => {
    const fleet = await start(names.map((name) => settings(name)));
    await shim.order('hang', 'seal-2');
    expect(await signMany(fleet, 60)).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ token: 'seal-2', reason: 'SIGN_TIMEOUT' }));
  });

  it('sign on without one session of an HSM that hangs while the others answer', async () => {
    const fleet = await start([settings('seal-1', { mode: 'hsm', sessions: 3 }), settings('seal-2')]);
    await shim.order('hang-once', 'seal-1');
    const running = { isOver: false };
    const signed = signMany(fleet, 30).finally(() => (running.isOver = true));
    while (!running.isOver) await signMany(fleet, 4);
    expect(await signed).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ token: 'seal-1', reason: 'SIGN_TIMEOUT' }));
  });

  it('sign on while the breaker of one is open, and one probe closes it', async () => {
    const fleet = await start(
      names.slice(0, 2).map((name) => settings(name)),
      {
        timing: { breakerOpenMs: 300, maxBreakerOpenMs: 300 },
      },
    );
    await shim.order('device-error', 'seal-1');
    await until(() => {
      // Enough at a time for both.
      for (let i = 0; i < 10; i++) signsRightly(fleet, 'bulk').catch(() => undefined);
      return events.filter(({ token, reason }) => token === 'seal-1' && reason === 'CKR_DEVICE_ERROR').length >= 3;
    });
    await until(() => fleet.host('seal-1')?.state === 'absent');
    expect(await signMany(fleet, 20)).toBe(true);
    await shim.order();
    await until(() => fleet.host('seal-1')?.state === 'ready');
    await signaturesBySlot();
    await Promise.all(Array.from({ length: 40 }, () => signsRightly(fleet, 'bulk')));
    expect(await signaturesBySlot()).toHaveLength(2);
  });

  it('do without one whose PIN was wrong: it is tried once, and the others’ PINs are tried as if nothing were', async () => {
    const pinFile = join(folder, 'wrong-pin');
    await writeFile(pinFile, '00000000\n', { mode: 0o600 });
    const before = await shim.logins();
    const fleet = await start([settings('seal-1', { pinFile }), settings('seal-2')], { ready: ['seal-2'] });
    await until(() => fleet.host('seal-1')?.state === 'quarantined');
    expect(await signMany(fleet, 20)).toBe(true);
    await sleep(300);
    expect(await shim.logins()).toBe(before + 2);
    expect(await store.get(objectKeys.quarantine('seal-2'))).toBeUndefined();
    expect(fleet.isServing('seal')).toBe(true);
    // The right PIN takes the flag of the token away, for the tests that follow.
    await fleet.stop();
    const right = await start([settings('seal-1')], { ready: [] });
    await until(() => right.host('seal-1')?.state === 'quarantined');
    await store.delete(objectKeys.quarantine('seal-1'));
    await until(() => right.host('seal-1')?.state === 'ready');
  });

  it('do without one that has not got the key', async () => {
    const fleet = await start([settings('keyless'), settings('seal-3')]);
    expect(await signMany(fleet, 20)).toBe(true);
    expect(fleet.host('keyless')?.state).toBe('ready');
    expect(events.filter(({ reason }) => reason !== 'READY')).toEqual([]);
  });

  it('take one up that was away, when it comes', async () => {
    const away = join(folder, 'away');
    const before = await readdir(tokens.tokensFolder);
    const fleet = await start([settings('seal-3')]);
    await rename(tokens.tokensFolder, away);
    expect(before.length).toBeGreaterThan(0);
    const other = await start([settings('seal-2')], { ready: [] });
    await until(() => events.some(({ token, state }) => token === 'seal-2' && state === 'absent'));
    await expect(signsRightly(other)).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(other.isServing('seal')).toBe(false);
    await rename(away, tokens.tokensFolder);
    await until(() => other.host('seal-2')?.state === 'ready');
    expect(await signMany(other, 10)).toBe(true);
    expect(await signMany(fleet, 10)).toBe(true);
  });

  const drain = async (token: string): Promise<void> => {
    const record: Drain = { token, reason: 'test', drainedBy: 'op', at: new Date().toISOString(), requestId: 'req_1' };
    await createJson(store, objectKeys.drain(token), record);
  };

  it('are drained one at a time: what one has is signed, its module is unloaded, the others sign on', async () => {
    const fleet = await start(
      names.map((name) => settings(name)),
      { signMs: 40 },
    );
    const pid = fleet.host('seal-2')?.pid as number;
    const running = Array.from({ length: 60 }, () => signsRightly(fleet));
    await drain('seal-2');
    await until(() => fleet.host('seal-2')?.state === 'drained');
    expect((await Promise.all(running)).every(Boolean)).toBe(true);
    expect(fleet.host('seal-2')?.pid).toBeUndefined();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(events.filter(({ token }) => token === 'seal-2').map(({ state }) => state)).toEqual([
      'ready',
      'draining',
      'drained',
    ]);
    expect(fleet.isServing('seal')).toBe(true);
    await signaturesBySlot();
    expect(await signMany(fleet, 12)).toBe(true);
    expect(await signaturesBySlot()).toHaveLength(2);
    await store.delete(objectKeys.drain('seal-2'));
    await until(() => fleet.host('seal-2')?.state === 'ready');
    await signMany(fleet, 24);
    expect(await signaturesBySlot()).toHaveLength(3);
  });

  it('have work wait while all are drained, also after a restart, when the PIN is not even tried', async () => {
    await drain('seal-1');
    const before = await shim.logins();
    const fleet = await start([settings('seal-1')], { ready: [] });
    await until(() => fleet.host('seal-1')?.state === 'drained');
    await expect(signsRightly(fleet)).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(fleet.isServing('seal')).toBe(false);
    expect(await shim.logins()).toBe(before);
    await store.delete(objectKeys.drain('seal-1'));
    await until(() => fleet.host('seal-1')?.state === 'ready');
    expect(await signsRightly(fleet)).toBe(true);
  });

  it('are drained also where nobody but their owner has the PIN', async () => {
    const fleet = await start([{ ...settings('seal-1'), pinFile: undefined }]);
    const pid = fleet.host('seal-1')?.pid as number;
    await drain('seal-1');
    await until(() => fleet.host('seal-1')?.state === 'drained');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(fleet.isServing('seal')).toBe(false);
    await store.delete(objectKeys.drain('seal-1'));
    await until(() => fleet.host('seal-1')?.state === 'ready');
  });

  it('are drained although one hangs: its host is killed, and what it had is signed by another', async () => {
    const fleet = await start(names.slice(0, 2).map((name) => settings(name)));
    await shim.order('hang', 'seal-1');
    const running = signMany(fleet, 20);
    await until(() => events.every(({ state }) => state === 'ready'));
    await drain('seal-1');
    await until(() => fleet.host('seal-1')?.state === 'drained');
    expect(await running).toBe(true);
  });

  it('replace the one that gave a wrong signature, and no other', async () => {
    const fleet = await start(names.slice(0, 2).map((name) => settings(name)));
    await shim.order('wrong', 'seal-2');
    const { keyId } = tokens;
    const pids = new Map(names.slice(0, 2).map((name) => [name, fleet.host(name)?.pid]));
    for (let i = 0; i < 40; i++) {
      const data = randomBytes(100);
      const digest = createHash('sha256').update(data).digest();
      const request = { token: 'seal', keyId, scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest } as const;
      const signatures = await Promise.all([fleet.sign(request), fleet.sign(request)]);
      const wrong = signatures.find((one) => !verify('sha256', data, tokens.publicKey, one));
      if (wrong === undefined) continue;
      await fleet.replaceSessions('seal', wrong);
      await until(() => fleet.host('seal-2')?.pid !== pids.get('seal-2') && fleet.host('seal-2')?.state === 'ready');
      expect(fleet.host('seal-1')?.pid).toBe(pids.get('seal-1'));
      return;
    }
    throw new Error('expected a wrong signature');
  });

  it('must each have a PIN file, because the PIN that an owner gives is one token’s', () => {
    const list = [settings('seal-1'), { ...settings('seal-2'), pinFile: undefined }];
    expect(tokensFileSchema.safeParse(list).success).toBe(false);
    expect(tokensFileSchema.safeParse([settings('seal-1'), settings('seal-2')]).success).toBe(true);
  });

  it('let an interactive signature wait for what is in the session, not for the bulk work that waits', async () => {
    const fleet = await start([settings('seal-1')], { signMs: 60 });
    await signsRightly(fleet);
    let bulkDone = 0;
    const bulk = Array.from({ length: 60 }, () => signsRightly(fleet, 'bulk').then(() => bulkDone++));
    await until(() => bulkDone >= 4);
    const ahead: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = bulkDone;
      await signsRightly(fleet);
      ahead.push(bulkDone - before);
    }
    await Promise.all(bulk);
    // One was in the session when it came.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1);
  });

  it('sign bulk work one time in ten under interactive work that never ends', async () => {
    const fleet = await start([settings('seal-1')], { signMs: 5 });
    await signsRightly(fleet);
    let interactive = 0;
    const officials = { areGone: false };
    const busy = Array.from({ length: 24 }, async () => {
      while (!officials.areGone) {
        await signsRightly(fleet);
        interactive++;
      }
    });
    await until(() => interactive > 50);
    const before = interactive;
    await Promise.all(Array.from({ length: 20 }, () => signsRightly(fleet, 'bulk')));
    const during = interactive - before;
    officials.areGone = true;
    await Promise.all(busy);
    expect(during).toBeGreaterThan(50);
    expect(during).toBeLessThanOrEqual(20 * 10 + 24);
  });
});
