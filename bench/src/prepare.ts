import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkout } from '@kyso/cli';
import type { BenchArguments } from './arguments.js';
import { printResult, rounded } from './figures.js';
import { makeInput, type InputPlan } from './input-files.js';

const child = fileURLToPath(new URL('prepare-child.js', import.meta.url));
const run = promisify(execFile);

interface Measured {
  readonly ms: number;
  readonly peakRssKiB: number;
}

async function measure(...args: string[]): Promise<Measured> {
  const { stdout } = await run(process.execPath, [child, ...args]);
  return JSON.parse(stdout) as Measured;
}

const plans: Readonly<Record<string, InputPlan>> = {
  '100kB': { pages: 3, sizeBytes: 100_000 },
  '10MB': { pages: 20, sizeBytes: 10_000_000 },
  '200MB': { pages: 100, sizeBytes: 200_000_000 },
  '2000pages': { pages: 2_000, sizeBytes: 4_000_000 },
};

/** Prepare and digest, against SHA-256 of the same bytes: milliseconds, peak memory over an empty process, ratio. */
export async function benchPrepare(args: BenchArguments): Promise<void> {
  const empty = await measure('empty');
  const files: [string, string][] = [];
  if (args.pdf !== undefined) files.push(['given', args.pdf]);
  else {
    for (const [name, plan] of Object.entries(plans)) {
      const file = join(checkout, 'var/bench', `${name}.pdf`);
      await makeInput(file, plan);
      files.push([name, file]);
    }
  }
  const cases: Record<string, unknown> = {};
  for (const [name, file] of files) {
    const rounds = String(args.rounds);
    const hash = await measure('hash', file, rounds);
    const prepare = await measure('prepare', file, rounds, ...(args.image === undefined ? [] : [args.image]));
    cases[name] = {
      ms: rounded(prepare.ms),
      sha256Ms: rounded(hash.ms),
      ratio: rounded(prepare.ms / hash.ms),
      peakRssOverEmptyMiB: rounded((prepare.peakRssKiB - empty.peakRssKiB) / 1024),
    };
  }
  printResult('prepare', { n: args.rounds, emptyProcessMiB: rounded(empty.peakRssKiB / 1024), cases });
}
