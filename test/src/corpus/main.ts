import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSoftwareSigners } from '@kyso/sandbox';
import { findCorpusFiles } from './corpus-files.js';
import { type CorpusOptions, readOptions, usage } from './options.js';
import { missingPackages } from './program.js';
import { printableName, ResultsFile, summary } from './results.js';
import { runFile } from './run-file.js';

const imagePng = fileURLToPath(new URL('../../../samples/con-dau.png', import.meta.url));

/** Exit codes: 0 nothing failed, 1 something did, 2 the run could not begin. */
async function main(): Promise<number> {
  let options: CorpusOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return 2;
  }
  const missing = await missingPackages();
  if (missing.length > 0) {
    process.stderr.write(`judges are missing: apt-get install --no-install-recommends ${missing.join(' ')}\n`);
    return 2;
  }
  // What a run that was cut off left.
  await rm(join(options.out, 'work'), { recursive: true, force: true });
  await mkdir(join(options.out, 'work'), { recursive: true });
  const resultsFile = await ResultsFile.open(join(options.out, 'results.tsv'), options.resume);
  const done = new Set(resultsFile.results.map(({ name }) => name));
  const found = await findCorpusFiles(options.folder, options.out);
  if (found.length === 0) {
    process.stderr.write(`no PDF below ${options.folder}\n`);
    return 2;
  }
  const files = found.filter(({ name }) => !done.has(printableName(name)));
  const { anchorPem, signers } = await makeSoftwareSigners(['Nguyễn Văn An', 'Nguyễn Thị Hồng Hạnh']);
  const [first, second] = signers;
  if (first === undefined || second === undefined) throw new Error('expected two signers');
  const run = { options, anchorPem, signers: [first, second], imagePng } as const;

  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = next++; number < files.length; number = next++) {
      const file = files[number];
      if (file === undefined) return;
      const result = await runFile(run, file, number);
      await resultsFile.add(result);
      if (result.outcome === 'failed') process.stdout.write(`failed ${result.code} ${result.name}\n`);
      if (number % 100 === 99) process.stdout.write(`${number + 1} of ${files.length}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, files.length) }, worker));
  await rm(join(options.out, 'work'), { recursive: true, force: true });
  await resultsFile.finish();
  process.stdout.write(`${summary(resultsFile.results)}\n`);
  return resultsFile.results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

process.exitCode = await main();
