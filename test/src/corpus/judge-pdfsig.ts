import type { JudgedFile, Judgement } from './judge.js';
import { runProgram } from './program.js';

interface SeenSignature {
  readonly field: string;
  readonly isValid: boolean;
  readonly coversAll: boolean;
  readonly text: string;
}

/** poppler finds both signatures, each valid, and the second over the whole file. Trust in certificates isn't asked for. */
export async function judgeSignatures(file: JudgedFile): Promise<Judgement> {
  const password = file.password === undefined ? [] : ['-upw', file.password, '-opw', file.password];
  const see = async (path: string) => {
    const run = await runProgram('pdfsig', ['-nocert', ...password, path], file.deadlineMs);
    return { ...run, signatures: signaturesIn(run.stdout.toString('utf8')), canRead: run.stdout.length > 0 };
  };
  const after = await see(file.signedPath);
  if (after.trouble !== undefined || !after.canRead) {
    // pdfsig prints nothing about a file that poppler can't open.
    const before = await see(file.originalPath);
    const why = after.trouble ?? after.stderr;
    if (before.trouble === undefined && before.canRead) return { objections: [`pdfsig: ${why}`], notes: [] };
    return { objections: [], notes: [`pdfsig can't read the original either: ${why}`] };
  }
  const objections: string[] = [];
  for (const [index, fieldName] of file.answer.fieldNames.entries()) {
    const seen = after.signatures.find(({ field }) => field === fieldName);
    const isLast = index === file.answer.fieldNames.length - 1;
    if (seen === undefined) objections.push(`pdfsig sees no signature in ${fieldName}`);
    else if (!seen.isValid) objections.push(`pdfsig on ${fieldName}: ${seen.text}`);
    else if (isLast && !seen.coversAll) objections.push(`pdfsig on ${fieldName}: not the total document signed`);
  }
  return { objections, notes: [] };
}

function signaturesIn(text: string): SeenSignature[] {
  return text
    .split(/^Signature #\d+:$/m)
    .slice(1)
    .map((block) => ({
      field: /- Signature Field Name: (.*)/.exec(block)?.[1] ?? '',
      isValid: block.includes('- Signature Validation: Signature is Valid.'),
      coversAll: block.includes('- Total document signed'),
      text: /- Signature Validation: (.*)/.exec(block)?.[1] ?? 'not validated',
    }));
}
