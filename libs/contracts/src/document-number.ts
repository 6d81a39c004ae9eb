import { SigningError } from './signing-error.js';

/**
 * Number and symbol of a Vietnamese document (Nghị định 30/2020/NĐ-CP, annex I, II.3): `123/QĐ-UBND`; with the year, as legal
 * documents have it: `15/2026/QĐ-UBND`; as the party writes it: `12-QĐ/TU`.
 */
export interface DocumentNumber {
  /** As it is written on the document: NFC, upper case, a number below 10 with its leading zero. */
  readonly text: string;
  /** The same for all spellings of one number: without leading zeros. For registers. */
  readonly key: string;
}

/** Up to six digits and a letter for a number that was put in between: 123a/QĐ-UBND. */
const numberPart = String.raw`(?<digits>\d{1,6})(?<letter>\p{L}?)`;
/** Abbreviations of the kind of document and of who issues it. */
const symbolPart = String.raw`(?<symbol>\p{L}[\p{L}\d.]{0,15}(?:[-/&]\p{L}[\p{L}\d.]{0,15}){0,5})`;
const pattern = new RegExp(`^${numberPart}(?<separator>[/-])(?:(?<year>\\d{4})/)?${symbolPart}$`, 'u');

/** Throws SigningError NUMBER_INVALID. */
export function parseDocumentNumber(written: string): DocumentNumber {
  const plain = written
    .normalize('NFC')
    .replaceAll(/ *([/-]) */g, '$1')
    .trim();
  const found = pattern.exec(plain)?.groups;
  const value = Number(found?.['digits']);
  if (found === undefined || value === 0) {
    throw new SigningError('NUMBER_INVALID', {
      expected: 'number and symbol such as 123/QĐ-UBND, 15/2026/QĐ-UBND or 12-QĐ/TU',
      found: JSON.stringify(written.slice(0, 60)),
    });
  }
  const { letter = '', separator = '/', year, symbol = '' } = found;
  const rest = `${letter.toLowerCase()}${separator}${year === undefined ? '' : `${year}/`}${symbol.toUpperCase()}`;
  return { text: `${String(value).padStart(2, '0')}${rest}`, key: `${value}${rest}` };
}

const vietnamOffsetMs = 7 * 3_600_000;

/** The day in Vietnam, `yyyy-mm-dd`. */
export function vietnamDate(instant: Date): string {
  return new Date(instant.getTime() + vietnamOffsetMs).toISOString().slice(0, 10);
}

/** Refuses a date of a document, `yyyy-mm-dd`, that lies behind today in Vietnam. Throws SigningError DATE_INVALID. */
export function assertDocumentDate(date: string, now: Date): void {
  const today = vietnamDate(now);
  if (date > today || date < '1945-09-02') {
    throw new SigningError('DATE_INVALID', { expected: `a date until ${today}`, found: date });
  }
}
