import { isDigit, isSpace } from '../syntax/parser.js';

/** `N G obj` with the white space that producers put between fits into so many bytes. */
export const headerBytes = 64;
/** ISO 32000-1, annex C, table C.1. */
const maxObjectNumber = 8_388_607;
const maxGeneration = 65_535;

/** A header in some bytes; `start` is where the object number begins, `end` just after `obj`. */
export interface ObjectHeader {
  readonly objectNumber: number;
  readonly generation: number;
  readonly start: number;
  readonly end: number;
}

/** The numbers before an `obj` at `at`; undefined where that is no header (`endobj`, `/Someobj`, text). */
export function matchHeader(bytes: Buffer, at: number): ObjectHeader | undefined {
  if (isLetter(bytes[at + 3] ?? 0x20) || isLetter(bytes[at - 1] ?? 0x64)) {
    return undefined;
  }
  const afterGeneration = backOverSpace(bytes, at);
  const generation = backOverDigits(bytes, afterGeneration);
  const afterNumber = backOverSpace(bytes, generation.start);
  const number = backOverDigits(bytes, afterNumber);
  if (
    generation.start === afterGeneration ||
    afterNumber === generation.start ||
    number.start === afterNumber ||
    at - number.start > headerBytes ||
    number.value === 0 ||
    number.value > maxObjectNumber ||
    generation.value > maxGeneration
  ) {
    return undefined;
  }
  return { objectNumber: number.value, generation: generation.value, start: number.start, end: at + 3 };
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function backOverSpace(bytes: Buffer, end: number): number {
  let start = end;
  while (start > 0 && end - start < headerBytes && isSpace(bytes[start - 1])) {
    start -= 1;
  }
  return start;
}

function backOverDigits(bytes: Buffer, end: number): { start: number; value: number } {
  let start = end;
  let value = 0;
  let unit = 1;
  // Eleven digits are more than any number here may have, and the value says so.
  while (start > 0 && end - start < 11 && isDigit(bytes[start - 1])) {
    start -= 1;
    value += ((bytes[start] ?? 0x30) - 0x30) * unit;
    unit *= 10;
  }
  return { start, value };
}
