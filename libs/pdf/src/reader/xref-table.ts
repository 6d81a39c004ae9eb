import type { ByteSource } from '../byte-source.js';
import { limitExceeded } from '../limits.js';
import { asBuffer } from '../sources.js';
import { damaged, isDigit, type Parser } from '../syntax/parser.js';
import { Dictionary } from '../syntax/values.js';
import { freeEntry, type XrefEntry } from './section.js';
import type { WindowReader } from './window.js';

/** A run of entries; `entriesAt` is the file offset of the first one, `width` its bytes: 20, or 19 by sloppy producers. */
interface Subsection {
  readonly first: number;
  readonly count: number;
  readonly entriesAt: number;
  readonly width: number;
}

/**
 * A classic cross-reference table (ISO 32000-2, 7.5.4). Entries have a fixed width, so that an entry is read where it
 * is and the rest of a table of 100,000 objects is not.
 */
export class XrefTable {
  private constructor(
    private readonly source: ByteSource,
    private readonly headerOffset: number,
    private readonly subsections: readonly Subsection[],
    readonly found: { readonly trailer: Dictionary; readonly end: number; readonly size: number },
  ) {}

  /** Reads the subsections' headers and the trailer. `offset` is the file offset of `xref`. */
  static async read(reader: WindowReader, offset: number, headerOffset: number): Promise<XrefTable> {
    const subsections: Subsection[] = [];
    let total = 0;
    let at = await reader.at(offset, ({ parser, base }) => {
      parser.keyword('xref');
      return base + parser.pos;
    });
    for (;;) {
      const next = await reader.at(at, (window) => readSubsectionOrTrailer(window.parser, window.base));
      if ('trailer' in next) {
        const size = subsections.reduce((highest, { first, count }) => Math.max(highest, first + count), 0);
        return new XrefTable(reader.source, headerOffset, subsections, { ...next, size });
      }
      total += next.count;
      if (total > reader.limits.maxObjects) {
        throw limitExceeded(`at most ${reader.limits.maxObjects} objects`, total);
      }
      subsections.push(next);
      at = next.entriesAt + next.count * next.width;
    }
  }

  async lookup(objectNumber: number): Promise<XrefEntry | undefined> {
    const subsection = this.subsections.find(
      ({ first, count }) => objectNumber >= first && objectNumber < first + count,
    );
    if (subsection === undefined) {
      return undefined;
    }
    const { first, entriesAt, width } = subsection;
    const line = asBuffer(await this.source.read(entriesAt + (objectNumber - first) * width, width));
    return parseEntry(line, this.headerOffset);
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

function readSubsectionOrTrailer(parser: Parser, base: number): Subsection | { trailer: Dictionary; end: number } {
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
  if (pos + 20 > bytes.length) {
    parser.needMore();
  }
  // A 19-byte entry has one end-of-line byte only; the next one starts a byte early.
  const width = count > 0 && isDigit(bytes[pos + 19]) ? 19 : 20;
  return { first, count, entriesAt: base + pos, width };
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
