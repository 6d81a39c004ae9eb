import { PdfError } from '../errors.js';
import { isSpace } from '../syntax/parser.js';
import type { Dictionary, PdfArray } from '../syntax/values.js';

/** A piece of output: ASCII text, bytes that are shared and not copied until the increment is laid out, or zeros. */
export type Part = string | Uint8Array | { readonly zeroDigits: number };

export function partLength(part: Part): number {
  return typeof part === 'object' && 'zeroDigits' in part ? part.zeroDigits : part.length;
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
      target.set(part, position);
      position += part.length;
    }
  }
  return position;
}

/**
 * The dictionary as it was written, byte for byte, apart from the values of `changes`; keys that it lacks are added at
 * its end. Older signatures survive only what a viewer can see to be the same. Throws PdfError DAMAGED for a dictionary
 * in which a key stands twice, since readers differ on which one counts.
 */
export function editDictionary(dictionary: Dictionary, changes: ReadonlyMap<string, string>): Part[] {
  if (dictionary.ambiguous) {
    throw new PdfError('DAMAGED', 'each key once in a dictionary that must be changed', 'a key that stands twice');
  }
  const { bytes, start, end, entries } = dictionary;
  const replaced = [...changes]
    .flatMap(([key, text]) => {
      const entry = entries.get(key);
      return entry === undefined ? [] : [{ ...entry, text }];
    })
    .sort((a, b) => a.valueStart - b.valueStart);
  const parts: Part[] = [];
  let copied = start;
  for (const { valueStart, valueEnd, text } of replaced) {
    // `/Key(value)` needs no space before its value, but what replaces the value may.
    parts.push(bytes.subarray(copied, valueStart), isSpace(bytes[valueStart - 1]) ? text : ` ${text}`);
    copied = valueEnd;
  }
  parts.push(bytes.subarray(copied, end - 2));
  for (const [key, text] of changes) {
    if (!entries.has(key)) {
      parts.push(` /${key} ${text}`);
    }
  }
  parts.push(' >>');
  return parts;
}

/** The array as it was written, with `items` added at its end. */
export function extendArray(array: PdfArray, items: string): Part[] {
  return [array.bytes.subarray(array.start, array.end - 1), ` ${items}]`];
}

/** As text, one character a byte, to become the value of a dictionary's key. */
export function asText(parts: readonly Part[]): string {
  const buffer = Buffer.allocUnsafe(parts.reduce((length, part) => length + partLength(part), 0));
  copyParts(parts, buffer, 0);
  return buffer.toString('latin1');
}
