import { Parser } from '../syntax/parser.js';
import { Dictionary, Name, PdfArray, type PdfValue } from '../syntax/values.js';

/** Bytes from `start` to `end`, in the value's `bytes`. */
interface Superseded {
  readonly start: number;
  readonly end: number;
}

/**
 * The entries within a value, at any depth, that a later one of the same key replaces. qpdf, poppler, MuPDF, pdf.js and this
 * reader take the last; without the others, everyone does. The value was parsed before, so that it can be parsed.
 */
export function findSuperseded(value: PdfValue): Superseded[] {
  if (value instanceof PdfArray) {
    return value.items.flatMap(findSuperseded);
  }
  if (!(value instanceof Dictionary)) {
    return [];
  }
  const own = value.ambiguous ? supersededIn(value) : [];
  return [...own, ...[...value.entries.values()].flatMap((entry) => findSuperseded(entry.value))];
}

function supersededIn({ bytes, start, end }: Dictionary): Superseded[] {
  const parser = new Parser(bytes.subarray(0, end), start + 2, { maxNesting: Infinity, complete: true });
  const last = new Map<string, Superseded>();
  const superseded: Superseded[] = [];
  for (parser.skipSpace(); parser.pos < end - 2; parser.skipSpace()) {
    const keyStart = parser.pos;
    const key = parser.value();
    parser.value();
    const name = key instanceof Name ? key.value : '';
    const known = last.get(name);
    if (known !== undefined) {
      superseded.push(known);
    }
    last.set(name, { start: keyStart, end: parser.pos });
  }
  return superseded;
}
