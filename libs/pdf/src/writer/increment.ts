import { hash } from 'node:crypto';
import { maxGaps } from '../repair/repair.js';
import { damaged } from '../syntax/parser.js';
import { PdfArray, PdfString } from '../syntax/values.js';
import type { Structure } from '../reader/structure.js';
import { copyParts, type Part, partLength } from './parts.js';
import { sealParts } from './seal.js';

/** Ten digits are all that an entry of a classic table holds. */
const maxTableOffset = 9_999_999_999;

interface NewObject {
  readonly objectNumber: number;
  readonly generation: number;
  readonly parts: readonly Part[];
  /** Of a stream, before its encryption; `parts` are the dictionary's entries then. */
  readonly data?: Uint8Array;
}

/** A laid out increment, to be written just behind the original's last byte. */
export interface Laid {
  readonly bytes: Buffer;
  /** Offset within `bytes` of the first part of each object's body. */
  readonly bodyOffsets: ReadonlyMap<number, number>;
}

/**
 * An incremental update (ISO 32000-2, 7.5.6): objects, then a cross-reference section of the kind of the newest one. On a
 * repaired file that section is complete and the only one, since the others could not be used.
 *
 * New numbers start above every number that the file is known to use: /Size of all sections, every entry, and every
 * reference in the objects that were read for this update (catalog, form, fields, the page). A reference to a number
 * beyond these can only stand in objects that were not read; finding it would take a scan of the whole file, and all it
 * could do is to show the signer's own new object, in a revision that the signature covers as it is displayed.
 */
export class Increment {
  private readonly objects: NewObject[] = [];
  private nextNumber: number;

  constructor(private readonly structure: Structure) {
    const { sections, view } = structure;
    this.nextNumber = Math.max(view.windows.highestReference + 1, ...sections.map((section) => section.size));
  }

  /** The next free object number. To be called after everything that is needed was read. */
  allocate = (): number => {
    const objectNumber = this.nextNumber;
    this.nextNumber += 1;
    return objectNumber;
  };

  /** A new object, or one that replaces the object of that number; the body is what stands between `obj` and `endobj`. */
  add(objectNumber: number, parts: readonly Part[], generation = 0): void {
    this.objects.push({ objectNumber, generation, parts });
  }

  /** A new stream: `entries` of its dictionary without /Length, and the data with the filters that they name. */
  addStream(objectNumber: number, entries: string, data: Uint8Array): void {
    this.objects.push({ objectNumber, generation: 0, parts: [`<<${entries}`], data });
  }

  /** `idSeed` makes the second part of /ID (ISO 32000-2, 14.4): the same seed gives the same bytes. */
  layOut(idSeed: string): Laid {
    const { source, ends, sections, repair } = this.structure;
    const base = source.size;
    const chunks: Part[] = ends.endsWithEol ? [] : ['\n'];
    if (repair !== undefined) {
      // What was damaged ends here: without it the objects that follow stand beside their older selves in one revision.
      chunks.push('%%EOF\n');
    }
    let length = chunks.reduce((sum, part) => sum + partLength(part), 0);
    const entries: XrefLine[] = [];
    const bodyOffsets = new Map<number, number>();
    for (const object of [...this.objects, ...this.amendments()]) {
      const { objectNumber, generation } = object;
      const parts = 'stored' in object ? object.stored : this.body(object, idSeed);
      const head = `${objectNumber} ${generation} obj\n`;
      entries.push({ objectNumber, type: 1, second: base + length - ends.headerOffset, third: generation });
      bodyOffsets.set(objectNumber, length + head.length);
      chunks.push(head, ...parts, '\nendobj\n');
      length += head.length + parts.reduce((sum, part) => sum + partLength(part), 0) + 8;
    }
    const sectionOffset = base + length - ends.headerOffset;
    entries.push(...this.kept(entries));
    // The new numbers may stand far above the others, where something refers to what isn't there.
    const isSparse = this.structure.repair !== undefined && this.nextNumber > entries.length + maxGaps;
    const isStream = sections[0]?.kind === 'stream' || sectionOffset > maxTableOffset || isSparse;
    chunks.push(...(isStream ? this.xrefStream(entries, sectionOffset, idSeed) : this.xrefTable(entries, idSeed)));
    chunks.push(`startxref\n${sectionOffset}\n%%EOF\n`);
    const bytes = Buffer.allocUnsafe(chunks.reduce((sum, part) => sum + partLength(part), 0));
    copyParts(chunks, bytes, 0);
    return { bytes, bodyOffsets };
  }

  /** Damaged objects that this update doesn't replace anyway. */
  private amendments(): { objectNumber: number; generation: number; stored: readonly Part[] }[] {
    const own = new Set(this.objects.map(({ objectNumber }) => objectNumber));
    return (this.structure.repair?.amendments ?? [])
      .filter(({ objectNumber }) => !own.has(objectNumber))
      .map(({ objectNumber, generation, parts }) => ({ objectNumber, generation, stored: parts }));
  }

  /** Entries of a repaired file's other objects, and of the head of the free list. */
  private kept(written: readonly XrefLine[]): XrefLine[] {
    const { repair, ends } = this.structure;
    if (repair === undefined) {
      return [];
    }
    const own = new Set(written.map(({ objectNumber }) => objectNumber));
    const lines: XrefLine[] = [{ objectNumber: 0, type: 0, second: 0, third: 65_535 }];
    for (const [objectNumber, entry] of repair.entries) {
      if (own.has(objectNumber) || entry.kind === 'free') {
        continue;
      }
      lines.push(
        entry.kind === 'offset'
          ? { objectNumber, type: 1, second: entry.offset - ends.headerOffset, third: entry.generation }
          : { objectNumber, type: 2, second: entry.container, third: entry.index },
      );
    }
    return lines;
  }

