import { Readable } from 'node:stream';
import { SigningError } from '@kyso/contracts';
import { CsvError, parse } from 'csv-parse';
import { delimiterOf } from '../csv/csv.js';
import { manifestFault, type SentLine } from './manifest-lines.js';

const itemColumns = ['documentId', 'object', 'expectedVersion', 'reference', 'policy'] as const;
const actorColumns = ['actorId', 'actorName'] as const;
const stepColumns = [
  'credentialId',
  'level',
  'reason',
  'location',
  'template',
  'field',
  'activationId',
  'number',
  'date',
  'note',
] as const;
export const maxRowBytes = 65_536;
/** Enough for the headings. */
const headBytes = 8_192;

type Cell = (row: Row, text: string) => void;
interface Row {
  [member: string]: unknown;
  steps?: Record<string, string>[];
  actor?: { id?: string; name?: string };
}

/**
 * The rows of a CSV manifest as they come: UTF-8, commas, semicolons or tabs; headings as the members of an item, and for those of
 * a step its number before them (`2.number`), which may be left out where the batch has one step. Empty cells say nothing.
 * Throws MANIFEST_INVALID.
 */
export async function* csvLines(body: AsyncIterable<Uint8Array>, stepCount: number): AsyncGenerator<SentLine> {
  const { delimiter, whole } = await sniff(utf8(body));
  let cells: Cell[] = [];
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    trim: true,
    skip_empty_lines: true,
    max_record_size: maxRowBytes,
    columns: (headings: string[]) => {
      const names = headings.map((heading) => heading.trim());
      const again = names.find((name, index) => names.indexOf(name) !== index);
      if (again !== undefined) throw manifestFault(1, 'each heading once', again.slice(0, 100));
      cells = names.map((name) => cellOf(name, stepCount));
      return headings.map((_heading, index) => String(index));
    },
  });
  const source = Readable.from(whole);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      const row: Row = {};
      for (const [index, fill] of cells.entries()) {
        const text = record[String(index)] ?? '';
        if (text !== '') fill(row, text);
      }
      yield { line: info.lines, value: row };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SigningError('MANIFEST_INVALID', { expected: 'a CSV file', found: error.message.slice(0, 200) });
  }
}

/** The bytes as they are; throws MANIFEST_INVALID where they are not UTF-8, as an old Excel's are not. */
async function* utf8(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  const assertUtf8 = (bytes: Uint8Array | undefined): void => {
    try {
      decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw manifestFault(lines, 'UTF-8', 'other bytes, there or after it');
    }
  };
  for await (const bytes of body) {
    assertUtf8(bytes);
    for (const byte of bytes) if (byte === 10) lines += 1;
    yield bytes;
  }
  assertUtf8(undefined);
}

/** What a column's cells do to an item. Throws MANIFEST_INVALID for a heading that is none. */
function cellOf(heading: string, stepCount: number): Cell {
  // What is no number is left as it is, for the schema to refuse.
  if (heading === 'expectedVersion')
    return (row, text) => (row[heading] = /^\d{1,9}$/.test(text) ? Number(text) : text);
  if (isOneOf(itemColumns, heading)) return (row, text) => (row[heading] = text);
  if (isOneOf(actorColumns, heading)) {
    const member = heading === 'actorId' ? 'id' : 'name';
    return (row, text) => ((row.actor ??= {})[member] = text);
  }
  const match = /^(?:([1-8])\.)?(\w+)$/.exec(heading);
  const step = match?.[1] === undefined ? (stepCount === 1 ? 1 : undefined) : Number(match[1]);
  const member = match?.[2] ?? '';
  if (step !== undefined && step <= stepCount && isOneOf(stepColumns, member)) {
    return (row, text) => {
      row.steps ??= Array.from({ length: stepCount }, () => ({}));
      const own = row.steps[step - 1];
      if (own !== undefined) own[member] = text;
    };
  }
  const ofSteps = stepCount === 1 ? stepColumns : stepColumns.map((name) => `1.${name}`);
  throw manifestFault(
    1,
    `headings out of ${[...itemColumns, ...actorColumns, ...ofSteps].join(', ')}`,
    heading.slice(0, 100),
  );
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

/** Looks at the headings for the delimiter; gives the whole body again. */
async function sniff(
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly delimiter: string; readonly whole: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const early: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < headBytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    early.push(next.value);
    bytes += next.value.byteLength;
    if (next.value.includes(10)) break;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* early;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  }
  return { delimiter: delimiterOf(Buffer.concat(early).toString('utf8')), whole: whole() };
}
