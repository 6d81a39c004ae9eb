import type { ByteSource } from '../byte-source.js';
import { limitExceeded } from '../limits.js';
import { asBuffer } from '../sources.js';
import { damaged, isDigit, isSpace, type Parser } from '../syntax/parser.js';
import { Dictionary } from '../syntax/values.js';
import { freeEntry, type XrefEntry } from './section.js';
import type { Window, WindowReader } from './window.js';

/** `nnnnnnnnnn ggggg n` without its end of line. */
const entryBytes = 18;
/** Two bytes end a line (ISO 32000-2, 7.5.4); sloppy producers write one, or a blank and two. */
const maxLineEndBytes = 4;

/** With this much left of a window it goes on; it would be read anew, and wider, were it to end within a header. */
const maxHeaderBytes = 64;

/** A run of entries; `entriesAt` is the file offset of the first one, `width` its bytes: 20, or 19 to 22 by sloppy producers. */
interface Subsection {
  readonly first: number;
  readonly count: number;
  readonly entriesAt: number;
  readonly width: number;
  readonly isShifted: boolean;
}

/**
 * A classic cross-reference table (ISO 32000-2, 7.5.4). Entries have a fixed width, so that an entry is read where it
 * is and the rest of a table of 100,000 objects is not.
 */
export class XrefTable {
  private constructor(
    private readonly source: ByteSource,
    private readonly headerOffset: number,
    readonly subsections: readonly Subsection[],
    readonly found: {
      readonly trailer: Dictionary;
      readonly end: number;
      readonly size: number;
      readonly isShifted: boolean;
    },
  ) {}

  /**
   * Reads the subsections' headers and the trailer, at once where they are in memory; undefined where `xref` doesn't stand at
   * the file offset. A small table takes one window: a file of 500 revisions has 500 of them.
   */
  static read(
    reader: WindowReader,
    offset: number,
    headerOffset: number,
  ): XrefTable | undefined | Promise<XrefTable | undefined> {
    const part = reader.at(offset, (window) =>
      tryXref(window.parser) ? readPart(reader, window, nothingRead) : undefined,
    );
    return part instanceof Promise || part?.trailer === undefined
      ? XrefTable.readOn(reader, part, headerOffset)
      : XrefTable.of(reader, part, headerOffset);
  }

  private static async readOn(
    reader: WindowReader,
    first: TablePart | undefined | Promise<TablePart | undefined>,
    headerOffset: number,
  ): Promise<XrefTable | undefined> {
    let part = await first;
    const subsections = [...(part?.subsections ?? [])];
    while (part !== undefined && part.trailer === undefined) {
      const before: TablePart = part;
      part = await reader.at(before.end, (window) => readPart(reader, window, before));
      for (const subsection of part.subsections) {
        subsections.push(subsection);
      }
    }
    return part && XrefTable.of(reader, { ...part, subsections }, headerOffset);
  }

  private static of(reader: WindowReader, part: TablePart, headerOffset: number): XrefTable {
    const { subsections, trailer, end } = part;
    if (trailer === undefined) {
      throw damaged('a trailer dictionary', 'none');
    }
    let size = 0;
    let isShifted = false;
    for (const subsection of subsections) {
      size = Math.max(size, subsection.first + subsection.count);
      isShifted ||= subsection.isShifted;
    }
    return new XrefTable(reader.source, headerOffset, subsections, { trailer, end, size, isShifted });
  }

  lookup(objectNumber: number): XrefEntry | undefined | Promise<XrefEntry | undefined> {
    for (const { first, count, entriesAt, width } of this.subsections) {
      if (objectNumber >= first && objectNumber < first + count) {
        const at = entriesAt + (objectNumber - first) * width;
        const line = this.source.peek?.(at, width);
        return line === undefined ? this.readEntry(at, width) : parseEntry(asBuffer(line), this.headerOffset);
      }
    }
    return undefined;
  }

  private async readEntry(at: number, width: number): Promise<XrefEntry> {
    return parseEntry(asBuffer(await this.source.read(at, width)), this.headerOffset);
  }

  async entries(): Promise<Map<number, XrefEntry>> {
    const all = new Map<number, XrefEntry>();
    for (const { first, count, entriesAt, width } of this.subsections) {
      const lines = asBuffer(await this.source.read(entriesAt, count * width));
      for (let index = 0; index < count; index += 1) {
        const entry = parseEntry(lines.subarray(index * width, (index + 1) * width), this.headerOffset);
        if (!all.has(first + index)) {
          all.set(first + index, entry);
        }
      }
    }
    return all;
  }
}

