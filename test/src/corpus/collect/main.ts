import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectOdd } from './odd.js';
import { collectDebianSources, collectInstalled, collectPypiSources } from './packages.js';
import { collectMade } from './programs.js';

const sample = fileURLToPath(new URL('../../../../samples/quyet-dinh.pdf', import.meta.url));
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const steps = {
  installed: collectInstalled,
  made: collectMade,
  odd: async (target: string): Promise<void> => {
    const made = join(target, 'made');
    const names = (await readdir(made).catch(() => [])).filter((name) => name.endsWith('.pdf')).toSorted();
    await collectOdd(target, [sample, ...names.map((name) => join(made, name))], tell);
  },
  debian: collectDebianSources,
  pypi: collectPypiSources,
} as const;

/** `npm run corpus:collect -- DIR [step …]`: a corpus for `npm run corpus`, outside the repository. */
async function main(): Promise<number> {
  const [folder, ...wanted] = process.argv.slice(2);
  const known = Object.keys(steps);
  if (folder === undefined || wanted.some((step) => !known.includes(step))) {
    process.stderr.write(`Usage: npm run corpus:collect -- DIR [${known.join('|')} …]\n`);
    return 2;
  }
  const target = resolve(process.env['INIT_CWD'] ?? process.cwd(), folder);
  for (const [name, collect] of Object.entries(steps)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    // One source that can't be reached is no reason to do without the others.
    await collect(target, tell).catch((error: unknown) =>
      tell(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
  return 0;
}

process.exitCode = await main();
