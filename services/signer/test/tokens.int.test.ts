import { digestInfo, parseCertificatesPem, verifySignatureValue, type DigestAlgorithm } from '@kyso/cms';
import { objectKeys, quarantineSchema, tokenInventorySchema, type TokenInventory } from '@kyso/contracts';
import { connectRedis, createLogger } from '@kyso/service';
import {
  buildShim,
  createSandbox,
  type CredentialPlan,
  type KeyKind,
  type Sandbox,
  type SandboxCredential,
  type Shim,
} from '@kyso/sandbox';
import { getJson, openStore, type ObjectStore } from '@kyso/storage';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Pkcs11Token,
  TokenFleet,
  createPinGuard,
  toInventory,
  tokenSettingsSchema,
  type TokenEvent,
} from '../src/hsm/index.js';
import { startRedis } from './redis-server.js';

const plan = (credentialId: string, keyKind: KeyKind, more: Partial<CredentialPlan> = {}): CredentialPlan => ({
  credentialId,
  kind: 'person',
  keyKind,
  token: 'shared',
  subject: { commonName: `Người ký ${credentialId}` },
  ...more,
});
const plans = [
  plan('rsa-2048', 'rsa-2048'),
  plan('rsa-3072', 'rsa-3072'),
  plan('pss', 'rsa-2048', { scheme: 'rsa-pss' }),
  plan('p-256', 'p-256'),
  plan('p-384', 'p-384'),
  plan('alone', 'p-256', { token: 'alone' }),
];
const quick = {
  recheckMs: 100,
  absentBackoffMs: 50,
  maxAbsentBackoffMs: 200,
  waitForHostMs: 10_000,
  breakerOpenMs: 200,
};

