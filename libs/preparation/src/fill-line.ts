import type { Certificate } from '@kyso/cms';

const vietnamOffsetMs = 7 * 3_600_000;

/** `dd-mm-yyyy hh:mm:ss +07:00`, Vietnam's zone whatever this machine's is (Nghị định 30/2020/NĐ-CP, annex I). */
export function vietnamTime(instant: Date): string {
  const iso = new Date(instant.getTime() + vietnamOffsetMs).toISOString();
  return `${iso.slice(8, 10)}-${iso.slice(5, 7)}-${iso.slice(0, 4)} ${iso.slice(11, 19)} +07:00`;
}

/** What stands in lines instead of names in braces. */
export interface LineFacts {
  readonly certificate: Pick<Certificate, 'commonName' | 'organisation' | 'email'>;
  readonly signingTime: Date;
  /** Number and symbol of the document, as they are drawn. */
  readonly number?: string | undefined;
  /** Date of the document, `yyyy-mm-dd`. */
  readonly date?: string | undefined;
  readonly note?: string | undefined;
}

/** The names that lines may hold in braces. */
export const lineVariables = [
  'signerName',
  'organisationName',
  'email',
  'signingTime',
  'number',
  'serial',
  'date',
  'day',
  'month',
  'year',
  'note',
] as const;
export type LineVariable = (typeof lineVariables)[number];

const pattern = new RegExp(String.raw`\{(${lineVariables.join('|')})\}`, 'g');

/**
 * Fills the names in braces of an appearance's line, all in one pass: what a value brings along is not filled in. What is not
 * stated becomes empty; other braces stay as they are.
 */
export function fillLine(line: string, facts: LineFacts): string {
  return line.replaceAll(pattern, (_match, name: LineVariable) => valueOf(name, facts));
}

function valueOf(name: LineVariable, { certificate, signingTime, number, date, note }: LineFacts): string {
  switch (name) {
    case 'signerName':
      return certificate.commonName;
    case 'organisationName':
      return certificate.organisation ?? '';
    case 'email':
      return certificate.email ?? '';
    case 'signingTime':
      return vietnamTime(signingTime);
    case 'number':
      return number ?? '';
    case 'serial':
      return /^\d+\p{L}?/u.exec(number ?? '')?.[0] ?? '';
    case 'note':
      return note ?? '';
    default:
      return date === undefined ? '' : datePart(name, date);
  }
}

/** Days below 10 and the months 1 and 2 take a leading 0 (Nghị định 30/2020/NĐ-CP, annex I, II.4); other months none. */
function datePart(name: 'date' | 'day' | 'month' | 'year', date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  switch (name) {
    case 'day':
      return day;
    case 'month':
      return Number(month) <= 2 ? month : String(Number(month));
    case 'year':
      return year;
    default:
      return `${day}-${month}-${year}`;
  }
}
