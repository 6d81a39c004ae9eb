import { objectKeys, SigningError, type ActivationBounds, type StoredJob, type StoredStep } from '@kyso/contracts';
import { connectRedis, createLogger } from '@kyso/service';
import { buildShim, type Shim } from '@kyso/sandbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { TokenFleet, createPinGuard, tokenSettingsSchema, type TokenEvent } from '../src/hsm/index.js';
import type { StepEnd } from '../src/run-step.js';
import { program } from './judges.js';
import { startRedis } from './redis-server.js';
import { samplePdf } from './sample-pdf.js';
import { makeSealingKeys, seal, storeActivation, type SealingKeys } from './sealing.js';
import { Workbench, sha256, step } from './workbench.js';

jest.setTimeout(60_000);

const quick = { recheckMs: 50, absentBackoffMs: 20, maxAbsentBackoffMs: 100 };
const pdf = samplePdf();
const codeOf = (end: StepEnd): string => ('error' in end ? end.error.code : end.kind);

describe('a token whose PIN no file holds', () => {
  let bench: Workbench;
  let redisServer: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let keys: SealingKeys;
  let shim: Shim;
  let pin: string;
  let fleets: TokenFleet[] = [];
  const events: TokenEvent[] = [];

  beforeAll(async () => {
    bench = await Workbench.start();
    redisServer = await startRedis();
    redis = connectRedis(redisServer.url, createLogger({ service: 'test', level: 'fatal' }));
    keys = await makeSealingKeys(join(bench.folder, 'activation-keys.json'));
    shim = await buildShim(bench.folder, bench.sandbox.softhsmModule);
    pin = (await readFile(bench.sandbox.pinFiles['desk'] as string, 'utf8')).trim();
  });
  beforeEach(() => bench.reset());
  afterEach(async () => {
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    fleets = [];
    events.length = 0;
    await shim.order();
    await redis.flushall();
  });
  afterAll(async () => {
    redis.disconnect();
    await redisServer.stop();
    await bench.stop();
  });

  /** A signer's fleet over the bench's store, as it is now. */
  async function start(signerId = 'signer-1'): Promise<TokenFleet> {
    const token = { name: 'desk', label: 'desk', modulePath: shim.modulePath, mode: 'usb' };
    const fleet = new TokenFleet({
      tokens: [tokenSettingsSchema.parse(token)],
      guard: createPinGuard({ store: bench.store, redis, signerId, now: () => new Date(), lockForMs: 10_000 }),
      environment: { ...process.env, ...shim.environment, SOFTHSM2_CONF: bench.sandbox.softhsmConf },
      activationKeysFile: keys.file,
      timing: quick,
      onEvent: (event) => events.push(event),
    });
    fleets.push(fleet);
    fleet.start();
    await until(() => fleet.host('desk')?.state !== 'absent');
    return fleet;
  }
  async function until(what: () => boolean): Promise<void> {
    for (let tries = 0; tries < 800 && !what(); tries++) await sleep(25);
    if (!what()) throw new Error(`waited too long; ${JSON.stringify(events)}`);
  }
  const make = (
    bounds: Partial<ActivationBounds> = {},
    more: { pin?: string; sealed?: object } = {},
  ): Promise<ActivationBounds> =>
    storeActivation(bench.store, keys, { pin, bounds: { documents: [sha256(pdf)], ...bounds }, ...more });
  const submit = async (activationId: string | undefined, more: Partial<StoredStep> = {}): Promise<StoredJob> =>
    bench.submit(await bench.upload(pdf), [
      step('B-B', { ...(activationId === undefined ? {} : { activationId }), ...more }),
    ]);
  const run = (fleet: TokenFleet, job: StoredJob): Promise<StepEnd> =>
    bench.run(job, { ...bench.ports, signer: fleet });
  const sign = async (fleet: TokenFleet, activationId?: string, more: Partial<StoredStep> = {}): Promise<StepEnd> =>
    run(fleet, await submit(activationId, more));
  const has = (key: string): boolean => bench.store.objects.has(key);
  const endOf = ({ activationId }: ActivationBounds): unknown =>
    JSON.parse(String(bench.store.objects.get(objectKeys.activationEnd(activationId)) ?? 'null'));

  it('is logged in to for the activation’s signature alone, and the sealed PIN is deleted', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const activation = await make();
    const job = await submit(activation.activationId);
    const pid = fleet.host('desk')?.pid as number;
    expect(await run(fleet, job)).toEqual({ kind: 'finished' });
    expect(await shim.logins()).toBe(before + 1);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(has(objectKeys.sealedPin(activation))).toBe(false);
    expect(endOf(activation)).toMatchObject({ reason: 'used-up' });
    expect(bench.audited).toMatchObject([
      { event: 'key-use-begins', activationId: activation.activationId },
      { event: 'key-use-ended', activationId: activation.activationId },
    ]);
    const file = join(bench.folder, 'activated.pdf');
    await writeFile(file, bench.version(job.documentId, 1) as Buffer);
    expect((await program('pdfsig', '-nocert', file)).text).toContain('Signature is Valid');

    expect(codeOf(await sign(fleet, activation.activationId))).toBe('ACTIVATION_USED_UP');
    expect(await shim.logins()).toBe(before + 1);
  });

  it.each(['ECDH-ES+A256KW', 'RSA-OAEP-256'] as const)('opens PINs that were sealed with %s', async (alg) => {
    const fleet = await start();
    const { activationId } = await storeActivation(bench.store, keys, {
      pin,
      alg,
      bounds: { documents: [sha256(pdf)] },
    });
    expect(codeOf(await sign(fleet, activationId))).toBe('finished');
  });

  it('does nothing without an activation', async () => {
    const fleet = await start();
    const before = await shim.logins();
    expect(codeOf(await sign(fleet))).toBe('ACTIVATION_REQUIRED');
    expect(await shim.logins()).toBe(before);
  });

  it.each<[string, object]>([
    ['another activation', { activationId: `act_${'0'.repeat(26)}` }],
    ['another client', { clientId: 'other' }],
    ['another credential', { credentialId: 'seal' }],
    ['more signatures', { count: 2 }],
    ['another document', { documents: ['0'.repeat(64)] }],
    ['one document more', { documents: [sha256(pdf), '0'.repeat(64)] }],
    ['a later end', { expiresAt: '2049-01-01T00:00:00.000Z' }],
    ['more than it should', { extra: true }],
    ['no PIN', { pin: undefined }],
  ])('does not try a PIN that was sealed for %s', async (_what, sealed) => {
    const fleet = await start();
    const before = await shim.logins();
    const activation = await make({}, { sealed });
    expect(codeOf(await sign(fleet, activation.activationId))).toBe('ACTIVATION_INVALID');
    expect(await shim.logins()).toBe(before);
    expect(endOf(activation)).toMatchObject({ reason: 'seal-invalid' });
    expect(has(objectKeys.sealedPin(activation))).toBe(false);
    expect(has(objectKeys.quarantine('desk'))).toBe(false);
  });

  it('does not take the sealed PIN of one activation for another', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const one = await make();
    const other = await make();
    const stolen = bench.store.objects.get(objectKeys.sealedPin(one)) as Buffer;
    await bench.store.put(objectKeys.sealedPin(other), stolen);
    expect(codeOf(await sign(fleet, other.activationId))).toBe('ACTIVATION_INVALID');
    const record = JSON.parse(String(bench.store.objects.get(objectKeys.activation(one.activationId)))) as object;
    const forged = await make();
    await bench.store.put(objectKeys.sealedPin(forged), stolen);
    const { activationId, documents, expiresAt } = forged;
    const forgery = { ...record, activationId, documents, expiresAt };
    await bench.store.put(objectKeys.activation(activationId), Buffer.from(JSON.stringify(forgery)));
    expect(codeOf(await sign(fleet, activationId))).toBe('ACTIVATION_INVALID');
    expect(await shim.logins()).toBe(before);
  });

  it('refuses what the activation is not for, without a login', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const { activationId } = await make();
    const otherDocument = await bench.submit(await bench.upload(samplePdf(3)), [step('B-B', { activationId })]);
    expect(codeOf(await run(fleet, otherDocument))).toBe('ACTIVATION_FOREIGN');
    expect(codeOf(await sign(fleet, activationId, { credentialId: 'p256' }))).toBe('ACTIVATION_FOREIGN');
    const expired = await make({ expiresAt: new Date(Date.now() - 1).toISOString() });
    expect(codeOf(await sign(fleet, expired.activationId))).toBe('ACTIVATION_EXPIRED');
    const foreign = await make({ clientId: 'other' });
    expect(codeOf(await sign(fleet, foreign.activationId))).toBe('ACTIVATION_UNKNOWN');
    expect(codeOf(await sign(fleet, `act_${'z'.repeat(26)}`))).toBe('ACTIVATION_UNKNOWN');
    expect(await shim.logins()).toBe(before);
    expect(codeOf(await sign(fleet, activationId))).toBe('finished');
  });

  it('tries a wrong PIN once in the whole cluster, and never that one again', async () => {
    const [one, two] = [await start('signer-1'), await start('signer-2')];
    const before = await shim.logins();
    const wrong = await make({ count: 5 }, { pin: '00000000' });
    expect(codeOf(await sign(one, wrong.activationId))).toBe('PIN_INCORRECT');
    expect(has(objectKeys.quarantine('desk'))).toBe(true);
    expect(endOf(wrong)).toMatchObject({ reason: 'pin-incorrect' });
    expect(has(objectKeys.sealedPin(wrong))).toBe(false);
    // Another signer, with the right PIN: the quarantine counts for everybody, and costs the activation nothing but a use.
    const right = await make({ count: 2 });
    expect(['PIN_INCORRECT', 'TOKEN_QUARANTINED']).toContain(codeOf(await sign(two, right.activationId)));
    expect(await shim.logins()).toBe(before + 1);
    expect(endOf(right)).toBeNull();

    await until(() => one.host('desk')?.state === 'quarantined' && two.host('desk')?.state === 'quarantined');
    await bench.store.delete(objectKeys.quarantine('desk'));
    await until(() => one.host('desk')?.state === 'ready' && two.host('desk')?.state === 'ready');
    expect(codeOf(await sign(one, wrong.activationId))).toBe('ACTIVATION_USED_UP');
    expect(await shim.logins()).toBe(before + 1);
    expect(codeOf(await sign(two, right.activationId))).toBe('finished');
    expect(await shim.logins()).toBe(before + 2);
  });

  it('tries no PIN while the token says that it is the last try', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const { activationId } = await make();
    await shim.order('final-try');
    expect(codeOf(await sign(fleet, activationId))).toMatch(/^(TOKEN_QUARANTINED|PIN_INCORRECT)$/);
    expect(await shim.logins()).toBe(before);
    expect(has(objectKeys.quarantine('desk'))).toBe(true);
  });

  describe('with a key that wants the PIN for each signature', () => {
    const keyId = 'a1';
    const request = {
      token: 'desk',
      keyId,
      scheme: 'rsa-pkcs1',
      digestAlgorithm: 'sha256',
      digest: Buffer.alloc(32),
    } as const;
    beforeAll(async () => {
      const token = ['--module', bench.sandbox.softhsmModule, '--token-label', 'desk', '--login', '--pin', pin];
      const key = ['--keypairgen', '--key-type', 'rsa:2048', '--id', keyId, '--usage-sign', '--always-auth'];
      const environment = `SOFTHSM2_CONF=${bench.sandbox.softhsmConf}`;
      const { code, text } = await program('env', environment, 'pkcs11-tool', ...token, ...key);
      if (code !== 0) throw new Error(text);
    });

    it('gives it, once for each of several signatures of one login', async () => {
      const fleet = await start();
      const before = await shim.logins();
      const bounds = await make({ count: 2 });
      const sealedPin = String(bench.store.objects.get(objectKeys.sealedPin(bounds)));
      const signatures = await Promise.all(
        [1, 2].map(() => fleet.sign({ ...request, activation: { sealedPin, bounds } })),
      );
      expect(signatures.map(({ length }) => length)).toEqual([256, 256]);
      expect(await shim.logins()).toBe(before + 3);
    });

    it('does not use it with a PIN file, which may have changed since the login', async () => {
      await expect(bench.fleet.sign(request)).rejects.toMatchObject({ code: 'ACTIVATION_REQUIRED' });
      expect(bench.fleet.host('desk')?.state).toBe('ready');
    });
  });

  it('gives several signers together no more signatures than the PIN was given for', async () => {
    const signers = [await start('signer-1'), await start('signer-2')] as const;
    const activation = await make({ count: 2 });
    const jobs = await Promise.all(Array.from({ length: 4 }, () => submit(activation.activationId)));
    const ends = await Promise.all(jobs.map((job, i) => run(signers[i % 2 === 0 ? 0 : 1], job)));
    const codes = ends.map(codeOf);
    // A signer that lost the login lock for long waits and is run again by its queue.
    for (const [i, code] of codes.entries()) {
      const job = jobs[i];
      if (code === 'TOKEN_UNAVAILABLE' && job !== undefined) codes[i] = codeOf(await run(signers[0], job));
    }
    expect(codes.sort()).toEqual(['ACTIVATION_USED_UP', 'ACTIVATION_USED_UP', 'finished', 'finished']);
    expect(has(objectKeys.sealedPin(activation))).toBe(false);
  });

  it('signs several documents of one activation in one login', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const { activationId, ...bounds } = await make({ count: 3 });
    const login = {
      sealedPin: String(bench.store.objects.get(objectKeys.sealedPin({ activationId, ...bounds }))),
      bounds: { activationId, ...bounds },
    };
    const { keyId, scheme } = bench.sandbox.credentials.find((one) => one.credentialId === 'leader')!;
    const request = {
      token: 'desk',
      keyId,
      scheme,
      digestAlgorithm: 'sha256',
      digest: Buffer.alloc(32),
      activation: login,
    } as const;
    const signatures = await Promise.all([1, 2, 3].map(() => fleet.sign(request)));
    expect(signatures.map(({ length }) => length)).toEqual([256, 256, 256]);
    expect(await shim.logins()).toBe(before + 1);
  });

  it('is for what begins with the version that was seen: also a later step of the same job', async () => {
    const fleet = await start();
    const one = await make();
    const two = await make({ credentialId: 'p256' });
    const steps = (second: ActivationBounds): StoredStep[] => [
      step('B-B', { activationId: one.activationId }),
      step('B-B', {
        credentialId: 'p256',
        activationId: second.activationId,
        placement: { page: 1, place: 'top-left', widthPt: 180, heightPt: 80 },
      }),
    ];
    const job = await bench.submit(await bench.upload(pdf), steps(two));
    expect(codeOf(await run(fleet, job))).toBe('finished');
    const file = join(bench.folder, 'two.pdf');
    await writeFile(file, bench.version(job.documentId, 2) as Buffer);
    expect((await program('pdfsig', '-nocert', file)).text.match(/Signature is Valid/g)).toHaveLength(2);
    const later = await bench.submit(job.documentId, [steps(await make({ credentialId: 'p256' }))[1] as StoredStep], 2);
    expect(codeOf(await run(fleet, later))).toBe('ACTIVATION_FOREIGN');
  });

  it('counts a step that is run again once', async () => {
    const fleet = await start();
    const activation = await make({ count: 2 });
    const job = await submit(activation.activationId);
    const away = {
      sign: () => Promise.reject(new SigningError('TOKEN_UNAVAILABLE')),
      replaceSessions: async () => undefined,
    };
    for (let i = 0; i < 3; i++) {
      expect(codeOf(await bench.run(job, { ...bench.ports, signer: away }))).toBe('TOKEN_UNAVAILABLE');
    }
    expect(codeOf(await run(fleet, job))).toBe('finished');
    expect(has(objectKeys.activationUse(activation.activationId, 1))).toBe(true);
    expect(has(objectKeys.activationUse(activation.activationId, 2))).toBe(false);
    expect(has(objectKeys.sealedPin(activation))).toBe(true);
    expect(codeOf(await sign(fleet, activation.activationId))).toBe('finished');
    expect(has(objectKeys.sealedPin(activation))).toBe(false);
  });

  it('goes on with another host when the one that waits is killed', async () => {
    const fleet = await start();
    const pid = fleet.host('desk')?.pid as number;
    process.kill(pid, 'SIGKILL');
    await until(
      () =>
        fleet.host('desk')?.state === 'ready' &&
        fleet.host('desk')?.pid !== pid &&
        fleet.host('desk')?.pid !== undefined,
    );
    expect(codeOf(await sign(fleet, (await make()).activationId))).toBe('finished');
  });

  it('opens nothing when others may read the private keys', async () => {
    const fleet = await start();
    const before = await shim.logins();
    const open = join(bench.folder, 'open-keys.json');
    await writeFile(open, await readFile(keys.file), { mode: 0o644 });
    const careless = new TokenFleet({
      tokens: [tokenSettingsSchema.parse({ name: 'desk', label: 'desk', modulePath: shim.modulePath, mode: 'usb' })],
      guard: createPinGuard({ store: bench.store, redis, signerId: 's', now: () => new Date(), lockForMs: 10_000 }),
      environment: { ...process.env, ...shim.environment, SOFTHSM2_CONF: bench.sandbox.softhsmConf },
      activationKeysFile: open,
    });
    fleets.push(careless);
    careless.start();
    await until(() => careless.host('desk')?.state === 'ready');
    const job = await submit((await make()).activationId);
    const end = await run(careless, job);
    expect(codeOf(end)).toBe('TOKEN_UNAVAILABLE');
    expect('error' in end && end.error.found).toBe('ACTIVATION_KEYS_READABLE_BY_OTHERS');
    expect(await shim.logins()).toBe(before);
    expect(codeOf(await run(fleet, job))).toBe('finished');
  });

  it('leaves the PIN in no object, no audit entry, no event, no error and nowhere in Redis', async () => {
    const fleet = await start();
    const strange = 'Xk7-strange-PIN';
    const good = await make({ count: 2 });
    await sign(fleet, good.activationId);
    const bad = await make({}, { pin: strange });
    const end = await sign(fleet, bad.activationId);
    expect(codeOf(end)).toBe('PIN_INCORRECT');
    const dumps = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)));
    const everything = Buffer.concat([
      ...[...bench.store.objects].flatMap(([key, bytes]) => (key.endsWith('.pdf') ? [] : [Buffer.from(key), bytes])),
      ...dumps.map((dump) => dump ?? Buffer.alloc(0)),
      Buffer.from(JSON.stringify([bench.audited, bench.queued, events, end])),
      Buffer.from('error' in end ? String(end.error.stack) : ''),
    ]);
    expect(everything.includes(Buffer.from(pin)) || everything.includes(Buffer.from(strange))).toBe(false);
    // The search would find it: the sealed PIN is there and can be opened with the private key alone.
    expect(everything.includes(Buffer.from((await seal(keys, {})).slice(0, 20)))).toBe(true);
  });
});
