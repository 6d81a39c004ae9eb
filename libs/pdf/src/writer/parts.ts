import { PdfError } from '../errors.js';
import { isSpace } from '../syntax/parser.js';
import type { Dictionary, PdfArray, Span, StringCipher } from '../syntax/values.js';

/** Bytes of the document whose strings are encrypted for the object that they stood in. */
export interface SealedPart {
  readonly sealed: Uint8Array;
  readonly cipher: StringCipher;
}

/**
 * A piece of output: ASCII text, bytes that are shared and not copied until the increment is laid out, the digits of
 * /Contents, or bytes of an encrypted document. Strings are plain but in the last: the increment encrypts them.
 */
export type Part = string | Uint8Array | { readonly zeroDigits: number } | SealedPart;

/** What a key of a dictionary is to have as its value. */
export type Written = string | readonly Part[];

export function partLength(part: Part): number {
  if (typeof part === 'string' || part instanceof Uint8Array) {
    return part.length;
  }
  return 'zeroDigits' in part ? part.zeroDigits : part.sealed.length;
}

/** Copies the parts to `target` from `at`; gives the position behind them. */
export function copyParts(parts: readonly Part[], target: Buffer, at: number): number {
  let position = at;
  for (const part of parts) {
    if (typeof part === 'string') {
      position += target.write(part, position, 'latin1');
    } else if ('zeroDigits' in part) {
      target.fill(0x30, position, position + part.zeroDigits);
      position += part.zeroDigits;
    } else {
      const bytes = part instanceof Uint8Array ? part : part.sealed;
      target.set(bytes, position);
      position += bytes.length;
    }
  }
  return position;
}

/**
 * The dictionary as it was written, byte for byte, apart from the values of `changes`; keys that it lacks are added at
 * its end. Older signatures survive only what a viewer can see to be the same. Throws PdfError DAMAGED for a dictionary
 * in which a key stands twice, since readers differ on which one counts.
 */
export function editDictionary(dictionary: Dictionary, changes: ReadonlyMap<string, Written>): Part[] {
  if (dictionary.ambiguous) {
    throw new PdfError('DAMAGED', 'each key once in a dictionary that must be changed', 'a key that stands twice');
  }
  const { bytes, start, end, entries } = dictionary;
  const replaced = [...changes]
    .flatMap(([key, written]) => {
      const entry = entries.get(key);
      return entry === undefined ? [] : [{ ...entry, written }];
    })
    .sort((a, b) => a.valueStart - b.valueStart);
  const parts: Part[] = [];
  let copied = start;
  for (const { valueStart, valueEnd, written } of replaced) {
    // `/Key(value)` needs no space before its value, but what replaces the value may.
    parts.push(
      copySpan(dictionary, copied, valueStart),
      isSpace(bytes[valueStart - 1]) ? '' : ' ',
      ...asParts(written),
    );
    copied = valueEnd;
  }
  parts.push(copySpan(dictionary, copied, end - 2));
  for (const [key, written] of changes) {
    if (!entries.has(key)) {
      parts.push(` /${key} `, ...asParts(written));
    }
  }
  parts.push(' >>');
  return parts;
}

/** The array as it was written, with `items` added at its end. */
export function extendArray(array: PdfArray, items: string): Part[] {
  return [copySpan(array, array.start, array.end - 1), ` ${items}]`];
}

export function asParts(written: Written): readonly Part[] {
  return typeof written === 'string' ? [written] : written;
}

/** Bytes of the document from `start` to `end`, which don't cut a string in two. */
export function copySpan({ bytes, cipher }: Span, start: number, end: number): Part {
  const copied = bytes.subarray(start, end);
  return cipher === undefined ? copied : { sealed: copied, cipher };
}
