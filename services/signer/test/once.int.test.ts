import { buildShim, createSandbox, type Sandbox, type Shim } from '@kyso/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnswerLost, TokenFleet, tokenSettingsSchema } from '../src/hsm/index.js';

describe('a request that goes to a token only once', () => {
  let folder: string;
  let sandbox: Sandbox;
  let shim: Shim;
  let fleet: TokenFleet;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-once-'));
    sandbox = await createSandbox({
      folder: join(folder, 'sandbox'),
      publicBaseUrl: 'http://127.0.0.1:9',
      credentials: [
        { credentialId: 'p256', kind: 'person', keyKind: 'p-256', token: 'desk', subject: { commonName: 'Người ký' } },
      ],
    });
    shim = await buildShim(folder, sandbox.softhsmModule);
    fleet = new TokenFleet({
      tokens: [
        tokenSettingsSchema.parse({
          name: 'desk',
          label: 'desk',
          modulePath: shim.modulePath,
          pinFile: sandbox.pinFiles['desk'],
          mode: 'usb',
          signTimeoutMs: 1_500,
        }),
      ],
      guard: { quarantineOf: () => Promise.resolve(undefined), login: (_token, attempt) => attempt() },
      environment: { ...process.env, ...shim.environment, SOFTHSM2_CONF: sandbox.softhsmConf },
      timing: { absentBackoffMs: 50, maxAbsentBackoffMs: 200, waitForHostMs: 10_000, breakerThreshold: 100 },
    });
    fleet.start();
  }, 60_000);
  afterEach(() => shim.order());
  afterAll(async () => {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const signOnce = (): Promise<Uint8Array> =>
    fleet.sign({
      token: 'desk',
      keyId: sandbox.credentials[0]?.keyId ?? '',
      scheme: 'ecdsa',
      digestAlgorithm: 'sha256',
      digest: randomBytes(32),
      once: true,
    });
  const signatures = async (): Promise<number> => (await shim.records()).filter(({ call }) => call === 'sign').length;

  it.each([
    ['crash-once', 1],
    ['hang-once', 0],
    ['device-error-once', 0],
    ['device-removed-once', 0],
  ])('is answered by AnswerLost when the token may have signed (%s)', async (word, signed) => {
    await signOnce();
    const before = await signatures();
    await shim.order(word);
    await expect(signOnce()).rejects.toBeInstanceOf(AnswerLost);
    expect((await signatures()) - before).toBe(signed);
    // The next one is another use.
    expect((await signOnce()).length).toBeGreaterThan(60);
  });

  it.each(['session-invalid-once', 'logged-out-once'])(
    'goes again when the token was not asked to sign (%s)',
    async (word) => {
      await signOnce();
      const before = await signatures();
      await shim.order(word);
      expect((await signOnce()).length).toBeGreaterThan(60);
      expect((await signatures()) - before).toBe(1);
    },
  );
});
