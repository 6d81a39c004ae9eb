import { PdfError } from '../errors.js';
import { isSpace, Parser } from '../syntax/parser.js';
import { Dictionary, type DictionaryEntry, PdfArray, type PdfValue } from '../syntax/values.js';

/** What ends an object whatever stands open. */
const endings = ['endobj', 'endstream', 'stream', 'startxref'] as const;

/**
 * What is passed over may cost a look at everything behind it: of strings that nobody closes each one does, so that a small
 * file of nothing but `(` would be read for minutes.
 */
const maxPassedOver = 1000;

/** How much more may be passed over, counted over all objects of a file. */
export interface Patience {
  left: number;
}

/**
 * Reads what the strict parser refuses, as other readers do: what can be no key is passed over, a key without a value is
 * left out, what can't be read in an array is null, and what is open at the end is closed there. `>>` ends an array too.
 */
class TolerantParser extends Parser {
  constructor(
    bytes: Buffer,
    maxNesting: number,
    private readonly patience: Patience,
  ) {
    super(bytes, 0, { maxNesting, complete: true });
  }

  protected override array(): PdfArray {
    const { bytes } = this;
    const start = this.pos;
    const items: PdfValue[] = [];
    this.pos += 1;
    for (;;) {
      this.skipSpace();
      if (bytes[this.pos] === 0x5d || this.isEnd()) {
        this.pos += bytes[this.pos] === 0x5d ? 1 : 0;
        return new PdfArray({ bytes, start, end: this.pos, cipher: this.stringCipher }, items);
      }
      items.push(this.valueOr(null));
    }
  }

  protected override dictionary(): Dictionary {
    const { bytes } = this;
    const start = this.pos;
    const entries = new Map<string, DictionaryEntry>();
    this.pos += 2;
    for (;;) {
      this.skipSpace();
      if (this.isEnd()) {
        this.pos += bytes[this.pos] === 0x3e ? 2 : 0;
        const span = { bytes, start, end: this.pos, cipher: this.stringCipher };
        return new Dictionary(span, entries, false);
      }
      if (bytes[this.pos] !== 0x2f) {
        this.valueOr(undefined);
        continue;
      }
      const key = this.nameText();
      this.skipSpace();
      const valueStart = this.pos;
      const value = this.isEnd() ? undefined : this.valueOr(undefined);
      if (value !== undefined) {
        entries.set(key, { value, valueStart, valueEnd: this.pos });
      }
    }
  }

  /** The value that comes next; `fallback` for what is none, which is passed over. */
  private valueOr<T>(fallback: T): PdfValue | T {
    const start = this.pos;
    try {
      return this.value();
    } catch (error) {
      this.patience.left -= 1;
      if (!(error instanceof PdfError) || error.code !== 'DAMAGED' || this.patience.left < 0) {
        throw error;
      }
      this.pos = Math.max(start + 1, this.tokenEnd(start));
      return fallback;
    }
  }

  /** True at `>>`, at a word that ends the object, and where the bytes end. */
  private isEnd(): boolean {
    const { bytes, pos } = this;
    if (pos >= bytes.length || (bytes[pos] === 0x3e && bytes[pos + 1] === 0x3e)) {
      return true;
    }
    const word = bytes.toString('latin1', pos, pos + 9);
    return endings.some((ending) => word.startsWith(ending));
  }
}

/** A value with whatever the strict parser would refuse in it put right; all else byte for byte. */
export function regularText(value: PdfValue): Buffer {
  if (value instanceof Dictionary) {
    if (isRegular(value)) {
      return value.raw();
    }
    const parts = [...value.entries].flatMap(([key, entry]) => [
      Buffer.from(` /${escapedName(key)} `, 'latin1'),
      textOfEntry(value, entry),
    ]);
    return Buffer.concat([Buffer.from('<<'), ...parts, Buffer.from(' >>')]);
  }
  if (value instanceof PdfArray) {
    return isRegular(value) ? value.raw() : Buffer.from(`[${value.items.map(textOfItem).join(' ')}]`, 'latin1');
  }
  return Buffer.from(textOfItem(value), 'latin1');
}

function textOfEntry({ bytes }: Dictionary, { value, valueStart, valueEnd }: DictionaryEntry): Buffer {
  return value instanceof Dictionary || value instanceof PdfArray
    ? regularText(value)
    : bytes.subarray(valueStart, valueEnd);
}

function textOfItem(item: PdfValue): string {
  if (item === null || typeof item === 'boolean') {
    return String(item);
  }
  if (typeof item === 'number') {
    return String(Number(item.toFixed(6)));
  }
  if (item instanceof Dictionary || item instanceof PdfArray) {
    return regularText(item).toString('latin1');
  }
  if ('objectNumber' in item) {
    return `${item.objectNumber} ${item.generation} R`;
  }
  return 'raw' in item ? item.raw().toString('latin1') : `/${escapedName(item.value)}`;
}

function escapedName(name: string): string {
  return name.replaceAll(/[^!"$&'*-.0-;=?-Z\\^-z|]/g, (character) => {
    return `#${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** True for what the strict parser reads to the same end, with no key that stands twice. */
function isRegular({ bytes, start, end }: Dictionary | PdfArray): boolean {
  const parser = new Parser(bytes.subarray(0, end), start, { maxNesting: Infinity, complete: true });
  try {
    return !hasTwice(parser.value()) && parser.pos === end;
  } catch (error) {
    if (error instanceof PdfError) {
      return false;
    }
    throw error;
  }
}

function hasTwice(value: PdfValue): boolean {
  if (value instanceof PdfArray) {
    return value.items.some(hasTwice);
  }
  return (
    value instanceof Dictionary &&
    (value.ambiguous || [...value.entries.values()].some((entry) => hasTwice(entry.value)))
  );
}

export function newPatience(): Patience {
  return { left: maxPassedOver };
}

/**
 * Reads a dictionary from the beginning of `bytes` on; undefined for anything else. Throws PdfError LIMIT_EXCEEDED, or
 * DAMAGED when patience ends.
 */
export function tolerantDictionary(bytes: Buffer, maxNesting: number, patience: Patience): Dictionary | undefined {
  const parser = new TolerantParser(bytes, maxNesting, patience);
  while (isSpace(bytes[parser.pos])) {
    parser.pos += 1;
  }
  if (bytes[parser.pos] !== 0x3c || bytes[parser.pos + 1] !== 0x3c) {
    return undefined;
  }
  const value = parser.value();
  return value instanceof Dictionary ? value : undefined;
}
