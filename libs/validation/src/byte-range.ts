import type { ByteSource, PdfSignature } from '@kyso/pdf';
import type { Finding } from './reasons.js';

type RangeFields = Pick<PdfSignature, 'byteRange' | 'contentsStart' | 'contentsEnd' | 'revisionEnd'>;

/**
 * The two ranges are the whole revision but this signature's own /Contents, `<` and `>` included (ISO 32000-2, 12.8.1;
 * ETSI EN 319 142-1, 5.5.2). Everything else is a published attack: a range that begins late or leaves a wider gap lets
 * foreign bytes in (signature wrapping), one that ends early lets them follow (universal signature forgery uses numbers
 * that make verifiers hash nothing at all).
 */
export async function checkByteRange(signature: RangeFields, source: ByteSource): Promise<Finding[]> {
  const [start, firstLength, secondStart, secondLength] = signature.byteRange;
  const shown = `[${signature.byteRange.join(' ')}]`;
  const end = secondStart + secondLength;
  const numbers = [...signature.byteRange, end];
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) {
    return [{ code: 'BYTE_RANGE_MALFORMED', detail: shown }];
  }
  if (start !== 0 || firstLength === 0 || secondStart <= firstLength || end > source.size) {
    return [{ code: 'BYTE_RANGE_MALFORMED', detail: `${shown}, ${source.size} B` }];
  }
  if (firstLength !== signature.contentsStart || secondStart !== signature.contentsEnd) {
    const found = `${firstLength}–${secondStart} ≠ ${signature.contentsStart}–${signature.contentsEnd}`;
    return [{ code: 'BYTE_RANGE_GAP', detail: found }];
  }
  if (!(await isHexadecimal(firstLength, secondStart, source))) {
    return [{ code: 'BYTE_RANGE_GAP', detail: `${firstLength}–${secondStart}` }];
  }
  if (!(await endsRevision(end, signature.revisionEnd, source))) {
    return [{ code: 'BYTE_RANGE_PARTIAL', detail: `${end} ≠ ${signature.revisionEnd}` }];
  }
  return [];
}

/** Nothing but `<hex>`: an object that hides in the gap is signed by nobody, and a lenient reader may find it. */
async function isHexadecimal(start: number, end: number, source: ByteSource): Promise<boolean> {
  const gap = await source.read(start, end - start);
  const last = gap.length - 1;
  if (last < 1 || gap[0] !== 0x3c || gap[last] !== 0x3e) return false;
  for (let at = 1; at < last; at += 1) {
    if (hexadecimal[gap[at] ?? 0] === 0) return false;
  }
  return true;
}

/** 1 for the character codes of hexadecimal digits. */
const hexadecimal = new Uint8Array(256);
for (const digit of '0123456789ABCDEFabcdef') hexadecimal[digit.charCodeAt(0)] = 1;

/**
 * At the last byte of the file, whatever stands behind its %%EOF; else at the end of the revision, or before its end of
 * line: where a file ended in %%EOF the next writer may have put the end of line first.
 */
async function endsRevision(end: number, revisionEnd: number, source: ByteSource): Promise<boolean> {
  if (end === source.size || end === revisionEnd) return true;
  if (end > revisionEnd || revisionEnd - end > 2) return false;
  const between = await source.read(end, revisionEnd - end);
  return between.every((byte) => byte === 0x0d || byte === 0x0a);
}
