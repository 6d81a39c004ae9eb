import { buildShim, makeSameKeyTokens, type SameKeyTokens, type Shim } from '@kyso/sandbox';
import { TokenFleet, tokenSettingsSchema } from '@kyso/signer/hsm';
import { createHash, randomBytes, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchArguments } from './arguments.js';
import { median, printResult, rounded } from './figures.js';
import { noGuard } from './raw-signatures.js';

const tokenCount = 8;
/** Milliseconds that each C_Sign takes longer, as of a slow USB token. */
const signMs = 200;
/** Signatures of a round, at each token. */
const perToken = 50;
/** Documents at a time for each token. */
const inParallelPerToken = 8;
const readyWithinMs = 60_000;

/**
 * Signatures a second of one token that takes 200 ms for each, and of eight that hold the same key and serve one name: through
 * the token hosts, balancing and real PKCS#11 calls of a signer. `efficiency` is one token against its own 5 a second,
 * `speedUp` eight against one. Every signature is verified.
 */
export async function benchTokens({ rounds }: BenchArguments): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-bench-tokens-'));
  try {
    const labels = Array.from({ length: tokenCount }, (_, i) => `seal-${i + 1}`);
    const tokens = await makeSameKeyTokens(folder, labels);
    const shim = await buildShim(folder, tokens.module);
    const one = await measure({ tokens, shim, labels: labels.slice(0, 1), rounds });
    const eight = await measure({ tokens, shim, labels, rounds });
    printResult('tokens', {
      n: rounds,
      signMs,
      tokens: tokenCount,
      onePerSecond: rounded(one),
      efficiency: rounded((one * signMs) / 1_000),
      eightPerSecond: rounded(eight),
      speedUp: rounded(eight / one),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Median of signatures a second, of all tokens with these labels together. */
async function measure(set: {
  readonly tokens: SameKeyTokens;
  readonly shim: Shim;
  readonly labels: readonly string[];
  readonly rounds: number;
}): Promise<number> {
  const { tokens, shim, labels } = set;
  const fleet = new TokenFleet({
    tokens: labels.map((label) =>
      tokenSettingsSchema.parse({
        name: label,
        serves: 'seal',
        label,
        modulePath: shim.modulePath,
        pinFile: tokens.pinFile,
        mode: 'usb',
      }),
    ),
    guard: noGuard,
    environment: { ...process.env, ...shim.environment, SHIM_SIGN_MS: `${signMs}`, SOFTHSM2_CONF: tokens.softhsmConf },
  });
  fleet.start();
  try {
    const deadlineMs = performance.now() + readyWithinMs;
    while (fleet.states().some(({ state }) => state !== 'ready')) {
      if (performance.now() > deadlineMs) throw new Error(`expected ${labels.length} ready tokens`);
      await sleep(50);
    }
    await signatures(fleet, tokens, { count: labels.length * 4, inParallel: labels.length * inParallelPerToken });
    const rates: number[] = [];
    for (let round = 0; round < set.rounds; round++) {
      const count = labels.length * perToken;
      const startMs = performance.now();
      await signatures(fleet, tokens, { count, inParallel: labels.length * inParallelPerToken });
      rates.push((count * 1_000) / (performance.now() - startMs));
    }
    return median(rates);
  } finally {
    await fleet.stop();
  }
}

async function signatures(
  fleet: TokenFleet,
  { keyId, publicKey }: SameKeyTokens,
  { count, inParallel }: { readonly count: number; readonly inParallel: number },
): Promise<void> {
  let left = count;
  const documents = async (): Promise<void> => {
    while (left-- > 0) {
      const data = randomBytes(64);
      const digest = createHash('sha256').update(data).digest();
      const request = { token: 'seal', keyId, scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest } as const;
      const signature = await fleet.sign({ ...request, lane: 'bulk', once: true });
      if (!verify('sha256', data, publicKey, signature))
        throw new Error('expected right signatures, found a wrong one');
    }
  };
  await Promise.all(Array.from({ length: inParallel }, documents));
}
