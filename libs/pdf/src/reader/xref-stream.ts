import { limitExceeded } from '../limits.js';
import { asBuffer } from '../sources.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, isName, PdfArray, type PdfValue } from '../syntax/values.js';
import { decodeStream } from './filters.js';
import { parseIndirectObject } from './indirect-object.js';
import { freeEntry, type XrefEntry } from './section.js';
import type { WindowReader } from './window.js';

/** `row` is the index of the first entry among all rows. */
interface Subsection {
  readonly first: number;
  readonly count: number;
  readonly row: number;
}

/** A cross-reference stream (ISO 32000-2, 7.5.8). */
export class XrefStream {
  private constructor(
    private readonly rows: Buffer,
    private readonly widths: readonly [number, number, number],
    readonly subsections: readonly Subsection[],
    readonly found: {
      readonly trailer: Dictionary;
      readonly end: number;
      readonly size: number;
      readonly headerOffset: number;
    },
  ) {}

  /** `offset` is the file offset of the stream's object. */
  static async read(reader: WindowReader, offset: number, headerOffset: number): Promise<XrefStream> {
    const object = await reader.at(offset, parseIndirectObject);
    const trailer = object.value;
    if (!(trailer instanceof Dictionary) || object.dataOffset === undefined || !isName(trailer.get('Type'), 'XRef')) {
      throw damaged('a cross-reference section', `object ${object.objectNumber}`);
    }
    // The table that would resolve a reference is what is being read, so /Length must be direct (7.5.8.2).
    const length = reader.isTolerant
      ? await lengthByItsEnd(reader, object.dataOffset)
      : unsigned(trailer.get('Length'), 'Length');
    if (length > reader.limits.maxObjectBytes) {
      throw limitExceeded(`a stream of at most ${reader.limits.maxObjectBytes} bytes`, length);
    }
    const stored = asBuffer(await reader.source.read(object.dataOffset, length));
    const rows = await decodeStream(trailer, stored, {
      maxInflatedBytes: reader.limits.maxInflatedBytes,
      tolerance: undefined,
    });
    const widths = readWidths(trailer.get('W'));
    const subsections = readIndex(trailer, reader.limits.maxObjects);
    const last = subsections.at(-1);
    const rowBytes = widths[0] + widths[1] + widths[2];
    if (last !== undefined && (last.row + last.count) * rowBytes > rows.length) {
      throw damaged(`${last.row + last.count} cross-reference entries`, `${Math.floor(rows.length / rowBytes)}`);
    }
    const size = subsections.reduce((highest, { first, count }) => Math.max(highest, first + count), 0);
    const end = object.dataOffset + length;
    return new XrefStream(rows, widths, subsections, { trailer, end, size, headerOffset });
  }

  lookup(objectNumber: number): XrefEntry | undefined {
    const subsection = this.subsections.find(
      ({ first, count }) => objectNumber >= first && objectNumber < first + count,
    );
    return subsection === undefined ? undefined : this.entry(subsection.row + objectNumber - subsection.first);
  }

  entries(): Map<number, XrefEntry> {
    const all = new Map<number, XrefEntry>();
    for (const { first, count, row } of this.subsections) {
      for (let index = 0; index < count; index += 1) {
        if (!all.has(first + index)) {
          all.set(first + index, this.entry(row + index));
        }
      }
    }
    return all;
  }

  private entry(row: number): XrefEntry {
    const [typeWidth, secondWidth, thirdWidth] = this.widths;
    const at = row * (typeWidth + secondWidth + thirdWidth);
    const type = typeWidth === 0 ? 1 : this.field(at, typeWidth);
    const second = this.field(at + typeWidth, secondWidth);
    const third = this.field(at + typeWidth + secondWidth, thirdWidth);
    switch (type) {
      case 1:
        return second === 0
          ? freeEntry
          : { kind: 'offset', offset: second + this.found.headerOffset, generation: third };
      case 2:
        return { kind: 'compressed', container: second, index: third };
      default:
        // 0 is free; any other type is to be read as a reference to null (ISO 32000-2, table 18).
        return freeEntry;
    }
  }

  /** Big-endian; by multiplication, since offsets go beyond 32 bits. */
  private field(at: number, width: number): number {
    let value = 0;
    for (let index = at; index < at + width; index += 1) {
      value = value * 256 + (this.rows[index] ?? 0);
    }
    return value;
  }
}

/** Longer cross-reference streams have a right /Length. */
const searchedBytes = 1024 * 1024;

/** Up to `endstream`, the end of line before it included: deflated data says itself where it ends. */
async function lengthByItsEnd({ source }: WindowReader, dataOffset: number): Promise<number> {
  const found = asBuffer(await source.read(dataOffset, searchedBytes)).indexOf('endstream', 0, 'latin1');
  if (found < 0) {
    throw damaged('the end of a cross-reference stream', 'none');
  }
  return found;
}

function unsigned(value: PdfValue | undefined, key: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw damaged(`an unsigned integer as /${key}`, 'something else');
  }
  return value;
}

function readWidths(value: PdfValue | undefined): [number, number, number] {
  const items = value instanceof PdfArray ? value.items : [];
  const [type, second, third] = items.slice(0, 3).map((item) => unsigned(item, 'W'));
  if (type === undefined || second === undefined || third === undefined) {
    throw damaged('three widths in /W', String(items.length));
  }
  if (type > 4 || second > 8 || third > 8 || second === 0) {
    throw damaged('field widths of at most 8 bytes', `${type}, ${second} and ${third}`);
  }
  return [type, second, third];
}

function readIndex(trailer: Dictionary, maxObjects: number): Subsection[] {
  const index = trailer.get('Index');
  const numbers = index instanceof PdfArray ? index.items : [0, trailer.get('Size') ?? null];
  const subsections: Subsection[] = [];
  let row = 0;
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const count = unsigned(numbers[at + 1], 'Index');
    subsections.push({ first: unsigned(numbers[at], 'Index'), count, row });
    row += count;
    if (row > maxObjects) {
      throw limitExceeded(`at most ${maxObjects} objects`, row);
    }
  }
  return subsections;
}
