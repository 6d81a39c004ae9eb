import { PdfError } from '../errors.js';
import { limitExceeded } from '../limits.js';
import { knownText } from './known-texts.js';
import { endOfLiteral, hexValue } from './strings.js';
import {
  Dictionary,
  type DictionaryEntry,
  Name,
  PdfArray,
  PdfString,
  type PdfValue,
  Reference,
  type StringCipher,
} from './values.js';

/** Thrown, without a stack, when the window ends within a token and the file goes on: read more and parse again. */
export const outOfWindow = Object.freeze({ outOfWindow: true });

const space = 1;
const delimiter = 2;
/** ISO 32000-2, 7.2.3: tables 1 and 2; everything else is a regular character. */
const classes = new Uint8Array(256);
for (const code of [0, 9, 10, 12, 13, 32]) {
  classes[code] = space;
}
for (const character of '()<>[]{}/%') {
  classes[character.charCodeAt(0)] = delimiter;
}

export function isSpace(code: number | undefined): boolean {
  return code !== undefined && classes[code] === space;
}

export function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

export function damaged(expected: string, found: string): PdfError {
  return new PdfError('DAMAGED', expected, found);
}

export interface ParserOptions {
  readonly maxNesting: number;
  /** True when nothing follows `bytes`: the end of the file, or of the decoded object stream. */
  readonly complete: boolean;
  /** Called for each reference, so that new objects get numbers above it and dangling ones are found. */
  readonly onReference?: (objectNumber: number) => void;
}

/** Reads objects (ISO 32000-2, 7.3) from a window of the file; keeps the span of everything that may be written again. */
export class Parser {
  /** What the strings that come next are encrypted with; undefined where they are plain. */
  stringCipher: StringCipher | undefined;
  private depth = 0;

  constructor(
    readonly bytes: Buffer,
    public pos: number,
    private readonly options: ParserOptions,
  ) {}

  /** Skips white space and comments. */
  skipSpace(): void {
    const { bytes } = this;
    for (;;) {
      const code = bytes[this.pos];
      if (code === undefined) {
        return;
      }
      if (code === 0x25) {
        while (this.pos < bytes.length && bytes[this.pos] !== 10 && bytes[this.pos] !== 13) {
          this.pos += 1;
        }
      } else if (classes[code] === space) {
        this.pos += 1;
      } else {
        return;
      }
    }
  }

  /** Consumes `keyword` if it comes next (after white space) and ends there. */
  tryKeyword(keyword: string): boolean {
    const back = this.pos;
    this.skipSpace();
    const end = this.pos + keyword.length;
    if (end >= this.bytes.length) {
      this.needMore();
    }
    if (this.bytes.toString('latin1', this.pos, end) !== keyword || (end < this.bytes.length && !this.endsToken(end))) {
      this.pos = back;
      return false;
    }
    this.pos = end;
    return true;
  }

  keyword(keyword: string): void {
    if (!this.tryKeyword(keyword)) {
      throw damaged(`the keyword ${keyword}`, this.excerpt());
    }
  }

  /** An unsigned integer of at most 15 digits, exact in a double. */
  integer(): number {
    this.skipSpace();
    const start = this.pos;
    let value = 0;
    while (isDigit(this.bytes[this.pos])) {
      value = value * 10 + (this.bytes[this.pos] ?? 0) - 0x30;
      this.pos += 1;
    }
    if (this.pos >= this.bytes.length) {
      this.needMore();
    }
    if (this.pos === start || this.pos - start > 15 || !this.endsToken(this.pos)) {
      this.pos = start;
      throw damaged('an unsigned integer', this.excerpt());
    }
    return value;
  }

