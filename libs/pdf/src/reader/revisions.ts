import { PdfError } from '../errors.js';
import type { Revision } from '../types.js';
import type { Section } from './section.js';
import { once, type Structure } from './structure.js';
import type { WindowReader } from './window.js';

/** A revision with its cross-reference sections: one, or the two halves of a linearized file. */
export interface RevisionSections {
  /** 1-based. */
  readonly number: number;
  /** Just after `%%EOF`, before its end of line. */
  readonly endOfMarker: number;
  /** Just after the end of line of `%%EOF`. */
  readonly end: number;
  /** From the newest to the oldest. */
  readonly sections: readonly Section[];
}

const computed = Symbol('revisions');

/** From the oldest to the newest; read once for each document. */
export function readRevisionSections(structure: Structure): Promise<readonly RevisionSections[]> {
  return once(structure, computed, () => groupSections(structure));
}

async function groupSections({ sections, view }: Structure): Promise<readonly RevisionSections[]> {
  const oldestFirst = sections.toReversed();
  const groups: Section[][] = [];
  for (const [index, section] of oldestFirst.entries()) {
    const before = oldestFirst[index - 1];
    // The first page's section of a linearized file stands in front of the one it calls previous.
    if (before !== undefined && section.previous === before.offset && before.offset > section.offset) {
      groups.at(-1)?.unshift(section);
    } else {
      groups.push([section]);
    }
  }
  const revisions: RevisionSections[] = [];
  for (const [index, group] of groups.entries()) {
    const last = group.reduce((latest, section) => (section.end > latest.end ? section : latest));
    revisions.push({ number: index + 1, sections: group, ...(await revisionEnd(view.windows, last)) });
  }
  return revisions;
}

export async function readRevisions(structure: Structure): Promise<Revision[]> {
  const revisions: Revision[] = [];
  for (const { number, end, sections } of await readRevisionSections(structure)) {
    const objectNumbers = new Set<number>();
    for (const section of sections) {
      for (const objectNumber of (await section.entries()).keys()) {
        objectNumbers.add(objectNumber);
      }
    }
    revisions.push({ number, end, objectNumbers: [...objectNumbers].sort((a, b) => a - b) });
  }
  return revisions;
}

/** Behind the section come `startxref`, a number, `%%EOF` and an end of line; where one is missing it ends earlier. */
function revisionEnd(
  windows: WindowReader,
  section: Section,
): { endOfMarker: number; end: number } | Promise<{ endOfMarker: number; end: number }> {
  return windows.at(section.end, ({ parser, base }) => {
    parser.tryKeyword('endstream');
    parser.tryKeyword('endobj');
    if (parser.tryKeyword('startxref')) {
      try {
        parser.integer();
      } catch (error) {
        if (!(error instanceof PdfError)) {
          throw error;
        }
        return { endOfMarker: base + parser.pos, end: base + parser.pos };
      }
    }
    // `%%EOF` is a comment to the parser, so it is looked for by hand.
    const { bytes } = parser;
    let at = parser.pos;
    while (at < bytes.length && [0, 9, 10, 12, 13, 32].includes(bytes[at] ?? -1)) {
      at += 1;
    }
    if (at + 7 > bytes.length) {
      parser.needMore();
    }
    if (bytes.toString('latin1', at, at + 5) !== '%%EOF') {
      return { endOfMarker: base + parser.pos, end: base + parser.pos };
    }
    let end = at + 5;
    end += bytes[end] === 13 ? 1 : 0;
    end += bytes[end] === 10 ? 1 : 0;
    return { endOfMarker: base + at + 5, end: base + end };
  });
}
