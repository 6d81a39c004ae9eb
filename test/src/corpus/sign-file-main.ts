import { constants } from 'node:fs';
import { appendFile, copyFile, open, readFile } from 'node:fs/promises';
import { parseCertificatesPem } from '@kyso/cms';
import { assertOnPage, fileSource, PdfDocument, PdfError, type PdfPage, type Rectangle } from '@kyso/pdf';
import { validatePdf } from '@kyso/validation';
import { signedIncrement } from '../signing/software-signature.js';
import type { SignedAnswer, SigningAnswer, SigningTask } from './signing-task.js';

/** Points from the lower left corner of the page as a person sees it. */
const asked: Rectangle = { xPt: 36, yPt: 36, widthPt: 200, heightPt: 80 };
/** Below this the appearance can't be read any more, and takes the whole of a tiny page instead. */
const smallest = { widthPt: 60, heightPt: 30 };
const smallestWithText = { widthPt: 100, heightPt: 40 };
const lines = ['Ký bởi: Nguyễn Thị Hồng Hạnh', 'Sở Nội vụ tỉnh Hưng Yên', 'Đã kiểm tra, đồng ý ban hành'];

/** The process that signs one file: it gets a task as its first message, answers with one and ends. */
process.once('message', (task: SigningTask) => void answer(task));

async function answer(task: SigningTask): Promise<void> {
  const start = performance.now();
  let signedAt: number | undefined;
  const given = await signTwice(task, () => (signedAt = performance.now())).catch(refusalOrFailure);
  const ms = (signedAt ?? performance.now()) - start;
  const measured: SigningAnswer = { ...given, ms, peakRssKb: process.resourceUsage().maxRSS };
  process.send?.(measured, () => process.disconnect());
}

type Answer = SigningAnswer extends infer One
  ? One extends SigningAnswer
    ? Omit<One, 'ms' | 'peakRssKb'>
    : never
  : never;

function refusalOrFailure(error: unknown): Answer {
  if (error instanceof PdfError) {
    return { outcome: 'refused', code: error.code, found: `expected ${error.expected}, found ${error.found}` };
  }
  const found = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const isFile = error instanceof Error && 'syscall' in error;
  return { outcome: 'failed', code: isFile ? 'UNREADABLE' : 'EXCEPTION', found };
}

async function signTwice(task: SigningTask, onSigned: () => void): Promise<SignedAnswer> {
  await copyFile(task.originalPath, task.signedPath, constants.COPYFILE_FICLONE);
  const [first, second] = task.signers;
  const firstField = await withDocument(task, async (document) => {
    const fieldName = await freeFieldName(document, 'KysoCorpus1');
    return { fieldName, increment: await signedIncrement(document, first, { fieldName, ...claims() }) };
  });
  await appendFile(task.signedPath, firstField.increment);

  const notes: string[] = [];
  const secondField = await withDocument(task, async (document) => {
    const fieldName = await freeFieldName(document, 'KysoCorpus2');
    const page = await document.page(0);
    const rectangle = fittingRectangle(page);
    if (rectangle !== asked) {
      notes.push(`page 1 is ${page.widthPt} × ${page.heightPt} pt: the appearance was made smaller`);
    }
    const withText = rectangle.widthPt >= smallestWithText.widthPt && rectangle.heightPt >= smallestWithText.heightPt;
    const appearance = { imagePng: await readFile(task.imagePng), lines: withText ? lines : [], fontSizePt: 9 };
    const visible = { pageIndex: 0, rectangle, appearance };
    const increment = await signedIncrement(document, second, { fieldName, visible, ...claims() });
    return { fieldName, increment, page, rectangle, lines: appearance.lines };
  });
  await appendFile(task.signedPath, secondField.increment);
  onSigned();
  const { page, rectangle } = secondField;
  const fieldNames = [firstField.fieldName, secondField.fieldName] as const;
  const validation = await validationJudgement(task, fieldNames);
  notes.push(...validation.notes);
  const { objections } = validation;
  return { outcome: 'signed', fieldNames, page, rectangle, lines: secondField.lines, notes, objections };
}

const claims = () => ({ signingTime: new Date(), reason: 'Thử nghiệm ký tài liệu' });

const passwordOption = ({ password }: SigningTask) => (password === undefined ? {} : { password });

async function withDocument<T>(task: SigningTask, use: (document: PdfDocument) => Promise<T>): Promise<T> {
  const handle = await open(task.signedPath);
  try {
    const { size } = await handle.stat();
    return await use(await PdfDocument.open(fileSource(handle, size), passwordOption(task)));
  } finally {
    await handle.close();
  }
}

/** A corpus may hold what this runner has signed. */
async function freeFieldName(document: PdfDocument, wanted: string): Promise<string> {
  const taken = new Set((await document.signatures()).map(({ fieldName }) => fieldName));
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
  return name;
}

/** Where the asked rectangle doesn't fit: what of it lies on the page, or the whole of a page that is smaller still. */
function fittingRectangle(page: PdfPage): Rectangle {
  try {
    assertOnPage(page, asked);
    return asked;
  } catch {
    const widthPt = Math.min(asked.widthPt, page.widthPt - asked.xPt);
    const heightPt = Math.min(asked.heightPt, page.heightPt - asked.yPt);
    return widthPt >= smallest.widthPt && heightPt >= smallest.heightPt
      ? { ...asked, widthPt, heightPt }
      : {
          xPt: 0,
          yPt: 0,
          widthPt: Math.min(page.widthPt, asked.widthPt),
          heightPt: Math.min(page.heightPt, asked.heightPt),
        };
  }
}

/** Codes of validation that say that time or room ran out, and nothing of the signature. */
const ranOut = new Set(['COMPARISON_LIMIT', 'DEADLINE_EXCEEDED']);

/** Our own verifier must be content too; revocation apart, of which the throw-away certificates say nothing. */
async function validationJudgement(
  task: SigningTask,
  fieldNames: readonly string[],
): Promise<{ objections: string[]; notes: string[] }> {
  // Validation takes no password: whoever checks a signature has the document open in another program.
  if (task.password !== undefined) return { objections: [], notes: ['not validated by ourselves: opened by password'] };
  const handle = await open(task.signedPath);
  try {
    const { size } = await handle.stat();
    const trustAnchors = parseCertificatesPem(task.anchorPem);
    const report = await validatePdf(fileSource(handle, size), { trustAnchors, now: new Date() });
    const [objections, notes]: [string[], string[]] = [[], []];
    for (const [index, field] of fieldNames.entries()) {
      const signature = report.signatures.find((one) => one.field === field);
      const coverage = index === fieldNames.length - 1 ? 'whole-file' : 'whole-revision';
      const codes = signature?.reasons.map(({ code }) => code) ?? [];
      if (signature === undefined) objections.push(`validation sees no signature in ${field}`);
      else if (codes.some((code) => ranOut.has(code))) notes.push(`validation of ${field}: ${codes.join(', ')}`);
      else if (
        signature.integrity !== 'passed' ||
        signature.certificateChain !== 'passed' ||
        signature.coverage !== coverage
      ) {
        const said = `integrity ${signature.integrity}, coverage ${signature.coverage} (expected ${coverage})`;
        objections.push(`validation of ${field}: ${said}: ${codes.join(', ')}`);
      }
    }
    return { objections, notes };
  } finally {
    await handle.close();
  }
}
