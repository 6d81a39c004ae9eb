import { OCTET_STRING } from './der-tags.js';
import { MAX_DEPTH } from './der-reader.js';
import { tlvOf } from './der-writer.js';
import { CmsError } from './errors.js';

/** Stops an input of millions of empty values. */
const MAX_VALUES = 100_000;
const INDEFINITE = 0x80;
const CONSTRUCTED = 0x20;

/** Whether the outermost value is written with indefinite length (BER, X.690, 8.1.3.6). */
export const hasIndefiniteLength = (bytes: Uint8Array): boolean => bytes[1] === INDEFINITE;

/**
 * The same value with definite lengths and primitive OCTET STRINGs. Some signers write a CMS that way (streaming writers);
 * signatures in it are over parts that are DER already, and those are copied as they are. Zero bytes behind the end are
 * the padding of a PDF's /Contents and are left out.
 *
 * Throws MALFORMED, LIMIT_EXCEEDED (depth, number of values), UNSUPPORTED (high tag numbers).
 */
export function toDefiniteLengths(ber: Uint8Array): Uint8Array {
  const scanner = new Scanner(ber);
  const value = scanner.value(0);
  if (ber.subarray(scanner.offset).some((octet) => octet !== 0)) {
    throw new CmsError('MALFORMED', 'nothing but zeros behind the CMS', 'more bytes');
  }
  return value;
}

class Scanner {
  offset = 0;
  private values = 0;

  constructor(private readonly bytes: Uint8Array) {}

  value(depth: number): Uint8Array {
    if (depth > MAX_DEPTH) throw new CmsError('LIMIT_EXCEEDED', `at most ${MAX_DEPTH} levels`, 'more');
    if (++this.values > MAX_VALUES) throw new CmsError('LIMIT_EXCEEDED', `at most ${MAX_VALUES} values`, 'more');
    const start = this.offset;
    const tag = this.octet();
    if ((tag & 0x1f) === 0x1f) throw new CmsError('UNSUPPORTED', 'tag numbers below 31', 'a high one');
    const length = this.length();
    if (length !== undefined) {
      if (length > this.bytes.length - this.offset) throw this.cut();
      this.offset += length;
      // A definite value is taken whole: the strict reader refuses what it finds of indefinite length inside.
      return this.bytes.subarray(start, this.offset);
    }
    if (!(tag & CONSTRUCTED)) throw new CmsError('MALFORMED', 'indefinite length on constructed values', 'primitive');
    const parts: Uint8Array[] = [];
    while (!this.atEndOfContents()) parts.push(this.value(depth + 1));
    this.offset += 2;
    return tag === (OCTET_STRING | CONSTRUCTED) ? tlvOf(OCTET_STRING, parts.map(contentOfOctets)) : tlvOf(tag, parts);
  }

  private atEndOfContents(): boolean {
    if (this.offset + 2 > this.bytes.length) throw this.cut();
    return this.bytes[this.offset] === 0 && this.bytes[this.offset + 1] === 0;
  }

  /** undefined: indefinite. */
  private length(): number | undefined {
    const first = this.octet();
    if (first === INDEFINITE) return undefined;
    if (first < 0x80) return first;
    if ((first & 0x7f) > 4) throw new CmsError('MALFORMED', 'a length of at most 4 octets', `${first & 0x7f}`);
    let length = 0;
    for (let i = first & 0x7f; i > 0; i--) length = length * 256 + this.octet();
    return length;
  }

  private octet(): number {
    const octet = this.bytes[this.offset++];
    if (octet === undefined) throw this.cut();
    return octet;
  }

  private cut(): CmsError {
    return new CmsError('MALFORMED', 'the end of every value', 'the end of the input');
  }
}

/** Content of one segment of a constructed OCTET STRING; segments of segments are not taken. */
function contentOfOctets(segment: Uint8Array): Uint8Array {
  if (segment[0] !== OCTET_STRING) throw new CmsError('MALFORMED', 'OCTET STRING segments', `tag ${segment[0]}`);
  const length = segment[1]!;
  return segment.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
}
