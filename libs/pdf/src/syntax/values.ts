import { decodeHexString, decodeLiteralString } from './strings.js';

/** ISO 32000-2, 7.3.5; `value` has its #xx escapes undone, one character a byte. */
export class Name {
  constructor(readonly value: string) {}
}

/** ISO 32000-2, 7.3.10. */
export class Reference {
  constructor(
    readonly objectNumber: number,
    readonly generation: number,
  ) {}
}

/** What the strings of one object are encrypted with (ISO 32000-2, 7.6.3). */
export interface StringCipher {
  readonly objectNumber: number;
  readonly generation: number;
  decrypt(stored: Buffer): Buffer;
}

/** Where something stands; `cipher` is undefined where its strings are plain: always but in encrypted documents. */
export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly cipher?: StringCipher | undefined;
}

/** Something that was read, with the exact bytes that it was written with: `bytes` from `start` to `end`. */
abstract class Spanned implements Span {
  constructor(
    readonly bytes: Buffer,
    readonly start: number,
    readonly end: number,
    readonly cipher?: StringCipher,
  ) {}

  /** Byte for byte as in the file. */
  raw(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }
}

/** ISO 32000-2, 7.3.4, literal or hexadecimal; decoded, and decrypted, when it is asked for. */
export class PdfString extends Spanned {
  get isHex(): boolean {
    return this.bytes[this.start] === 0x3c;
  }

  decoded(): Buffer {
    const stored = this.isHex ? decodeHexString(this.raw()) : decodeLiteralString(this.raw());
    return this.cipher === undefined ? stored : this.cipher.decrypt(stored);
  }
}

/** ISO 32000-2, 7.3.6. */
export class PdfArray extends Spanned {
  constructor(
    span: Span,
    readonly items: readonly PdfValue[],
  ) {
    super(span.bytes, span.start, span.end, span.cipher);
  }
}

/** One entry, with the span of its value in the dictionary's `bytes`. */
export interface DictionaryEntry {
  readonly value: PdfValue;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** ISO 32000-2, 7.3.7. A key that stands twice keeps its last value, as most readers do, and sets `ambiguous`. */
export class Dictionary extends Spanned {
  constructor(
    span: Span,
    readonly entries: ReadonlyMap<string, DictionaryEntry>,
    readonly ambiguous: boolean,
  ) {
    super(span.bytes, span.start, span.end, span.cipher);
  }

  /** The value as written, references not followed; undefined where there is none. */
  get(key: string): PdfValue | undefined {
    return this.entries.get(key)?.value;
  }
}

export type PdfValue = null | boolean | number | Name | Reference | PdfString | PdfArray | Dictionary;

export function isName(value: PdfValue | undefined, name: string): boolean {
  return value instanceof Name && value.value === name;
}
