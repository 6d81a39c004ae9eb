import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkout } from '@kyso/cli';
import type { BenchArguments } from './arguments.js';
import { printResult, rounded } from './figures.js';
import { makeInput } from './input-files.js';
import { makeEncryptedInput, makeManyInputs } from './many-input-files.js';
import { makeObjectStreamInput, makeSignedInput, makeSparseInput } from './odd-input-files.js';

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

/** What makes each input, unless it is there already; false where a program for it is missing. Files of more than a gigabyte are read once and not `--rounds` times. */
const plans: Readonly<Record<string, { make(file: string): Promise<unknown>; once?: true }>> = {
  '100kB': { make: (file) => makeInput(file, { pages: 3, sizeBytes: 100_000 }) },
  '10MB': { make: (file) => makeInput(file, { pages: 20, sizeBytes: 10_000_000 }) },
  '200MB': { make: (file) => makeInput(file, { pages: 100, sizeBytes: 200_000_000 }) },
  '1GB': { make: (file) => makeSparseInput(file, 1_000_000_000), once: true },
  '5GB': { make: (file) => makeSparseInput(file, 5_000_000_000), once: true },
  '2000pages': { make: (file) => makeInput(file, { pages: 2_000, sizeBytes: 4_000_000 }) },
  '20000pages': { make: (file) => makeInput(file, { pages: 20_000, sizeBytes: 10_000_000 }) },
  // The one that is prepared is the 500th.
  '500signatures': { make: (file) => makeSignedInput(file, inputFile('100kB'), 499) },
  objectStreams: { make: (file) => makeObjectStreamInput(file, 2_000) },
  aes128: { make: (file) => makeEncryptedInput(file, inputFile('100kB'), 'AES-128') },
  aes256: { make: (file) => makeEncryptedInput(file, inputFile('100kB'), 'AES-256') },
};

function inputFile(name: string): string {
  return join(checkout, 'var/bench', `${name}.pdf`);
}

interface Memory {
  readonly heapMiB: number;
  readonly rssMiB: number;
}

/** 1,000 files in one process, of the folder or made here: memory after 100 of them, and after all. */
async function measureMany(folder?: string): Promise<Record<string, unknown>> {
  const directory = folder ?? join(checkout, 'var/bench/many');
  if (folder === undefined) await makeManyInputs(directory);
  const { stdout } = await run(process.execPath, ['--expose-gc', child, 'many', directory, '1000']);
  const { early, late, ...counts } = JSON.parse(stdout) as { early: Memory; late: Memory };
  return {
    ...counts,
    heapAfter100MiB: rounded(early.heapMiB),
    heapAfter1000MiB: rounded(late.heapMiB),
    rssAfter100MiB: rounded(early.rssMiB),
    rssAfter1000MiB: rounded(late.rssMiB),
  };
}

/**
 * Prepare and digest, against SHA-256 of the same bytes: milliseconds, peak memory over an empty process, ratio; and
 * `hotPrepareMs`, opening and preparing without the digest in a process that has done it before.
 */
export async function benchPrepare(args: BenchArguments): Promise<void> {
  const isFolder = args.pdf !== undefined && (await stat(args.pdf)).isDirectory();
  if (isFolder) {
    printResult('prepare', { many: await measureMany(args.pdf) });
    return;
  }
  const empty = await measure('empty');
  const files: { name: string; file: string; rounds: number }[] = [];
  if (args.pdf !== undefined) files.push({ name: 'given', file: args.pdf, rounds: args.rounds });
  else {
    for (const [name, plan] of Object.entries(plans)) {
      const file = inputFile(name);
      if ((await plan.make(file)) === false) process.stderr.write(`prepare: ${name} left out, it needs qpdf\n`);
      else files.push({ name, file, rounds: plan.once ? 1 : args.rounds });
    }
  }
  const cases: Record<string, unknown> = {};
  for (const { name, file, rounds } of files) {
    const image = args.image === undefined ? [] : [args.image];
    const hash = await measure('hash', file, String(rounds));
    const prepare = await measure('prepare', file, String(rounds), ...image);
    const hot = await measure('hot', file, String(args.rounds), ...image);
    cases[name] = {
      hotPrepareMs: rounded(hot.ms),
      ms: rounded(prepare.ms),
      sha256Ms: rounded(hash.ms),
      ratio: rounded(prepare.ms / hash.ms),
      peakRssOverEmptyMiB: rounded((prepare.peakRssKiB - empty.peakRssKiB) / 1024),
    };
  }
  const many = args.pdf === undefined ? { many: await measureMany() } : {};
  printResult('prepare', { n: args.rounds, emptyProcessMiB: rounded(empty.peakRssKiB / 1024), cases, ...many });
}
