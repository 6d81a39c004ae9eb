import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificatesPem } from '@kyso/cms';
import { checkout, startCluster } from '@kyso/cli';
import { KysoClient } from '@kyso/client';
import { bufferSource } from '@kyso/pdf';
import { validatePdf, type ValidationOptions } from '@kyso/validation';
import type { BenchArguments } from './arguments.js';
import { median, printResult, rounded } from './figures.js';
import { makeInput } from './input-files.js';

const perRound = 300;

/** A B-LT file and its anchors: signed once by a cluster that is stopped before anything is measured. */
async function signedInput(
  args: BenchArguments,
): Promise<{ signed: Uint8Array; options: Omit<ValidationOptions, 'now'> }> {
  const file = args.pdf ?? join(checkout, 'var/bench/200kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 3, sizeBytes: 200_000 });
  const cluster = await startCluster({ folder: join(checkout, 'var/bench/cluster') });
  try {
    const client = new KysoClient(cluster);
    const { documentId } = await client.upload(new Uint8Array(await readFile(file)), { name: 'bench.pdf' });
    await client.signed(
      { documentId, expectedVersion: 0, steps: [{ credentialId: 'leader', role: 'leader', level: 'B-LT' }] },
      { idempotencyKey: randomUUID(), timeoutMs: 60_000 },
    );
    return {
      signed: await client.download(documentId, 1),
      options: {
        trustAnchors: parseCertificatesPem(await readFile(cluster.sandbox.trustAnchorsFile, 'utf8')),
        tsaTrustAnchors: parseCertificatesPem(await readFile(cluster.sandbox.tsaTrustAnchorsFile, 'utf8')),
      },
    };
  } finally {
    await cluster.stop();
  }
}

/** Whole validations of one B-LT file a second: one process, one after the other, caches of certificates and evidence warm. */
export async function benchVerify(args: BenchArguments): Promise<void> {
  const { signed, options } = await signedInput(args);
  const rates: number[] = [];
  for (let round = 0; round <= args.rounds; round++) {
    const start = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < perRound; i++) {
      const report = await validatePdf(bufferSource(signed), { ...options, now: new Date() });
      if (report.verdict !== 'valid' || report.signatures[0]?.level !== 'B-LT')
        throw new Error(`the report says ${report.verdict}`);
    }
    const { user, system } = process.cpuUsage(cpu);
    // Of CPU and wall time the larger counts: helper threads do not make it look faster than one core.
    const seconds = Math.max((performance.now() - start) / 1000, (user + system) / 1e6);
    if (round > 0) rates.push(perRound / seconds);
  }
  printResult('verify', {
    n: args.rounds * perRound,
    documentBytes: signed.length,
    verificationsPerSecond: rounded(median(rates)),
  });
}
