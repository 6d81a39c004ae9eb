import { randomBytes } from 'node:crypto';
import type { Sandbox } from '@kyso/sandbox';
import { TokenFleet, type PinGuard } from '@kyso/signer/hsm';
import { cpuSeconds } from './process-figures.js';

const inParallel = 16;
const warmUpSignatures = 300;
const signatures = 1_500;

/** For tokens of a benchmark: nobody else tries their PINs. */
export const noGuard: PinGuard = {
  quarantineOf: () => Promise.resolve(undefined),
  login: (_token, attempt) => attempt(),
};

/** A fleet of one token of the sandbox, behind a host process as in a signer. */
export function fleetOf(sandbox: Sandbox, label: string): TokenFleet {
  const pinFile = sandbox.pinFiles[label];
  if (pinFile === undefined) throw new Error(`the sandbox has no token ${label}`);
  return new TokenFleet({
    tokens: [
      {
        name: label,
        label,
        modulePath: sandbox.softhsmModule,
        pinFile,
        mode: 'usb',
        sessions: 1,
        signTimeoutMs: 10_000,
        startTimeoutMs: 20_000,
      },
    ],
    guard: noGuard,
    environment: { SOFTHSM2_CONF: sandbox.softhsmConf },
  });
}

/** What the key of a credential can do by itself: signatures a second, one session, nothing else running. */
export async function rawSignatures(
  sandbox: Sandbox,
  credentialId: string,
): Promise<{ readonly perSecond: number; readonly cpuMs: number }> {
  const credential = sandbox.credentials.find((one) => one.credentialId === credentialId);
  if (credential === undefined) throw new Error(`the sandbox has no credential ${credentialId}`);
  const { token, keyId, scheme } = credential;
  const fleet = fleetOf(sandbox, token);
  fleet.start();
  try {
    const sign = async (count: number): Promise<void> => {
      let left = count;
      const lane = async (): Promise<void> => {
        while (left-- > 0) {
          await fleet.sign({ token, keyId, scheme, digestAlgorithm: 'sha256', digest: randomBytes(32) });
        }
      };
      await Promise.all(Array.from({ length: inParallel }, lane));
    };
    await sign(warmUpSignatures);
    const cpu = await cpuSeconds(process.pid);
    const start = performance.now();
    await sign(signatures);
    const seconds = (performance.now() - start) / 1_000;
    return { perSecond: signatures / seconds, cpuMs: (((await cpuSeconds(process.pid)) - cpu) * 1_000) / signatures };
  } finally {
    await fleet.stop();
  }
}
