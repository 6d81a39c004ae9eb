import { open } from 'node:fs/promises';
import { judgePages } from './judge-pages.js';
import { judgeSignatures } from './judge-pdfsig.js';
import { judgeSyntax } from './judge-qpdf.js';
import { judgeText } from './judge-text.js';
import type { SignedAnswer } from './signing-task.js';

/** What judges compare: the file as it was handed in, and with both signatures. */
export interface JudgedFile {
  readonly originalPath: string;
  readonly signedPath: string;
  readonly answer: SignedAnswer;
  readonly password: string | undefined;
  readonly deadlineMs: number;
}

/** What a judge found. Without objections and notes: all is well. */
export interface Judgement {
  /** Why the signed file is not what it must be, in the judge's words. */
  readonly objections: readonly string[];
  /** What could not be judged, and why: the original can't be read by that program either, or it ran out of time. */
  readonly notes: readonly string[];
}

/** An objection with the code that results.tsv shows. */
export interface Objection {
  readonly code: string;
  readonly text: string;
}

/** Asks every judge, in the order of what matters most; the first objection is the file's code. */
export async function judgeFile(file: JudgedFile): Promise<{ objections: Objection[]; notes: string[] }> {
  const objections: Objection[] = [];
  const notes = [...file.answer.notes];
  const judges = [
    ['PREFIX', judgePrefix],
    ['VALIDATION', judgeOwnValidation],
    ['QPDF', judgeSyntax],
    ['PDFSIG', judgeSignatures],
    ['TEXT', judgeText],
    ['RENDERING', judgePages],
  ] as const;
  for (const [code, judge] of judges) {
    const judgement = await judge(file);
    objections.push(...judgement.objections.map((text) => ({ code, text })));
    notes.push(...judgement.notes);
  }
  return { objections, notes };
}

const chunkBytes = 1 << 20;

/** Every byte of the original stands where it stood. */
async function judgePrefix({ originalPath, signedPath }: JudgedFile): Promise<Judgement> {
  const [original, signed] = await Promise.all([open(originalPath), open(signedPath)]);
  try {
    const [before, after] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)];
    for (let position = 0; ;) {
      const { bytesRead } = await original.read(before, 0, chunkBytes, position);
      if (bytesRead === 0) return { objections: [], notes: [] };
      const same = await signed.read(after, 0, bytesRead, position);
      if (same.bytesRead !== bytesRead || Buffer.compare(before.subarray(0, bytesRead), after.subarray(0, bytesRead))) {
        return { objections: [`the original is no prefix: bytes from ${position} differ`], notes: [] };
      }
      position += bytesRead;
    }
  } finally {
    await Promise.all([original.close(), signed.close()]);
  }
}

function judgeOwnValidation({ answer }: JudgedFile): Promise<Judgement> {
  return Promise.resolve({ objections: answer.objections, notes: [] });
}