  value(): PdfValue {
    this.skipSpace();
    const code = this.bytes[this.pos];
    switch (code) {
      case undefined:
        return this.ended();
      case 0x2f:
        return this.name();
      case 0x28:
        return this.literalString();
      case 0x5b:
        return this.left(this.enter().array());
      case 0x3c:
        if (this.pos + 1 >= this.bytes.length) {
          this.ended();
        }
        return this.bytes[this.pos + 1] === 0x3c ? this.left(this.enter().dictionary()) : this.hexString();
      default:
        return isDigit(code) || code === 0x2d || code === 0x2b || code === 0x2e ? this.number() : this.constant();
    }
  }

  /** At the end of the window: asks for more if the file goes on, else returns. */
  needMore(): void {
    if (!this.options.complete) {
      throw outOfWindow;
    }
  }

  excerpt(): string {
    const text = this.bytes.toString('latin1', this.pos, this.pos + 20).replaceAll(/[^\x21-\x7e]+/g, ' ');
    return text.trim() === '' ? 'something else' : JSON.stringify(text);
  }

  protected ended(): never {
    this.needMore();
    throw damaged('a complete object', 'the end of the file');
  }

  private endsToken(at: number): boolean {
    return classes[this.bytes[at] ?? 0] !== 0;
  }

  /** To be called in front of an array or a dictionary; `left` behind it. No closures: this runs for each of them. */
  private enter(): this {
    this.depth += 1;
    if (this.depth > this.options.maxNesting) {
      throw limitExceeded(`at most ${this.options.maxNesting} levels of nesting`, 'more');
    }
    return this;
  }

  private left<T>(value: T): T {
    this.depth -= 1;
    return value;
  }

  protected tokenEnd(from: number): number {
    const { bytes } = this;
    let end = from;
    while (end < bytes.length && classes[bytes[end] ?? 0] === 0) {
      end += 1;
    }
    if (end >= bytes.length) {
      this.needMore();
    }
    return end;
  }

  private name(): Name {
    return new Name(this.nameText());
  }

