import { afterAnyEndOfLine } from '../reader/indirect-object.js';
import { damaged, type Parser } from '../syntax/parser.js';
import { Dictionary, isName, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import type { FoundObject, FoundTrailer } from './found.js';

/** What the scan needs to know of an object's or a trailer's body. Offsets are those of the file. */
export interface Body {
  readonly valueEnd: number;
  /** Just after `endobj` or `stream` with its end of line; that of the value where neither follows. */
  readonly end: number;
  readonly isClosed: boolean;
  readonly type: FoundObject['type'];
  readonly integer: number | undefined;
  readonly stream:
    | { readonly dataOffset: number; readonly length: number | undefined; readonly lengthReference: number | undefined }
    | undefined;
  readonly isSigned: boolean;
  readonly trailer: { readonly root: number | undefined; readonly raw: FoundTrailer['raw'] } | undefined;
}

/** Parses what stands behind `N G obj`. Throws PdfError, or `outOfWindow`. */
export function parseBody(parser: Parser, base: number): Body {
  const start = parser.pos;
  const value = parser.value();
  const valueEnd = base + parser.pos;
  const dictionary = value instanceof Dictionary ? value : undefined;
  const isStream = dictionary !== undefined && parser.tryKeyword('stream');
  const length = dictionary?.get('Length');
  const stream = isStream
    ? {
        dataOffset: base + afterAnyEndOfLine(parser),
        length: isUnsigned(length) ? length : undefined,
        lengthReference: length instanceof Reference ? length.objectNumber : undefined,
      }
    : undefined;
  const isClosed = isStream || parser.tryKeyword('endobj');
  return {
    valueEnd,
    end: base + parser.pos,
    isClosed,
    type: typeOf(dictionary, isStream),
    integer: isUnsigned(value) ? value : undefined,
    stream,
    isSigned: bearsSignature(dictionary, parser.bytes.subarray(start, valueEnd - base)),
    trailer: dictionary !== undefined && isName(dictionary.get('Type'), 'XRef') ? trailerOf(dictionary) : undefined,
  };
}

/** Parses what stands behind `trailer`. Throws PdfError, or `outOfWindow`. */
export function parseTrailer(parser: Parser, base: number): Body {
  const start = parser.pos;
  const dictionary = parser.value();
  if (!(dictionary instanceof Dictionary)) {
    throw damaged('a trailer dictionary', 'something else');
  }
  const end = base + parser.pos;
  return {
    valueEnd: end,
    end,
    isClosed: true,
    type: undefined,
    integer: undefined,
    stream: undefined,
    isSigned: bearsSignature(dictionary, parser.bytes.subarray(start, parser.pos)),
    trailer: trailerOf(dictionary),
  };
}

/** A signature value, wherever it stands within the object, or a signature field whose value may be lost. */
function bearsSignature(dictionary: Dictionary | undefined, raw: Buffer): boolean {
  const hasValue = dictionary?.get('V') !== undefined && dictionary.get('V') !== null;
  return raw.includes('/ByteRange') || (hasValue && isName(dictionary?.get('FT'), 'Sig'));
}

function trailerOf(dictionary: Dictionary): Body['trailer'] {
  const root = dictionary.get('Root');
  const raw: FoundTrailer['raw'] = new Map();
  for (const key of ['Info', 'ID', 'Encrypt'] as const) {
    const entry = dictionary.entries.get(key);
    if (entry !== undefined) {
      raw.set(key, dictionary.bytes.subarray(entry.valueStart, entry.valueEnd));
    }
  }
  return { root: root instanceof Reference ? root.objectNumber : undefined, raw };
}

function typeOf(dictionary: Dictionary | undefined, isStream: boolean): FoundObject['type'] {
  const type = dictionary?.get('Type');
  const named = (['ObjStm', 'XRef', 'Catalog'] as const).find((name) => isName(type, name));
  if (named !== undefined || dictionary === undefined) {
    return named;
  }
  // Readers know an object stream by these, whatever it calls itself, and an encryption dictionary has no /Type at all.
  if (isStream && isUnsigned(dictionary.get('N')) && isUnsigned(dictionary.get('First'))) {
    return 'ObjStm';
  }
  const hasPasswords = ['O', 'U'].every((key) => dictionary.get(key) instanceof PdfString);
  return isName(dictionary.get('Filter'), 'Standard') && hasPasswords ? 'Encrypt' : undefined;
}

function isUnsigned(value: PdfValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
