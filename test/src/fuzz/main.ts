import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeSoftwareSigners } from '@kyso/sandbox';
import { FuzzProcess } from './fuzz-process.js';
import { inputOf, realSeeds } from './inputs.js';

const usage = `Usage: npm run fuzz -- [options]
  --seconds N    time budget (default 60)
  --seed S       the inputs of another run again (default: chosen by the clock, and printed)
  --corpus DIR   also starts from the PDFs of a folder
  --out DIR      gets the inputs that a demand was not met for (default var/fuzz)`;

/** Inputs between two looks at the memory. */
const measureEvery = 250;
/** What caches may hold beyond the first look; a leak passes it sooner or later. */
const allowedGrowthBytes = 64 * 1024 * 1024;
/** Seeds lie so far apart that their runs share no input. */
const inputsPerSeed = 10_000_000;

/** Exit codes: 0 every demand was met, 1 not, 2 bad arguments. */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const { seconds, seed, folders, out } = options;
  const { anchorPem, signers } = await makeSoftwareSigners(['Nguyễn Văn An']);
  const [signer] = signers;
  if (signer === undefined) throw new Error('expected a signer');
  const worker = new FuzzProcess({ signer, anchorPem }, folders);
  const seeds = realSeeds(folders);
  process.stdout.write(`seed ${seed}, ${seconds} s, from ${seeds.length} files and made ones\n`);

  const counts = new Map<string, number>();
  const end = performance.now() + seconds * 1000;
  let [tried, problems, firstHeap] = [0, 0, 0];
  for (; performance.now() < end; tried += 1) {
    const number = seed * inputsPerSeed + tried;
    const measure = tried % measureEvery === measureEvery - 1;
    const { verdict, problem, heapBytes = 0 } = await worker.try(number, measure);
    counts.set(verdict ?? 'PROBLEM', (counts.get(verdict ?? 'PROBLEM') ?? 0) + 1);
    if (firstHeap === 0) firstHeap = heapBytes;
    const grown = heapBytes - firstHeap;
    const found = problem ?? (grown > allowedGrowthBytes ? `memory: grown by ${grown} bytes` : undefined);
    if (found !== undefined) {
      problems += 1;
      firstHeap = 0;
      await mkdir(out, { recursive: true });
      const file = join(out, `${number}.pdf`);
      await writeFile(file, inputOf(number, seeds));
      process.stdout.write(`${file}: ${found}\n`);
    }
  }
  worker.stop();
  const lines = [...counts].toSorted(([, a], [, b]) => b - a).map(([verdict, count]) => `  ${verdict}: ${count}`);
  process.stdout.write([`${tried} inputs, ${problems} problems`, ...lines].join('\n') + '\n');
  return problems === 0 ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string' },
        corpus: { type: 'string' },
        out: { type: 'string', default: join('var', 'fuzz') },
      },
    });
    const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) % 100_000 : Number(values.seed);
    const seconds = Number(values.seconds);
    if (!Number.isInteger(seed) || seed < 0 || !(seconds > 0)) throw new Error('expected numbers');
    const from = process.env['INIT_CWD'] ?? process.cwd();
    const folders = values.corpus === undefined ? [] : [resolve(from, values.corpus)];
    return { seconds, seed, folders, out: resolve(from, values.out) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return undefined;
  }
}

process.exitCode = await main();
