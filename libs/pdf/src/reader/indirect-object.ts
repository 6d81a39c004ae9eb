import { damaged, type Parser } from '../syntax/parser.js';
import { type Dictionary, isName, type PdfValue } from '../syntax/values.js';
import { Dictionary as DictionaryClass } from '../syntax/values.js';
import type { Window } from './window.js';

/** An object as one place of the file defines it (ISO 32000-2, 7.3.10). */
export interface IndirectObject {
  readonly objectNumber: number;
  readonly generation: number;
  readonly value: PdfValue;
  /** Offset of the stream data in the file; undefined unless the object is a stream. */
  readonly dataOffset: number | undefined;
  /** File offset of position 0 of the bytes that `value` points into; undefined inside an object stream. */
  readonly base: number | undefined;
  /** File offset just after what was parsed: the value, or the `stream` keyword and its EOL. */
  readonly parsedEnd: number;
}

/** Parses `N G obj value`, and `stream` with its EOL if the object is one. */
export function parseIndirectObject(window: Window): IndirectObject {
  return parse(window, false);
}

/** As `parseIndirectObject`, for files that are repaired: without `endobj`, and with any EOL behind `stream`. */
export function parseDamagedObject(window: Window): IndirectObject {
  return parse(window, true);
}

function parse({ parser, base, securityHandler }: Window, isDamaged: boolean): IndirectObject {
  const objectNumber = parser.integer();
  const generation = parser.integer();
  parser.keyword('obj');
  const start = parser.pos;
  parser.stringCipher = securityHandler?.stringCipher(objectNumber, generation);
  let value = parser.value();
  let dataOffset: number | undefined;
  if (value instanceof DictionaryClass && parser.tryKeyword('stream')) {
    dataOffset = base + (isDamaged ? afterAnyEndOfLine(parser) : afterEndOfLine(parser));
    if (parser.stringCipher !== undefined && isName(value.get('Type'), 'XRef')) {
      // A cross-reference stream isn't encrypted, nor are the strings of its dictionary (ISO 32000-2, 7.5.8.2).
      value = plainValue(parser, start);
    }
  } else if (!parser.tryKeyword('endobj') && !isDamaged) {
    // Without it the value may have been cut off by what stands there now.
    throw damaged(`endobj after object ${objectNumber}`, parser.excerpt());
  }
  return { objectNumber, generation, value, dataOffset, base, parsedEnd: base + parser.pos };
}

function plainValue(parser: Parser, start: number): PdfValue {
  const back = parser.pos;
  parser.pos = start;
  parser.stringCipher = undefined;
  const value = parser.value();
  parser.pos = back;
  return value;
}

/** ISO 32000-2, 7.3.8.1: CRLF or LF, not CR alone. */
function afterEndOfLine(parser: Parser): number {
  if (parser.pos + 1 >= parser.bytes.length) {
    parser.needMore();
  }
  if (parser.bytes[parser.pos] === 13) {
    parser.pos += 1;
  }
  if (parser.bytes[parser.pos] !== 10) {
    throw damaged('an end of line after the keyword stream', parser.excerpt());
  }
  parser.pos += 1;
  return parser.pos;
}

/** CRLF, LF, and against the standard CR alone or blanks before it. */
export function afterAnyEndOfLine(parser: Parser): number {
  while (parser.bytes[parser.pos] === 0x20) {
    parser.pos += 1;
  }
  if (parser.pos + 1 >= parser.bytes.length) {
    parser.needMore();
  }
  parser.pos += parser.bytes[parser.pos] === 13 ? 1 : 0;
  parser.pos += parser.bytes[parser.pos] === 10 ? 1 : 0;
  return parser.pos;
}

/** The dictionary of a dictionary or stream object. */
export function dictionaryOf(object: IndirectObject | undefined): Dictionary | undefined {
  return object?.value instanceof DictionaryClass ? object.value : undefined;
}
