import type { JudgedFile, Judgement } from './judge.js';
import { runProgram } from './program.js';

/**
 * pdftotext finds the same text on every page; on page 1 the appearance's text follows it. With `-raw` the text comes in
 * the order in which it is drawn, and annotations are drawn last.
 */
export async function judgeText(file: JudgedFile): Promise<Judgement> {
  const password = file.password === undefined ? [] : ['-upw', file.password, '-opw', file.password];
  const read = (path: string) => runProgram('pdftotext', ['-raw', '-q', ...password, path, '-'], file.deadlineMs);
  const before = await read(file.originalPath);
  if (before.trouble !== undefined) return { objections: [], notes: [`original: ${before.trouble}`] };
  if (before.status !== 0) return { objections: [], notes: ['pdftotext reads no text from the original'] };
  const after = await read(file.signedPath);
  if (after.trouble !== undefined) return { objections: [after.trouble], notes: [] };
  if (after.status !== 0) return { objections: [`pdftotext reads the original, but not the signed file`], notes: [] };
  const objection = difference(pagesOf(before.stdout), pagesOf(after.stdout), file.answer.lines);
  return { objections: objection === undefined ? [] : [`pdftotext: ${objection}`], notes: [] };
}

function pagesOf(output: Buffer): string[] {
  return output.toString('utf8').split('\f').slice(0, -1);
}

function difference(before: readonly string[], after: readonly string[], drawn: readonly string[]): string | undefined {
  if (before.length !== after.length) return `${before.length} pages before, ${after.length} after`;
  const index = before.findIndex((page, number) => number > 0 && page !== after[number]);
  if (index > 0) return `the text of page ${index + 1} differs`;
  const [first, firstAfter] = [letters(before[0] ?? ''), letters(after[0] ?? '')];
  if (firstAfter === first) return undefined; // Where poppler draws no appearance, which is for the rendering to judge.
  if (firstAfter === first + letters(drawn.join(' '))) return undefined;
  // Text that other annotations draw may stand in another order; nothing may be lost or new.
  const expected = sorted(first + letters(drawn.join(' ')));
  return sorted(firstAfter) === expected ? undefined : 'the text of page 1 differs by more than the appearance';
}

/** Without spaces, line breaks and hyphens, which depend on what stands beside a word. */
function letters(text: string): string {
  return text.normalize('NFC').replaceAll(/[\s\u00ad-]+/gu, '');
}

function sorted(text: string): string {
  return Array.from(text).sort().join('');
}
