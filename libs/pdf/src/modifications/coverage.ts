import { ObjectView } from '../reader/objects.js';
import type { RevisionSections } from '../reader/revisions.js';
import { once, type Structure } from '../reader/structure.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import { asBuffer } from '../sources.js';
import { isSpace } from '../syntax/parser.js';
import type { ModificationFinding, PdfSignature } from '../types.js';

/** How much of a gap between objects is looked at; a longer one is no white space of a producer. */
const maxGapBytes = 64 * 1024;

const computed = Symbol('unaccounted bytes');

/**
 * What is wrong with the bytes that a signature covers (ISO 32000-2, 12.8.1): its ByteRange must be the whole revision
 * apart from exactly `<hex>` of its own /Contents. Signature wrapping moves or widens that gap.
 */
export async function findCoverageFaults(
  { source }: Structure,
  signature: PdfSignature,
  revision: RevisionSections | undefined,
): Promise<ModificationFinding[]> {
  const { byteRange, contentsStart, contentsEnd } = signature;
  const [first, firstLength, second, secondLength] = byteRange;
  const findings: ModificationFinding[] = [];
  if (first !== 0 || contentsStart === 0 || firstLength !== contentsStart || second !== contentsEnd) {
    const detail = `expected the gap ${contentsStart}–${contentsEnd}, found ${first + firstLength}–${second}`;
    findings.push({ code: 'CONTENTS_NOT_THE_GAP', detail });
  } else {
    const gap = asBuffer(await source.read(contentsStart, contentsEnd - contentsStart)).toString('latin1');
    // Node's decoder stops at the first character that is no digit.
    const digits = gap.length - 2;
    if (!gap.startsWith('<') || !gap.endsWith('>') || Buffer.from(gap.slice(1, -1), 'hex').length * 2 !== digits) {
      findings.push({ code: 'CONTENTS_NOT_HEXADECIMAL', detail: 'the gap holds more than hexadecimal digits' });
    }
  }
  const end = second + secondLength;
  if (revision === undefined || end < revision.endOfMarker || end > revision.end) {
    const expected = revision === undefined ? 'a revision' : String(revision.end);
    findings.push({ code: 'BYTE_RANGE_NOT_A_REVISION', detail: `expected an end at ${expected}, found ${end}` });
  }
  return findings;
}

/**
 * Bytes behind the signed revision that belong to no object and no cross-reference section of a later one. Such bytes
 * are an update without cross-reference data: viewers that repair files show what stands there.
 */
export async function findUnaccountedBytes(
  structure: Structure,
  revisions: readonly RevisionSections[],
  signed: RevisionSections,
): Promise<ModificationFinding[]> {
  const findings: ModificationFinding[] = [];
  // What one revision holds is the same for every signature before it.
  const known = once(structure, computed, () => new Map<string, ModificationFinding[]>());
  let start = signed.end;
  for (const [index, revision] of revisions.entries()) {
    if (revision.number > signed.number) {
      const key = `${revision.number} ${start}`;
      const found = known.get(key) ?? (await unaccountedIn(viewUpTo(structure, revisions, index), revision, start));
      known.set(key, found);
      findings.push(...found);
      start = Math.max(start, revision.end);
    }
  }
  // A comment neither: readers that look for `startxref` from the end of the file find one in a comment too.
  findings.push(...(await checkGap(structure, { from: start, to: structure.source.size }, false)));
  return findings;
}

function viewUpTo(structure: Structure, revisions: readonly RevisionSections[], index: number): ObjectView {
  const sections = revisions.slice(0, index + 1).toReversed();
  return new ObjectView(
    structure.view.objects,
    sections.flatMap((revision) => revision.sections),
  );
}

async function unaccountedIn(
  view: ObjectView,
  revision: RevisionSections,
  start: number,
): Promise<ModificationFinding[]> {
  const extents: { from: number; to: number }[] = [];
  for (const section of revision.sections) {
    extents.push({ from: section.offset, to: revision.end });
    for (const [objectNumber, entry] of await section.entries()) {
      if (entry.kind === 'offset' && entry.offset >= start && entry.offset !== section.offset) {
        const object = await view.objects.atOffset(entry, objectNumber);
        extents.push({ from: entry.offset, to: await objectEnd(view, object) });
      }
    }
  }
  extents.sort((a, b) => a.from - b.from);
  const findings: ModificationFinding[] = [];
  let at = start;
  for (const { from, to } of extents) {
    if (from > at) {
      findings.push(...(await checkGap(view.windows, { from: at, to: from }, true)));
    }
    at = Math.max(at, to);
  }
  return findings;
}

/** Just after `endobj`. */
async function objectEnd(view: ObjectView, object: IndirectObject): Promise<number> {
  if (object.dataOffset === undefined) {
    return object.parsedEnd;
  }
  const length = await view.resolve(dictionaryOf(object)?.get('Length'));
  return view.windows.at(object.dataOffset + (typeof length === 'number' ? length : 0), ({ parser, base }) => {
    parser.keyword('endstream');
    parser.keyword('endobj');
    return base + parser.pos;
  });
}

/** Only white space, NUL and (between objects) comments may stand in a gap. */
async function checkGap(
  { source }: Pick<Structure, 'source'>,
  { from, to }: { readonly from: number; readonly to: number },
  allowsComments: boolean,
): Promise<ModificationFinding[]> {
  const bytes = asBuffer(await source.read(from, Math.min(to - from, maxGapBytes)));
  let at = 0;
  while (at < bytes.length) {
    if (allowsComments && bytes[at] === 0x25) {
      while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) {
        at += 1;
      }
    } else if (isSpace(bytes[at])) {
      at += 1;
    } else {
      break;
    }
  }
  return at < to - from
    ? [{ code: 'UNACCOUNTED_BYTES', detail: `bytes from ${from + at} to ${to} belong to no revision` }]
    : [];
}
