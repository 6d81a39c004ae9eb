import { parseCertificatesPem } from '@kyso/cms';
import { bufferSource, findModifications, PdfDocument, PdfError, type PrepareOptions } from '@kyso/pdf';
import type { SoftwareSigner } from '@kyso/sandbox';
import { validatePdf } from '@kyso/validation';
import { signedIncrement } from '../signing/software-signature.js';

/** Whose signature is tried. */
export interface FuzzSigner {
  readonly signer: SoftwareSigner;
  readonly anchorPem: string;
}

/** What a document may make of us: a refusal with a code, or a signature. */
export type Verdict = { readonly outcome: 'signed' } | { readonly outcome: 'refused'; readonly code: string };

/** Small caps, so that a slow input stands out. */
const limits = { deadlineMs: 2000, maxInflatedBytes: 8 * 1024 * 1024 };
const signingTime = new Date('2026-11-22T11:12:13Z');

/**
 * Does everything with a document that the cluster does, and demands of it: a refusal is a PdfError; what was signed
 * begins with the original, opens again and is valid to our own verifier. Throws an Error with what was found otherwise.
 */
export async function demand(original: Buffer, { signer, anchorPem }: FuzzSigner): Promise<Verdict> {
  await readEverything(original);
  let signed = original;
  try {
    for (const fieldName of ['Fuzz1', 'Fuzz2']) {
      const document = await PdfDocument.open(bufferSource(signed), { limits });
      const visible = fieldName === 'Fuzz2' ? await appearanceOn(document) : {};
      const increment = await signedIncrement(document, signer, { fieldName, signingTime, ...visible });
      signed = Buffer.concat([signed, increment]);
    }
  } catch (error) {
    if (error instanceof PdfError) return { outcome: 'refused', code: error.code };
    throw error;
  }
  const trustAnchors = parseCertificatesPem(anchorPem);
  const report = await validatePdf(bufferSource(signed), {
    trustAnchors,
    now: signingTime,
    limits: { deadlineMs: 10_000 },
  });
  for (const [fieldName, coverage] of [
    ['Fuzz1', 'whole-revision'],
    ['Fuzz2', 'whole-file'],
  ]) {
    const signature = report.signatures.find(({ field }) => field === fieldName);
    const found = signature && [signature.integrity, signature.certificateChain, signature.coverage];
    // What is too large or too deep to be compared within our own limits is nobody's fault, and the report says so.
    if (signature?.reasons.some(({ code }) => code === 'COMPARISON_LIMIT')) continue;
    if (found?.join() !== ['passed', 'passed', coverage].join()) {
      const codes = signature?.reasons.map(({ code }) => code).join(', ');
      throw new Error(`expected ${fieldName} to be valid, found ${found?.join() ?? 'no such signature'}: ${codes}`);
    }
  }
  return { outcome: 'signed' };
}

async function appearanceOn(document: PdfDocument): Promise<Pick<PrepareOptions, 'visible'>> {
  const { widthPt, heightPt } = await document.page(0);
  const rectangle = { xPt: 0, yPt: 0, widthPt: Math.min(200, widthPt), heightPt: Math.min(80, heightPt) };
  return { visible: { pageIndex: 0, rectangle, appearance: { lines: ['Đã ký'], fontSizePt: 8 } } };
}

/** Each question by itself: one that is refused must not keep the next from being asked. */
async function readEverything(pdf: Buffer): Promise<void> {
  const document = await orRefused(() => PdfDocument.open(bufferSource(pdf), { limits }));
  if (document === undefined) return;
  await orRefused(() => document.assertSignable());
  await orRefused(() => document.pageCount());
  await orRefused(() => document.page(0));
  await orRefused(() => document.revisions());
  await orRefused(() => document.securityStore());
  for (const signature of (await orRefused(() => document.signatures())) ?? []) {
    await orRefused(() => findModifications(document, signature));
  }
}

async function orRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof PdfError) return undefined;
    throw error;
  }
}