  /** What stands between `obj` and `endobj`, encrypted where the document is (ISO 32000-2, 7.6.2). */
  private body({ objectNumber, generation, parts, data }: NewObject, idSeed: string): readonly Part[] {
    const handler = this.structure.view.windows.securityHandler;
    const cipher = handler?.stringCipher(objectNumber, generation);
    const sealed = cipher === undefined ? parts : sealParts(parts, cipher, idSeed);
    if (data === undefined) {
      return sealed;
    }
    const stored = handler?.streamCipher(objectNumber, generation).encrypt(data, idSeed) ?? data;
    return [...sealed, `/Length ${stored.length}>>stream\n`, stored, '\nendstream'];
  }

  private xrefTable(entries: XrefLine[], idSeed: string): Part[] {
    let text = 'xref\n';
    // A table that is alone has one subsection (ISO 32000-2, 7.5.4).
    const lines = this.structure.repair === undefined ? entries : withFreeNumbers(entries);
    for (const run of runs(lines)) {
      text += `${run[0]?.objectNumber ?? 0} ${run.length}\n`;
      for (const { type, second, third } of run) {
        const kind = type === 0 ? 'f' : 'n';
        text += `${String(second).padStart(10, '0')} ${String(third).padStart(5, '0')} ${kind}\r\n`;
      }
    }
    return [text, `trailer\n<< /Size ${this.nextNumber}`, ...this.trailerEntries(idSeed), ' >>\n'];
  }

  /** Unfiltered: a few dozen bytes, but for a repaired file. Generations of replaced objects fit 16 bits. */
  private xrefStream(entries: XrefLine[], sectionOffset: number, idSeed: string): Part[] {
    const objectNumber = this.allocate();
    const lines = runs([...entries, { objectNumber, type: 1, second: sectionOffset, third: 0 }]);
    const offsetBytes = sectionOffset > 0xff_ff_ff_ff ? 6 : 4;
    const thirdBytes = entries.some(({ third }) => third > 0xff_ff) ? 4 : 2;
    const rows = Buffer.alloc((entries.length + 1) * (1 + offsetBytes + thirdBytes));
    let at = 0;
    for (const { type, second, third } of lines.flat()) {
      at = rows.writeUInt8(type, at);
      at = rows.writeUIntBE(second, at, offsetBytes);
      at = rows.writeUIntBE(third, at, thirdBytes);
    }
    const index = lines.map((run) => `${run[0]?.objectNumber ?? 0} ${run.length}`).join(' ');
    const widths = `[1 ${offsetBytes} ${thirdBytes}]`;
    return [
      `${objectNumber} 0 obj\n<< /Type /XRef /Size ${this.nextNumber} /W ${widths} /Index [${index}]`,
      ` /Length ${rows.length}`,
      ...this.trailerEntries(idSeed),
      ' >>\nstream\n',
      rows,
      '\nendstream\nendobj\n',
    ];
  }

  private trailerEntries(idSeed: string): Part[] {
    const { trailer, ends, view, repair } = this.structure;
    const root = view.sections[0]?.trailer.entries.get('Root');
    if (root === undefined) {
      throw damaged('a /Root in the newest trailer', 'none');
    }
    const parts: Part[] = repair === undefined ? [` /Prev ${ends.startXref - ends.headerOffset}`] : [];
    for (const key of ['Root', 'Info', 'Encrypt']) {
      const entry = trailer.entries.get(key);
      if (entry !== undefined) {
        parts.push(` /${key} `, trailer.bytes.subarray(entry.valueStart, entry.valueEnd));
      }
    }
    const identifiers = trailer.get('ID');
    const [first, second = first] = identifiers instanceof PdfArray ? identifiers.items : [];
    if (first instanceof PdfString && second instanceof PdfString) {
      const changing = hash('sha256', Buffer.concat([second.raw(), Buffer.from(idSeed)]), 'hex').slice(0, 32);
      parts.push(' /ID [', first.raw(), ` <${changing}>]`);
    } else if (trailer.entries.has('Encrypt')) {
      // The key is made from its first part, however it is written.
      const entry = trailer.entries.get('ID');
      parts.push(...(entry === undefined ? [] : [' /ID ', trailer.bytes.subarray(entry.valueStart, entry.valueEnd)]));
    }
    return parts;
  }
}

/** The fields of a cross-reference stream's entry (ISO 32000-2, table 18); offsets count from the header. */
interface XrefLine {
  readonly objectNumber: number;
  readonly type: 0 | 1 | 2;
  readonly second: number;
  readonly third: number;
}

/** With an entry for each number up to the highest one. */
function withFreeNumbers(entries: readonly XrefLine[]): XrefLine[] {
  const known = new Set(entries.map(({ objectNumber }) => objectNumber));
  const all = [...entries];
  const highest = entries.reduce((most, { objectNumber }) => Math.max(most, objectNumber), 0);
  for (let objectNumber = 1; objectNumber < highest; objectNumber += 1) {
    if (!known.has(objectNumber)) {
      all.push({ objectNumber, type: 0, second: 0, third: 65_535 });
    }
  }
  return all;
}

/** Consecutive numbers together, ascending. */
function runs(entries: readonly XrefLine[]): XrefLine[][] {
  const sorted = entries.toSorted((a, b) => a.objectNumber - b.objectNumber);
  const found: XrefLine[][] = [];
  for (const entry of sorted) {
    const run = found.at(-1);
    if (run !== undefined && run.at(-1)?.objectNumber === entry.objectNumber - 1) {
      run.push(entry);
    } else {
      found.push([entry]);
    }
  }
  return found;
}
