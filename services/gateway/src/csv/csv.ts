import { importFault, SigningError, type ImportFault } from '@kyso/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

/** A row of a spreadsheet: what stands in each column, and on which line of the file it begins. */
export interface CsvRow<Column extends string> {
  readonly line: number;
  /** Trimmed; empty cells are left out. */
  readonly cells: Readonly<Partial<Record<Column, string>>>;
}

/** More officials than a province has. */
const maxRows = 5_000;
/** A cell holds an image at the most. */
const maxRowBytes = 6_000_000;

/**
 * Reads a CSV file as spreadsheets write it: UTF-8 with or without a byte order mark, commas, semicolons or tabs, headings in the
 * first line in any order. Throws REQUEST_INVALID for what is no such file; unknown headings are faults.
 */
export function readCsv<Column extends string>(
  file: Buffer,
  columns: readonly Column[],
): { readonly rows: CsvRow<Column>[]; readonly faults: ImportFault[] } {
  const text = decoded(file);
  const faults: ImportFault[] = [];
  let headings: string[] = [];
  let records: { readonly info: { readonly lines: number }; readonly record: Record<string, string> }[];
  try {
    records = parse(text, {
      delimiter: [delimiterOf(text)],
      columns: (found: string[]) => (headings = found.map((heading) => heading.trim())),
      info: true,
      skip_empty_lines: true,
      trim: true,
      to: maxRows + 1,
      max_record_size: maxRowBytes,
    }) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SigningError('REQUEST_INVALID', {
      expected: 'a CSV file',
      found: `${error.code}: ${shortened(error.message)}`,
    });
  }
  if (records.length > maxRows) {
    throw new SigningError('REQUEST_INVALID', { expected: `at most ${maxRows} rows`, found: 'more' });
  }
  const known: readonly string[] = columns;
  for (const [index, heading] of headings.entries()) {
    if (!known.includes(heading)) faults.push(headingFault(heading, `one of ${columns.join(', ')}`));
    else if (headings.indexOf(heading) !== index) faults.push(headingFault(heading, 'each heading once'));
  }
  let line = 2;
  const rows = records.map(({ info, record }) => {
    const row = { line, cells: cellsOf<Column>(record) };
    line = info.lines + 1;
    return row;
  });
  return { rows, faults };
}

/** Writes what `readCsv` reads, with a byte order mark, since Excel takes it for another encoding without one. */
export function writeCsv<Column extends string>(
  columns: readonly Column[],
  rows: readonly CsvRow<Column>['cells'][],
): string {
  // A cell that begins like a formula would be run where it is opened.
  const safe = rows.map((row) => columns.map((column) => (row[column] ?? '').replace(/^(?=[=+@\t\r])/, "'")));
  return stringify([[...columns], ...safe], { bom: true, record_delimiter: 'windows' });
}

function decoded(file: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file);
  } catch {
    throw new SigningError('REQUEST_INVALID', {
      expected: 'a CSV file in UTF-8',
      found: 'other bytes; in Excel save as “CSV UTF-8”',
    });
  }
}

/** The one that the heading holds most of. */
export function delimiterOf(text: string): string {
  const heading = text.slice(0, Math.max(0, text.search(/[\r\n]/)) || text.length);
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: heading.split(delimiter).length }));
  return counts.toSorted((a, b) => b.count - a.count)[0]?.delimiter ?? ',';
}

function cellsOf<Column extends string>(record: Readonly<Record<string, string>>): CsvRow<Column>['cells'] {
  const filled = Object.entries(record).filter(([, cell]) => cell !== '');
  // What was written so that no spreadsheet runs it.
  const plain = filled.map(([heading, cell]) => [heading, cell.replace(/^'(?=[=+@\t\r])/, '')] as const);
  return Object.fromEntries(plain) as CsvRow<Column>['cells'];
}

function headingFault(column: string, expected: string): ImportFault {
  const found = shortened(column);
  const messageEn = `The heading is wrong: expected ${expected}.`;
  return importFault('HEADING_WRONG', { line: 1, column, detail: found, messageEn, found });
}

/** Enough of a cell to find it. */
export function shortened(cell: string): string {
  return cell.length <= 60 ? cell : `${cell.slice(0, 57)}…`;
}
