import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { asBuffer } from '../sources.js';
import { damaged } from '../syntax/parser.js';

/** Viewers look for the header in the first, and for `%%EOF` in the last, this many bytes. */
const searchedBytes = 1024;

/** What the first and the last kilobyte say. */
export interface Ends {
  /** File offset of `%PDF-`; cross-reference offsets count from there, ByteRange from the first byte. */
  readonly headerOffset: number;
  /** File offset of the newest cross-reference section. */
  readonly startXref: number;
  /** True when the last byte ends a line, so that an increment can follow at once. */
  readonly endsWithEol: boolean;
  /** Bytes other than white space (and NUL) behind the last `%%EOF`: part of no revision. */
  readonly trailingBytes: number;
  /** True when these look like an update that was cut off. */
  readonly hasBrokenUpdate: boolean;
  /** True when a signature value stands in it. */
  readonly hasBrokenSignature: boolean;
}

/** File offset of `%PDF-`. Throws PdfError EMPTY or NOT_A_PDF. */
export async function readHeaderOffset(source: ByteSource): Promise<number> {
  if (source.size === 0) {
    throw new PdfError('EMPTY', 'a PDF', '0 bytes');
  }
  const head = asBuffer(await source.read(0, searchedBytes));
  const headerOffset = head.indexOf('%PDF-', 0, 'latin1');
  if (headerOffset < 0) {
    throw new PdfError('NOT_A_PDF', `%PDF- within the first ${searchedBytes} bytes`, 'none');
  }
  return headerOffset;
}

/** Throws PdfError EMPTY, NOT_A_PDF or DAMAGED. */
export async function readEnds(source: ByteSource): Promise<Ends> {
  const headerOffset = await readHeaderOffset(source);
  const tail = asBuffer(await source.read(Math.max(0, source.size - searchedBytes), searchedBytes)).toString('latin1');
  const keyword = tail.lastIndexOf('startxref');
  const found = keyword < 0 ? undefined : /^startxref[\0\t\n\f\r ]+(\d{1,15})\s*%%EOF/.exec(tail.slice(keyword));
  if (!found?.[1]) {
    throw damaged(`startxref and %%EOF within the last ${searchedBytes} bytes`, 'none: the file may be cut off');
  }
  const startXref = Number(found[1]) + headerOffset;
  if (startXref >= source.size || startXref === headerOffset) {
    throw damaged('a startxref within the file', found[1]);
  }
  const rest = tail.slice(keyword + found[0].length);
  return {
    headerOffset,
    startXref,
    endsWithEol: tail.endsWith('\n') || tail.endsWith('\r'),
    trailingBytes: rest.replaceAll(/[\0\t\n\f\r ]+/g, '').length,
    hasBrokenSignature: rest.includes('/ByteRange'),
    hasBrokenUpdate: /\d[\0\t\n\f\r ]+obj\b|\bxref\b|\btrailer\b/.test(rest),
  };
}
