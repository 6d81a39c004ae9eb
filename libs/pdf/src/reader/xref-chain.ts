import { limitExceeded } from '../limits.js';
import { damaged } from '../syntax/parser.js';
import type { Dictionary } from '../syntax/values.js';
import type { Section, XrefEntry } from './section.js';
import type { WindowReader } from './window.js';
import { XrefStream } from './xref-stream.js';
import { XrefTable } from './xref-table.js';

/** All sections from the newest to the oldest, following /Prev (ISO 32000-2, 7.5.6). `headerOffset` is that of `%PDF-`. */
export async function readSections(reader: WindowReader, start: number, headerOffset: number): Promise<Section[]> {
  const sections: Section[] = [];
  const visited = new Set<number>();
  let offset: number | undefined = start;
  while (offset !== undefined) {
    if (visited.has(offset)) {
      throw damaged('a chain of cross-reference sections that ends', 'a cycle of /Prev');
    }
    visited.add(offset);
    if (visited.size > reader.limits.maxRevisions) {
      throw limitExceeded(`at most ${reader.limits.maxRevisions} revisions`, 'more');
    }
    const read = readSection(reader, offset, headerOffset);
    const section: Section = read instanceof Promise ? await read : read;
    if (section.previous !== undefined && section.previous >= reader.source.size) {
      throw damaged('a /Prev within the file', String(section.previous));
    }
    sections.push(section);
    offset = section.previous;
  }
  assertOrder(sections);
  return sections;
}

/**
 * Only the two halves of a linearized file (ISO 32000-2, annex F) stand in the other order. Anywhere else a /Prev that
 * points forward would let an update pretend to be older than it is.
 */
function assertOrder(sections: readonly Section[]): void {
  for (const [index, section] of sections.entries()) {
    const forward = section.previous !== undefined && section.previous > section.offset;
    if (forward && index !== sections.length - 2) {
      throw damaged('a /Prev that points backwards', `${section.previous} from ${section.offset}`);
    }
  }
}

/** At once where a table is in memory. */
function readSection(reader: WindowReader, offset: number, headerOffset: number): Section | Promise<Section> {
  const table = XrefTable.read(reader, offset, headerOffset);
  const place = { reader, offset, headerOffset };
  if (table instanceof Promise) {
    return table.then((read) => (read === undefined ? streamSection(place) : tableSection(place, read)));
  }
  return table === undefined ? streamSection(place) : tableSection(place, table);
}

interface Place {
  readonly reader: WindowReader;
  readonly offset: number;
  readonly headerOffset: number;
}

async function streamSection({ reader, offset, headerOffset }: Place): Promise<Section> {
  const stream = await XrefStream.read(reader, offset, headerOffset);
  return {
    kind: 'stream',
    isShifted: false,
    offset,
    hybrid: false,
    ...common(stream.found, headerOffset),
    numbers: stream.subsections,
    lookup: (objectNumber) => stream.lookup(objectNumber),
    entries: () => Promise.resolve(stream.entries()),
  };
}

function tableSection(place: Place, table: XrefTable): Section | Promise<Section> {
  const { offset, headerOffset } = place;
  const { found, subsections } = table;
  const hidden = found.trailer.get('XRefStm');
  if (hidden !== undefined) {
    return hybridSection(place, table, asOffset(hidden, 'XRefStm') + headerOffset);
  }
  const { trailer, end, size, previous } = common(found, headerOffset);
  // Spelt out, since there may be hundreds: objects that are made by spreading others are slow to make and to read.
  return {
    kind: 'table',
    offset,
    end,
    trailer,
    previous,
    size,
    isShifted: found.isShifted,
    hybrid: false,
    numbers: subsections,
    lookup: (objectNumber) => table.lookup(objectNumber),
    entries: () => table.entries(),
  };
}

async function hybridSection(place: Place, table: XrefTable, streamOffset: number): Promise<Section> {
  const { reader, offset, headerOffset } = place;
  const shared = common(table.found, headerOffset);
  const stream = await XrefStream.read(reader, streamOffset, headerOffset);
  return {
    kind: 'table',
    offset,
    isShifted: table.found.isShifted,
    ...shared,
    size: Math.max(shared.size, stream.found.size),
    hybrid: true,
    numbers: [...table.subsections, ...stream.subsections],
    lookup: async (objectNumber) => preferVisible(await table.lookup(objectNumber), stream.lookup(objectNumber)),
    entries: async () => {
      const entries = await table.entries();
      for (const [objectNumber, entry] of stream.entries()) {
        entries.set(objectNumber, preferVisible(entries.get(objectNumber), entry) ?? entry);
      }
      return entries;
    },
  };
}

/** ISO 32000-2, 7.5.8.4: what the table calls free may be hidden in the stream. */
function preferVisible(visible: XrefEntry | undefined, hidden: XrefEntry | undefined): XrefEntry | undefined {
  return visible === undefined || visible.kind === 'free' ? (hidden ?? visible) : visible;
}

function common(
  found: { readonly trailer: Dictionary; readonly end: number; readonly size: number },
  headerOffset: number,
): Pick<Section, 'trailer' | 'end' | 'size' | 'previous'> {
  const previous = found.trailer.get('Prev');
  const size = found.trailer.get('Size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
    throw damaged('a positive integer as /Size', 'something else');
  }
  return {
    trailer: found.trailer,
    end: found.end,
    size: Math.max(size, found.size),
    // No section can stand at offset 0, where the header is; some producers write /Prev 0 for none.
    previous: previous === undefined || previous === 0 ? undefined : asOffset(previous, 'Prev') + headerOffset,
  };
}

function asOffset(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) {
    throw damaged(`an offset as /${key}`, 'something else');
  }
  return value;
}