  protected nameText(): string {
    const start = this.pos + 1;
    this.pos = this.tokenEnd(start);
    const text = knownText(this.bytes, start, this.pos);
    return text.includes('#')
      ? text.replaceAll(/#([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      : text;
  }

  private number(): number | Reference {
    const start = this.pos;
    const end = this.tokenEnd(start);
    this.pos = end;
    let value = 0;
    let at = start;
    while (at < end && isDigit(this.bytes[at])) {
      value = value * 10 + (this.bytes[at] ?? 0) - 0x30;
      at += 1;
    }
    if (at === end) {
      return this.referenceAfter(value) ?? value;
    }
    // Malformed numbers ("0.00-35") are read as far as they go, like most readers do; nothing here relies on one.
    const real = Number.parseFloat(this.bytes.toString('latin1', start, end));
    return Number.isNaN(real) ? 0 : real;
  }

  /** `objectNumber` was read: a reference if a generation and R follow. */
  private referenceAfter(objectNumber: number): Reference | undefined {
    const back = this.pos;
    this.skipSpace();
    let generation = 0;
    const start = this.pos;
    while (isDigit(this.bytes[this.pos])) {
      generation = generation * 10 + (this.bytes[this.pos] ?? 0) - 0x30;
      this.pos += 1;
    }
    if (this.pos > start || this.pos >= this.bytes.length) {
      this.skipSpace();
      if (this.pos + 1 >= this.bytes.length) {
        this.needMore();
      }
      if (this.pos > start && this.bytes[this.pos] === 0x52 && this.endsToken(this.pos + 1)) {
        this.pos += 1;
        this.options.onReference?.(objectNumber);
        return new Reference(objectNumber, generation);
      }
    }
    this.pos = back;
    return undefined;
  }

  private constant(): null | boolean {
    const end = this.tokenEnd(this.pos);
    const word = this.bytes.toString('latin1', this.pos, Math.min(end, this.pos + 6));
    if (word !== 'null' && word !== 'true' && word !== 'false') {
      throw damaged('an object', this.excerpt());
    }
    this.pos = end;
    return word === 'null' ? null : word === 'true';
  }

  private literalString(): PdfString {
    const start = this.pos;
    const end = endOfLiteral(this.bytes, start);
    if (end !== undefined) {
      this.pos = end;
      return new PdfString(this.bytes, start, end, this.stringCipher);
    }
    return this.ended();
  }

  private hexString(): PdfString {
    const start = this.pos;
    const close = this.bytes.indexOf(0x3e, start);
    if (close < 0) {
      return this.ended();
    }
    this.pos = close + 1;
    // The ends are a cheap check that this is no stray bracket; decoding skips what is no digit.
    const first = this.bytes[start + 1];
    if (close > start + 1 && hexValue(first) < 0 && !isSpace(first)) {
      throw damaged('hexadecimal digits', 'other characters');
    }
    return new PdfString(this.bytes, start, this.pos, this.stringCipher);
  }

  protected array(): PdfArray {
    const start = this.pos;
    const items: PdfValue[] = [];
    this.pos += 1;
    for (;;) {
      this.skipSpace();
      const code = this.bytes[this.pos];
      if (code === 0x5d) {
        this.pos += 1;
        return new PdfArray({ bytes: this.bytes, start, end: this.pos, cipher: this.stringCipher }, items);
      }
      items.push(isDigit(code) ? (this.plainReference() ?? this.value()) : this.value());
    }
  }

  /**
   * `N G R` with single spaces and a few digits, as nearly all are written: a page tree may list 20,000 of them in one array.
   * Undefined, and nothing is consumed, for anything else.
   */
  private plainReference(): Reference | undefined {
    const { bytes } = this;
    let at = this.pos;
    let objectNumber = 0;
    let digit = (bytes[at] ?? 0) - 0x30;
    const last = Math.min(at + 9, bytes.length - 5);
    while (at < last && digit >= 0 && digit <= 9) {
      objectNumber = objectNumber * 10 + digit;
      at += 1;
      digit = (bytes[at] ?? 0) - 0x30;
    }
    const generation = (bytes[at + 1] ?? 0) - 0x30;
    if (
      at > this.pos &&
      bytes[at] === 0x20 &&
      generation >= 0 &&
      generation <= 9 &&
      bytes[at + 2] === 0x20 &&
      bytes[at + 3] === 0x52 &&
      this.endsToken(at + 4)
    ) {
      this.pos = at + 4;
      this.options.onReference?.(objectNumber);
      return new Reference(objectNumber, generation);
    }
    return undefined;
  }

  protected dictionary(): Dictionary {
    const start = this.pos;
    const entries = new Map<string, DictionaryEntry>();
    let ambiguous = false;
    this.pos += 2;
    for (;;) {
      this.skipSpace();
      const code = this.bytes[this.pos];
      if (code === 0x2f) {
        const key = this.nameText();
        this.skipSpace();
        const valueStart = this.pos;
        const value = this.value();
        ambiguous ||= entries.has(key);
        entries.set(key, { value, valueStart, valueEnd: this.pos });
      } else if (code === 0x3e && this.bytes[this.pos + 1] === 0x3e) {
        this.pos += 2;
        if (this.stringCipher !== undefined) {
          leaveContentsPlain(entries);
        }
        const span = { bytes: this.bytes, start, end: this.pos, cipher: this.stringCipher };
        return new Dictionary(span, entries, ambiguous);
      } else if (code === undefined || this.pos + 1 >= this.bytes.length) {
        this.ended();
      } else {
        throw damaged('a key or the end of a dictionary', this.excerpt());
      }
    }
  }
}

/** /Contents of a signature dictionary is never encrypted (ISO 32000-2, 7.6.2); no other dictionary has a /ByteRange. */
function leaveContentsPlain(entries: Map<string, DictionaryEntry>): void {
  const contents = entries.get('Contents');
  if (contents?.value instanceof PdfString && entries.has('ByteRange')) {
    const { bytes, start, end } = contents.value;
    entries.set('Contents', { ...contents, value: new PdfString(bytes, start, end) });
  }
}