/** Consumes `xref` if it comes next; some producers write the first number right behind it. */
function tryXref(parser: Parser): boolean {
  const back = parser.pos;
  parser.skipSpace();
  const end = parser.pos + 4;
  if (end >= parser.bytes.length) {
    parser.needMore();
  }
  const isXref = parser.bytes.toString('latin1', parser.pos, end) === 'xref';
  const follows = parser.bytes[end];
  parser.pos = isXref && (isSpace(follows) || isDigit(follows)) ? end : back;
  return parser.pos === end;
}

/** What one window holds of a table: its end with the trailer, else what stands before the next subsection, at `end`. */
interface TablePart {
  readonly subsections: readonly Subsection[];
  /** Entries up to there. */
  readonly total: number;
  readonly trailer: Dictionary | undefined;
  /** File offset. */
  readonly end: number;
}

const nothingRead: TablePart = { subsections: [], total: 0, trailer: undefined, end: 0 };

/** Goes on behind `before` as far as the window holds whole subsection headers. The parser stands at the next one. */
function readPart({ limits, meter }: WindowReader, { parser, base }: Window, before: TablePart): TablePart {
  const subsections: Subsection[] = [];
  let { total } = before;
  for (;;) {
    const next = readSubsectionOrTrailer(parser, base, before === nothingRead && subsections.length === 0);
    if ('trailer' in next) {
      return { subsections, total, trailer: next.trailer, end: next.end };
    }
    meter.visit();
    total += next.count;
    if (total > limits.maxObjects) {
      throw limitExceeded(`at most ${limits.maxObjects} objects`, total);
    }
    subsections.push(next);
    const end = next.entriesAt + next.count * next.width;
    parser.pos = end - base;
    if (parser.pos + maxHeaderBytes > parser.bytes.length) {
      return { subsections, total, trailer: undefined, end };
    }
  }
}

function readSubsectionOrTrailer(
  parser: Parser,
  base: number,
  isFirst: boolean,
): Subsection | { trailer: Dictionary; end: number } {
  if (parser.tryKeyword('trailer')) {
    const trailer = parser.value();
    if (!(trailer instanceof Dictionary)) {
      throw damaged('a trailer dictionary', 'something else');
    }
    return { trailer, end: base + parser.pos };
  }
  const first = parser.integer();
  const count = parser.integer();
  parser.skipSpace();
  const { bytes, pos } = parser;
  if (pos + entryBytes + maxLineEndBytes > bytes.length) {
    parser.needMore();
  }
  let width = entryBytes;
  while (width < entryBytes + maxLineEndBytes && isSpace(bytes[pos + width])) {
    width += 1;
  }
  if (count > 0 && width === entryBytes) {
    throw damaged('an end of line after a cross-reference entry', parser.excerpt());
  }
  // The head of the free list is object 0 (ISO 32000-2, 7.5.4), whatever number a producer starts to count at.
  const isHead = isFirst && bytes.toString('latin1', pos, pos + entryBytes) === '0000000000 65535 f';
  const isShifted = isHead && first === 1;
  return { first: isShifted ? 0 : first, count, entriesAt: base + pos, width, isShifted };
}

/** `nnnnnnnnnn ggggg n` (ISO 32000-2, 7.5.4). */
function parseEntry(line: Buffer, headerOffset: number): XrefEntry {
  let offset = 0;
  let generation = 0;
  for (let at = 0; at < 16; at += 1) {
    const code = line[at];
    if (at === 10 ? code !== 0x20 : !isDigit(code)) {
      throw damaged('a cross-reference entry', JSON.stringify(line.toString('latin1')));
    }
    if (at < 10) {
      offset = offset * 10 + (code ?? 0) - 0x30;
    } else if (at > 10) {
      generation = generation * 10 + (code ?? 0) - 0x30;
    }
  }
  const type = line[17];
  if (type === 0x66) {
    return freeEntry;
  }
  if (line[16] !== 0x20 || type !== 0x6e) {
    throw damaged('a cross-reference entry', JSON.stringify(line.toString('latin1')));
  }
  // Offset 0 is the header: some producers write it for numbers that they never used.
  return offset === 0 ? freeEntry : { kind: 'offset', offset: offset + headerOffset, generation };
}
