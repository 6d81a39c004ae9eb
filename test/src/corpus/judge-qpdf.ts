import type { JudgedFile, Judgement } from './judge.js';
import { type ProgramRun, runProgram } from './program.js';

/** Exit codes of `qpdf --check` from good to bad: sound, warnings, errors. */
const ranks = new Map([
  [0, 0],
  [3, 1],
  [2, 2],
]);

/** `qpdf --check` finds nothing in the signed file of a kind that it didn't find in the original. */
export async function judgeSyntax(file: JudgedFile): Promise<Judgement> {
  const password = file.password === undefined ? [] : [`--password=${file.password}`];
  const check = (path: string): Promise<ProgramRun> =>
    runProgram('qpdf', [...password, '--check', path], file.deadlineMs);
  const before = await check(file.originalPath);
  const after = await check(file.signedPath);
  if (before.trouble !== undefined) return { objections: [], notes: [`original: ${before.trouble}`] };
  if (after.trouble !== undefined) return { objections: [after.trouble], notes: [] };
  const [rankBefore = 2, rankAfter = 2] = [before, after].map(({ status }) => ranks.get(status ?? 2));
  const known = new Set(kindsOf(before, file.originalPath));
  const added = kindsOf(after, file.signedPath).filter((kind) => !known.has(kind));
  const isWorse = rankAfter > rankBefore || (rankAfter === rankBefore && rankAfter === 1 && added.length > 0);
  return {
    objections: isWorse ? [`qpdf --check: ${added.slice(0, 5).join(' | ') || 'a worse exit code'}`] : [],
    notes: [],
  };
}

/** Complaints without what differs from place to place: file names, object numbers, offsets. */
function kindsOf({ stderr }: ProgramRun, path: string): string[] {
  const kinds = stderr
    .split('\n')
    .map((line) =>
      line
        .replaceAll(path, '')
        // Of an object that stands in a hint stream of a linearized file too, which it is no more.
        .replaceAll(/\((?:linearization hint stream: )?(object|offset|xref|trailer|file position)[^)]*\)/g, '')
        .replaceAll(/\d+/g, 'N')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && !/succeeded with warnings/.test(line));
  return [...new Set(kinds)];
}
