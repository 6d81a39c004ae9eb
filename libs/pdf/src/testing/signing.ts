import { expect } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  bufferSource,
  completeSignature,
  digestPrepared,
  type DocumentSecurityStore,
  buildSecurityStore,
  findModifications,
  PdfDocument,
  type PrepareOptions,
  prepareDocumentTimestamp,
  prepareSignature,
} from '../index.js';
import { opensslCms } from './judges.js';

/** DER that is no CMS, for tests that look at the structure only. */
export const fakeCms = Buffer.from('3003020105', 'hex');

export const signingTime = new Date('2026-11-22T11:12:13Z');

export function open(pdf: Uint8Array, password?: string): Promise<PdfDocument> {
  return PdfDocument.open(bufferSource(pdf), password === undefined ? {} : { password });
}

/** For documents that take a password to open. */
type WithPassword<Options> = Partial<Options> & { readonly password?: string };

/** Signs with a placeholder for a CMS. */
export async function sign(pdf: Uint8Array, options: Partial<PrepareOptions> = {}): Promise<Buffer> {
  const document = await open(pdf);
  const prepared = await prepareSignature(document, {
    fieldName: 'Signature1',
    reservedBytes: 64,
    signingTime,
    ...options,
  });
  return Buffer.concat([pdf, completeSignature(prepared, fakeCms)]);
}

/** Signs with a real CMS over the bytes that the ByteRange names, and compares our digest with theirs. */
export async function signForReal(
  pdf: Uint8Array,
  { password, ...options }: WithPassword<PrepareOptions> = {},
): Promise<Buffer> {
  const document = await open(pdf, password);
  const all = { fieldName: 'Signature1', reservedBytes: 4096, signingTime, ...options };
  const prepared = await prepareSignature(document, all);
  const whole = Buffer.concat([pdf, prepared.increment]);
  const [first, firstLength, second, secondLength] = prepared.state.byteRange;
  const content = Buffer.concat([
    whole.subarray(first, first + firstLength),
    whole.subarray(second, second + secondLength),
  ]);
  const digest = await digestPrepared(document.source, prepared, 'sha256');
  expect(Buffer.from(digest).toString('hex')).toBe(createHash('sha256').update(content).digest('hex'));
  return Buffer.concat([pdf, completeSignature(prepared, opensslCms(content))]);
}

export async function timestamp(pdf: Uint8Array, fieldName = 'Timestamp1', password?: string): Promise<Buffer> {
  const prepared = await prepareDocumentTimestamp(await open(pdf, password), { fieldName, reservedBytes: 64 });
  return Buffer.concat([pdf, completeSignature(prepared, fakeCms)]);
}

export async function addEvidence(
  pdf: Uint8Array,
  { password, ...evidence }: WithPassword<DocumentSecurityStore>,
): Promise<Buffer> {
  const all = { certificates: [], ocspResponses: [], crls: [], ...evidence };
  return Buffer.concat([pdf, (await buildSecurityStore(await open(pdf, password), all)) ?? Buffer.alloc(0)]);
}

/** Codes of what was found wrong after the signature of that index. */
export async function findings(pdf: Uint8Array, index = 0, password?: string): Promise<string[]> {
  const document = await open(pdf, password);
  const signature = (await document.signatures())[index];
  if (signature === undefined) {
    throw new Error(`no signature ${index}`);
  }
  return (await findModifications(document, signature)).map(({ code }) => code);
}

/** The code of the PdfError that the promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return undefined;
}
