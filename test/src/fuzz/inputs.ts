import { readdirSync, readFileSync } from 'node:fs';
import { type DocumentPlan, holders, structures, trees } from './document-plan.js';
import { writeDocument } from './document-writer.js';
import { mutate } from './mutations.js';
import { Random } from '../random.js';

const vectors = new URL('../../vectors/', import.meta.url);
const sample = new URL('../../../samples/quyet-dinh.pdf', import.meta.url);

/** Larger ones cost time and show nothing new. */
const maxSeedBytes = 512 * 1024;

/** Real files to start from: the sample, and the vectors, which are signed in every way. */
export function realSeeds(folders: readonly string[] = []): Buffer[] {
  const names = readdirSync(vectors, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'generator',
  );
  const own = [sample, ...names.map(({ name }) => new URL(`${name}/file.pdf`, vectors))];
  const others = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.pdf$/i.test(entry.name))
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .toSorted(),
  );
  return [...own, ...others].map((path) => readFileSync(path)).filter((pdf) => pdf.length <= maxSeedBytes);
}

/** The input of that number: the same for the same seeds, whatever was tried before it. */
export function inputOf(number: number, seeds: readonly Buffer[]): Buffer {
  const random = new Random(number);
  const start = random.oneIn(3) ? random.pick(seeds) : writeDocument(planOf(random));
  return mutate(start, random);
}

function planOf(random: Random): DocumentPlan {
  const [left, bottom] = [random.below(600) - 300, random.below(600) - 300];
  return {
    structure: random.pick(structures),
    deflated: random.oneIn(3),
    tree: random.pick(trees),
    pages: 1 + random.below(6),
    countError: random.pick([0, 0, 1, -1]),
    mediaBox: [left, bottom, left + 60 + random.below(900), bottom + 60 + random.below(900)],
    cropBox: undefined,
    isInherited: random.oneIn(2),
    rotate: random.pick([0, 90, 180, 270, -90]),
    userUnit: random.pick([undefined, undefined, 2]),
    annots: random.pick(holders),
    form: random.pick(holders),
    revisions: random.below(3),
    eol: random.pick(['\n', '\r\n', '\r']),
    before: random.pick(['', '', 'junk\n']),
    after: random.pick(['', '\n']),
  };
}