describe('token hosts on SoftHSM', () => {
  let folder: string;
  let sandbox: Sandbox;
  let shim: Shim;
  let store: ObjectStore;
  let redis: Redis;
  let redisServer: Awaited<ReturnType<typeof startRedis>>;
  const fleets: TokenFleet[] = [];
  const events: TokenEvent[] = [];
  const inventories: TokenInventory[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-tokens-'));
    sandbox = await createSandbox({
      folder: join(folder, 'sandbox'),
      publicBaseUrl: 'http://127.0.0.1:9',
      credentials: plans,
    });
    shim = await buildShim(folder, sandbox.softhsmModule);
    store = await openStore({ folder: join(folder, 'store') });
    redisServer = await startRedis();
    redis = connectRedis(redisServer.url, createLogger({ service: 'test', level: 'fatal' }));
  }, 60_000);

  afterEach(async () => {
    await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
    await shim.order();
    await store.delete(objectKeys.quarantine('shared'));
    events.length = 0;
    inventories.length = 0;
  });

  afterAll(async () => {
    redis.disconnect();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (more: Record<string, unknown> = {}, signerId = 'signer-1'): TokenFleet => {
    const fleet = new TokenFleet({
      tokens: [
        tokenSettingsSchema.parse({
          name: 'shared',
          label: 'shared',
          modulePath: shim.modulePath,
          pinFile: sandbox.pinFiles['shared'],
          mode: 'usb',
          signTimeoutMs: 1_500,
          ...more,
        }),
      ],
      guard: createPinGuard({ store, redis, signerId, now: () => new Date(), lockForMs: 10_000 }),
      environment: { ...process.env, ...shim.environment, SOFTHSM2_CONF: sandbox.softhsmConf },
      timing: quick,
      onEvent: (event) => events.push(event),
      onContent: (token, content) => {
        if ('unreadable' in content) throw new Error(content.unreadable);
        const readAt = new Date().toISOString();
        inventories.push(
          tokenInventorySchema.parse(toInventory(content, { token, signerId, readAt, login: 'unattended' })),
        );
      },
    });
    fleets.push(fleet);
    fleet.start();
    return fleet;
  };
  const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 400; tries++) {
      if (await what()) return;
      await sleep(25);
    }
    throw new Error(`waited too long; events: ${JSON.stringify(events)}`);
  };
  const credential = (id: string): SandboxCredential =>
    sandbox.credentials.find((one) => one.credentialId === id) as SandboxCredential;
  const signAndVerify = async (fleet: TokenFleet, id: string, digestAlgorithm: DigestAlgorithm): Promise<boolean> => {
    const { keyId, scheme, certificatesPem } = credential(id);
    const data = randomBytes(100);
    const digest = createHash(digestAlgorithm).update(data).digest();
    const signature = await fleet.sign({ token: 'shared', keyId, scheme, digestAlgorithm, digest });
    const [certificate] = parseCertificatesPem(certificatesPem);
    if (certificate === undefined) throw new Error('no certificate');
    return verifySignatureValue({ certificate, scheme, digestAlgorithm, data, signature });
  };

  describe.each([
    ['usb', 1],
    ['hsm', 4],
  ] as const)('in mode %s with %i sessions', (mode, sessions) => {
    it.each(['rsa-2048', 'rsa-3072', 'pss', 'p-256', 'p-384'])(
      'signs with %s so that the certificate verifies it, under every digest',
      async (id) => {
        const fleet = start({ mode, sessions });
        for (const digestAlgorithm of ['sha256', 'sha384', 'sha512'] as const) {
          expect(await signAndVerify(fleet, id, digestAlgorithm)).toBe(true);
        }
      },
    );

    it('gives each of many concurrent callers the signature of its own digest', async () => {
      const fleet = start({ mode, sessions });
      const results = await Promise.all(Array.from({ length: 200 }, () => signAndVerify(fleet, 'p-256', 'sha256')));
      expect(results.every(Boolean)).toBe(true);
    });
  });

  it.each([
    ['usb', 1],
    ['hsm', 4],
  ] as const)('in mode %s tells what lies on the token, and goes on signing meanwhile', async (mode, sessions) => {
    const fleet = start({ mode, sessions });
    const signed = Promise.all(Array.from({ length: 50 }, () => signAndVerify(fleet, 'rsa-2048', 'sha256')));
    await until(() => inventories.length > 0);
    expect((await signed).every(Boolean)).toBe(true);
    const [inventory] = inventories;
    expect(inventory).toMatchObject({ token: 'shared', label: 'shared', otherCertificatesPem: [] });
    expect(inventory?.keys).toHaveLength(5);
    for (const { credentialId, keyId, certificatesPem } of sandbox.credentials.filter(
      ({ token }) => token === 'shared',
    )) {
      const [certificate] = parseCertificatesPem(certificatesPem);
      const spki = certificate?.publicKey.export({ type: 'spki', format: 'der' }) as Buffer;
      const key = inventory?.keys.find((one) => one.keyId === keyId);
      expect(key).toMatchObject({
        keyLabel: credentialId,
        privateKeySeen: true,
        type: credentialId.startsWith('p-') ? 'ec' : 'rsa',
        publicKeySha256: createHash('sha256').update(spki).digest('hex'),
      });
      expect(key?.certificatesPem.map((pem) => parseCertificatesPem(pem)[0]?.sha256)).toEqual([certificate?.sha256]);
    }
  });

  it('is not read again by a host that takes over, but when the token was away', async () => {
    const fleet = start();
    await until(() => inventories.length === 1);
    const first = fleet.host('shared')?.pid as number;
    process.kill(first, 'SIGKILL');
    await until(() => fleet.host('shared')?.state === 'ready' && fleet.host('shared')?.pid !== first);
    expect(await signAndVerify(fleet, 'p-256', 'sha256')).toBe(true);
    expect(inventories).toHaveLength(1);
    const record = { token: 'shared', reason: 'maintenance', signerId: 'operator', at: new Date().toISOString() };
    await store.put(objectKeys.quarantine('shared'), Buffer.from(JSON.stringify(record)));
    await until(() => fleet.host('shared')?.state === 'quarantined');
    await store.delete(objectKeys.quarantine('shared'));
    await until(() => inventories.length === 2);
  });

  it('goes on with another host when the host is killed in the middle of work', async () => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    const first = fleet.host('shared')?.pid as number;
    const running = Promise.all(Array.from({ length: 300 }, () => signAndVerify(fleet, 'rsa-2048', 'sha256')));
    await sleep(40);
    process.kill(first, 'SIGKILL');
    expect((await running).every(Boolean)).toBe(true);
    expect(fleet.host('shared')?.pid).not.toBe(first);
  });

  it('kills a host that hangs in C_Sign, replaces it and signs with the new one', async () => {
    const fleet = start({ signTimeoutMs: 400 });
    await signAndVerify(fleet, 'p-256', 'sha256');
    const first = fleet.host('shared')?.pid as number;
    await shim.order('hang-once');
    expect(await signAndVerify(fleet, 'p-256', 'sha256')).toBe(true);
    expect(fleet.host('shared')?.pid).not.toBe(first);
    expect(() => process.kill(first, 0)).toThrow('ESRCH');
  });

  it.each(['device-error-once', 'logged-out-once'])('starts again and logs in again after %s', async (word) => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    const before = await shim.logins();
    await shim.order(word);
    expect(await signAndVerify(fleet, 'p-256', 'sha256')).toBe(true);
    expect(await shim.logins()).toBe(before + 1);
  });

  it('opens its breaker when every signature fails, refuses at once, and closes it by a probe when the token is well', async () => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    await shim.order('device-error');
    for (let i = 0; i < 3; i++) {
      await expect(signAndVerify(fleet, 'p-256', 'sha256')).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    }
    await until(() => fleet.host('shared')?.state === 'absent');
    await shim.order();
    await until(() => fleet.host('shared')?.state === 'ready');
    expect(await signAndVerify(fleet, 'p-256', 'sha256')).toBe(true);
  });

  it('says KEY_NOT_FOUND for a key that is not there, and stays ready', async () => {
    const fleet = start();
    const digest = createHash('sha256').digest();
    const request = { token: 'shared', keyId: 'ff', scheme: 'ecdsa', digestAlgorithm: 'sha256', digest } as const;
    await expect(fleet.sign(request)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(fleet.host('shared')?.state).toBe('ready');
  });

  it('says CERTIFICATE_UNFIT when the key is of another kind than the scheme', async () => {
    const fleet = start();
    const digest = createHash('sha256').digest();
    const { keyId } = credential('p-256');
    const request = { token: 'shared', keyId, scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest } as const;
    await expect(fleet.sign(request)).rejects.toMatchObject({ code: 'CERTIFICATE_UNFIT' });
  });

  it('tries a wrong PIN once in the whole cluster and stays away until a person clears the quarantine', async () => {
    const pinFile = join(folder, 'wrong-pin');
    await writeFile(pinFile, '99999999\n', { mode: 0o600 });
    const before = await shim.logins();
    const wrong = [start({ pinFile }, 'signer-1'), start({ pinFile }, 'signer-2')];
    await until(() => wrong.every((fleet) => fleet.host('shared')?.state === 'quarantined'));
    await sleep(400);
    expect(await shim.logins()).toBe(before + 1);
    const record = await getJson(store, objectKeys.quarantine('shared'), quarantineSchema);
    expect(record).toMatchObject({ token: 'shared', reason: 'PIN_INCORRECT' });
    for (const fleet of wrong) {
      await expect(signAndVerify(fleet, 'p-256', 'sha256')).rejects.toMatchObject({ code: 'PIN_INCORRECT' });
    }

    const late = start({}, 'signer-3');
    await until(() => late.host('shared')?.state === 'quarantined');
    expect(await shim.logins()).toBe(before + 1);

    await Promise.all(wrong.map((fleet) => fleet.stop()));
    await store.delete(objectKeys.quarantine('shared'));
    await until(() => late.host('shared')?.state === 'ready');
    expect(await shim.logins()).toBe(before + 2);
    expect(await signAndVerify(late, 'p-256', 'sha256')).toBe(true);
  });

  it('stores the wrong PIN as the reason, also when another signer sees the flag of the token first', async () => {
    const pinFile = join(folder, 'wrong-pin-slowly');
    await writeFile(pinFile, '99999999\n', { mode: 0o600 });
    await shim.order('slow-login');
    const before = await shim.logins();
    const first = start({ pinFile }, 'signer-1');
    await until(async () => (await shim.logins()) === before + 1);
    await sleep(200);
    const second = start({ pinFile }, 'signer-2');
    await until(() => [first, second].every((fleet) => fleet.host('shared')?.state === 'quarantined'));
    const record = await getJson(store, objectKeys.quarantine('shared'), quarantineSchema);
    expect(record).toMatchObject({ reason: 'PIN_INCORRECT', signerId: 'signer-1' });
    expect(await shim.logins()).toBe(before + 1);

    // The right PIN takes the token's flag away.
    await shim.order();
    await Promise.all([first.stop(), second.stop()]);
    const right = start();
    await until(() => right.host('shared')?.state === 'quarantined');
    await store.delete(objectKeys.quarantine('shared'));
    await until(() => right.host('shared')?.state === 'ready');
  });

  it('does not try the PIN at all when the token says that it is the last try', async () => {
    await shim.order('final-try');
    const before = await shim.logins();
    const fleet = start();
    await until(() => fleet.host('shared')?.state === 'quarantined');
    expect(await shim.logins()).toBe(before);
    expect(await getJson(store, objectKeys.quarantine('shared'), quarantineSchema)).toMatchObject({
      reason: 'PIN_FINAL_TRY',
    });
    await expect(signAndVerify(fleet, 'p-256', 'sha256')).rejects.toMatchObject({ code: 'TOKEN_QUARANTINED' });
  });

  it('quarantines a token whose PIN is locked', async () => {
    await shim.order('locked');
    const fleet = start();
    await until(() => fleet.host('shared')?.state === 'quarantined');
    expect(events.at(-1)).toMatchObject({ reason: 'PIN_LOCKED' });
  });

  it('stops using a token that an operator puts into quarantine while it is logged in', async () => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    const pid = fleet.host('shared')?.pid as number;
    const record = { token: 'shared', reason: 'maintenance', signerId: 'operator', at: new Date().toISOString() };
    await store.put(objectKeys.quarantine('shared'), Buffer.from(JSON.stringify(record)));
    await until(() => fleet.host('shared')?.state === 'quarantined');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('refuses a PIN file that others may read, without a login', async () => {
    const pinFile = join(folder, 'open-pin');
    await writeFile(pinFile, '1234', { mode: 0o644 });
    const before = await shim.logins();
    const fleet = start({ pinFile });
    await until(() => events.some((event) => event.reason === 'PIN_FILE_READABLE_BY_OTHERS'));
    expect(fleet.host('shared')?.state).toBe('absent');
    expect(await shim.logins()).toBe(before);
  });

  it('waits for an absent token and uses it when it comes', async () => {
    const tokens = join(sandbox.folder, 'tokens');
    await rename(tokens, `${tokens}-away`);
    await writeFile(join(folder, 'empty'), '');
    const fleet = start();
    await until(() => events.some((event) => event.state === 'absent'));
    await expect(signAndVerify(fleet, 'p-256', 'sha256')).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    await rename(`${tokens}-away`, tokens);
    await until(() => fleet.host('shared')?.state === 'ready');
    expect(await signAndVerify(fleet, 'p-256', 'sha256')).toBe(true);
  });

  it('keeps the PIN out of the arguments and the environment of every process', async () => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    const { readFile } = await import('node:fs/promises');
    const pin = (await readFile(sandbox.pinFiles['shared'] ?? '', 'utf8')).trim();
    for (const pid of [process.pid, fleet.host('shared')?.pid]) {
      for (const file of ['cmdline', 'environ']) {
        expect((await readFile(`/proc/${pid}/${file}`)).includes(pin)).toBe(false);
      }
    }
  });

  it('ends the host when it stops', async () => {
    const fleet = start();
    await signAndVerify(fleet, 'p-256', 'sha256');
    const pid = fleet.host('shared')?.pid as number;
    const work = signAndVerify(fleet, 'rsa-2048', 'sha256');
    await sleep(5);
    await fleet.stop();
    await Promise.allSettled([work]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(signAndVerify(fleet, 'p-256', 'sha256')).rejects.toMatchObject({ code: 'SERVICE_STOPPING' });
  });

  it('finds a token by its serial number', () => {
    process.env['SOFTHSM2_CONF'] = sandbox.softhsmConf;
    expect(() =>
      Pkcs11Token.open({ modulePath: sandbox.softhsmModule, serial: '0000000000000000', mode: 'usb', sessions: 1 }),
    ).toThrow('TOKEN_ABSENT');
    expect(digestInfo('sha256', Buffer.alloc(32))).toHaveLength(51);
  });
});
