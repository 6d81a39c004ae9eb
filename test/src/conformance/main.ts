import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkout, startCluster } from '@kyso/cli';
import { KysoClient } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import { javaJudges, pyHanko, type Judge, type Judgement } from './judges.js';
import { deferredStructure, signDeferred } from './deferred.js';
import { signIssued } from './issuing.js';
import { demoSteps, signMatrix, signTwice, type SignedCell } from './matrix.js';
import { makePdfA, pdfAFlavours } from './pdf-a.js';
import { structures } from './structures.js';

/**
 * `npm run conformance`: signs every structure at every level through a whole cluster, twice each, and lets pyHanko and EU DSS
 * judge every signature; signs PDF/A files and lets veraPDF say whether they still are. Exits 0 only if nobody objects. A
 * judge that can't be fetched is skipped, and the output says why.
 */
const sources = join(checkout, 'test/conformance');
const folder = join(checkout, 'var/conformance');

/**
 * Arguments: names of structures, `issued` for decisions with number and date, `deferred` for time-stamps that came later; all
 * when there are none.
 */
const wanted = process.argv.slice(2);

interface Objection {
  readonly cell: string;
  readonly judge: string;
  readonly said: string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  await mkdir(folder, { recursive: true });
  const cluster = await startCluster({ folder: join(folder, 'cluster'), say });
  try {
    const client = new KysoClient(cluster);
    const anchors = [cluster.sandbox.trustAnchorsFile, cluster.sandbox.tsaTrustAnchorsFile];
    const cells = await signMatrix(client, {
      structures: structures.filter(({ name }) => wanted.length === 0 || wanted.includes(name)),
      sourceFile: join(checkout, 'samples/quyet-dinh.pdf'),
      folder: join(folder, 'matrix'),
    });
    if (wanted.length === 0 || wanted.includes('issued')) {
      const sourceFile = join(checkout, 'samples/quyet-dinh.pdf');
      cells.push(...(await signIssued(client, { sourceFile, folder: join(folder, 'matrix') })));
    }
    if (wanted.length === 0 || wanted.includes(deferredStructure)) {
      const sourceFile = join(checkout, 'samples/quyet-dinh.pdf');
      cells.push(...(await signDeferred(cluster, client, { sourceFile, folder: join(folder, 'matrix') })));
    }
    const pdfA = await signPdfA(client);
    say(`${cells.filter((cell) => cell.file !== undefined).length} of ${cells.length} files signed`);

    const objections = cells.flatMap(({ structure, level, refusal }) =>
      refusal === undefined ? [] : [{ cell: `${structure} ${level}`, judge: 'kyso', said: refusal }],
    );
    const python = await pyHanko(sources, folder, anchors);
    const java = await javaJudges(sources, folder, anchors);
    const judged = [
      ...(await ask(python, pyHankoLines(cells))),
      ...(await ask(java, [...dssLines(cells), ...pdfA.map(({ file, flavour }) => `verapdf\t${file}\t${flavour}`)])),
    ];
    objections.push(...judged.filter(isObjection).map(describe));
    objections.push(...missingJudgements(cells, judged, [python, java]));
    await report(cells, judged, objections);
    return objections.length === 0 ? 0 : 1;
  } finally {
    await cluster.stop();
  }
}

/** The same two signatures on a PDF/A file of each flavour; both the input and the output are judged. */
async function signPdfA(client: KysoClient): Promise<{ file: string; flavour: string }[]> {
  const made: { file: string; flavour: string }[] = [];
  for (const flavour of pdfAFlavours) {
    const input = join(folder, `pdf-a-${flavour}.pdf`);
    await writeFile(input, makePdfA(flavour));
    const file = join(folder, `pdf-a-${flavour}-signed.pdf`);
    await writeFile(file, await signTwice(client, input, await demoSteps()));
    made.push({ file: input, flavour }, { file, flavour });
  }
  return made;
}

/** The files that were signed and that the judge can read. */
function filesFor(judge: string, cells: readonly SignedCell[]): { file: string; level: Level; structure: string }[] {
  return cells.flatMap(({ file, level, structure }) => {
    const unreadable = structures.find(({ name }) => name === structure)?.unreadableFor?.includes(judge) === true;
    return file === undefined || unreadable ? [] : [{ file, level, structure }];
  });
}

/** Its algorithms above B-B want a signature time-stamp; signatures that have a document time-stamp alone are judged as B-B. */
function pyHankoLines(cells: readonly SignedCell[]): string[] {
  return filesFor('pyhanko', cells).map(
    ({ file, level, structure }) => `${file}\t${structure === deferredStructure ? 'B-B' : level}`,
  );
}

/** B-LT and B-LTA must be valid by what the file holds; for the others the evidence is fetched. */
function dssLines(cells: readonly SignedCell[]): string[] {
  return filesFor('dss', cells).map(
    ({ file, level }) => `dss\t${file}\t${level === 'B-LT' || level === 'B-LTA' ? 'offline' : 'online'}`,
  );
}

async function ask(judge: Judge, lines: readonly string[]): Promise<Judgement[]> {
  if ('missing' in judge) {
    say(`skipped: ${judge.name}: ${judge.missing}`);
    return [];
  }
  return judge.judge(lines);
}

function isObjection({ judge, verdict, more, file }: Judgement): boolean {
  if (judge === 'verapdf') return verdict !== 'COMPLIANT';
  if (judge === 'pyhanko') {
    const [coverage = '', modification = ''] = more;
    return (
      verdict !== 'VALID' ||
      !['ENTIRE_FILE', 'ENTIRE_REVISION'].includes(coverage) ||
      !['NONE', 'LTA_UPDATES', 'FORM_FILLING'].includes(modification)
    );
  }
  const level = /-B-([A-Z]+)\.pdf$/.exec(file)?.[1];
  return verdict !== 'TOTAL_PASSED' || !(more[1] ?? '').endsWith(`BASELINE-${level}`);
}

function describe({ file, judge, subject, verdict, more }: Judgement): Objection {
  return { cell: basename(file), judge, said: `${subject}: ${verdict} ${more.join(' | ')}` };
}

/** A judge that says nothing of a signature has not judged it. */
function missingJudgements(
  cells: readonly SignedCell[],
  judged: readonly Judgement[],
  judges: readonly Judge[],
): Objection[] {
  const objections: Objection[] = [];
  for (const [name, judge] of [
    ['pyhanko', judges[0]],
    ['dss', judges[1]],
  ] as const) {
    if (judge === undefined || 'missing' in judge) continue;
    for (const { file } of filesFor(name, cells)) {
      const count = judged.filter((one) => one.judge === name && one.file === file).length;
      if (count < 2) objections.push({ cell: basename(file), judge: name, said: `judged ${count} of 2 signatures` });
    }
  }
  return objections;
}

async function report(
  cells: readonly SignedCell[],
  judged: readonly Judgement[],
  objections: readonly Objection[],
): Promise<void> {
  const rows = judged.map(({ file, judge, subject, verdict, more }) =>
    [basename(file), judge, subject, verdict, ...more].join('\t'),
  );
  await writeFile(join(folder, 'judgements.tsv'), `${rows.join('\n')}\n`);
  for (const name of new Set(judged.map(({ judge }) => judge))) {
    const own = judged.filter(({ judge }) => judge === name);
    say(`${name}: ${own.length} judgements, ${own.filter(isObjection).length} objections`);
  }
  for (const { cell, judge, said } of objections) say(`${judge} objects to ${cell}: ${said}`);
  say(`${cells.length} cells, ${objections.length} objections; all judgements are in var/conformance/judgements.tsv`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`conformance: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
