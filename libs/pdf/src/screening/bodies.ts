import type { IndirectObject } from '../reader/indirect-object.js';
import { dictionaryOf } from '../reader/indirect-object.js';
import { readRevisionSections, type RevisionSections } from '../reader/revisions.js';
import type { XrefEntry } from '../reader/section.js';
import { findKeyword } from '../repair/stream-end.js';
import { isName, Reference } from '../syntax/values.js';
import type { ListedRevision, OnObject } from './listed-revision.js';
import { screenMembers } from './members.js';
import type { TolerantView } from './tolerant-view.js';

/** Bytes of white space between a revision's end and a table that has no body of its own. */
const maxSectionGap = 4;
/** How far in front of its object a listed offset may lie, in white space. */
const maxOffsetSlack = 16;

/**
 * Goes through the file from its first byte, from object to object, hopping over the data of streams, and looks for what
 * no cross-reference section lists. What a shadow attack has hidden inside the data of a stream is not seen: the change
 * that brings it to light is, when the signature is verified. Throws `outOfBudget`.
 */
export async function screenBodies(view: TolerantView, onObject: OnObject): Promise<void> {
  const { structure, findings } = view;
  const revisions = (await view.attempt(() => readRevisionSections(structure))) ?? [];
  const listed = await listRevisions(view, revisions);
  if (listed === undefined) {
    findings.add('not-screened', 'more objects than are looked at');
    return;
  }
  const hiddenStreams = hiddenStreamsOf(view);
  const newer = new Set<number>();
  for (const revision of listed.toReversed()) {
    await new BodyWalk(view, { revision, newer, onObject, hiddenStreams }).walk();
    for (const objectNumber of revision.entries.keys()) {
      newer.add(objectNumber);
    }
  }
}

/** Offsets of /XRefStm (ISO 32000-2, 7.5.8.4), which often stand in no table. */
function hiddenStreamsOf({ structure }: TolerantView): Set<number> {
  const offsets = structure.sections.map(({ trailer }) => trailer.get('XRefStm'));
  const { headerOffset } = structure.ends;
  return new Set(offsets.flatMap((offset) => (typeof offset === 'number' ? [offset + headerOffset] : [])));
}

/** Undefined where there are more objects than the budget has; the large tables of such files are not even read. */
async function listRevisions(
  view: TolerantView,
  revisions: readonly RevisionSections[],
): Promise<readonly ListedRevision[] | undefined> {
  if (view.structure.sections.some((section) => section.size > view.budget)) {
    return undefined;
  }
  const listed: ListedRevision[] = [];
  let total = 0;
  let from = view.structure.ends.headerOffset;
  for (const { sections, end } of revisions) {
    const entries = new Map<number, XrefEntry>();
    for (const section of sections.toReversed()) {
      for (const [objectNumber, entry] of (await view.attempt(() => section.entries())) ?? []) {
        entries.set(objectNumber, entry);
      }
    }
    total += entries.size;
    if (total > view.budget) {
      return undefined;
    }
    const before = listed.at(-1);
    const start = Math.min(...sections.map(({ offset }) => offset));
    if (before !== undefined && start >= from && start - from <= maxSectionGap) {
      // A table without a body: the second half of a hybrid file speaks of the objects in front of the first.
      const both = new Map([...before.entries, ...entries]);
      listed[listed.length - 1] = {
        sections: [...sections, ...before.sections],
        entries: both,
        from: before.from,
        to: end,
      };
    } else {
      listed.push({ sections, entries, from, to: end });
    }
    from = end;
  }
  return listed;
}

/** The body of one revision. */
class BodyWalk {
  private readonly byOffset = new Map<number, number>();
  /** The first %%EOF behind `from`; looked for once for all objects before it. */
  private endOfFile = { from: 0, at: -1 };
  private readonly offsets: number[];
  private readonly sectionEnds: ReadonlyMap<number, number>;

  constructor(
    private readonly view: TolerantView,
    private readonly context: {
      readonly revision: ListedRevision;
      readonly newer: ReadonlySet<number>;
      readonly onObject: OnObject;
      readonly hiddenStreams: ReadonlySet<number>;
    },
  ) {
    const { entries, sections } = context.revision;
    for (const [objectNumber, entry] of entries) {
      if (entry.kind === 'offset') {
        this.byOffset.set(entry.offset, objectNumber);
      }
    }
    this.sectionEnds = new Map(sections.map(({ offset, end }) => [offset, end]));
    this.offsets = [...this.byOffset.keys(), ...this.sectionEnds.keys()].sort((a, b) => a - b);
  }

  async walk(): Promise<void> {
    const { from, to } = this.context.revision;
    let next = 0;
    for (let at: number | undefined = from; at !== undefined && at < to;) {
      const end: number | undefined = await this.view.attempt(() => this.item(at ?? to, to));
      if (end !== undefined) {
        at = end;
        continue;
      }
      // Nothing that can be read stands here: on with the next place that is listed.
      while (next < this.offsets.length && (this.offsets[next] ?? 0) <= at) {
        next += 1;
      }
      at = this.offsets[next];
    }
  }

  /** Where the object or section ends that stands behind `at` and white space; undefined where there is neither. */
  private async item(at: number, to: number): Promise<number | undefined> {
    const { windows } = this.view.view;
    const start = await windows.at(at, ({ parser, base }) => {
      parser.tryKeyword('endobj');
      while (parser.tryKeyword('startxref')) {
        parser.integer();
      }
      parser.skipSpace();
      if (parser.pos >= parser.bytes.length) {
        parser.needMore();
      }
      return base + parser.pos;
    });
    if (start >= to) {
      // The next revision's first object.
      return to;
    }
    const tableEnd = this.sectionEnds.get(start);
    if (tableEnd !== undefined) {
      return tableEnd;
    }
    const objectNumber = this.listedBetween(at, start);
    this.view.spend();
    const object =
      objectNumber === undefined
        ? await this.unlisted(start)
        : await this.view.view.objects.atOffset(this.entryOf(objectNumber, start), objectNumber);
    if (object === undefined) {
      return undefined;
    }
    if (objectNumber !== undefined) {
      const { revision, newer, onObject } = this.context;
      onObject(objectNumber, object, { revision, isCurrent: !newer.has(objectNumber) });
      if (isName(dictionaryOf(object)?.get('Type'), 'ObjStm')) {
        await screenMembers(this.view, object, this.context);
      }
    }
    return this.endOf(object);
  }

  private entryOf(objectNumber: number, offset: number): { offset: number; generation: number } {
    const entry = this.context.revision.entries.get(objectNumber);
    return { offset, generation: entry?.kind === 'offset' ? entry.generation : 0 };
  }

  /** The number listed for `start`, or for the white space in front of it, as widespread printer drivers do. */
  private listedBetween(at: number, start: number): number | undefined {
    for (let offset = start; offset >= at && offset > start - maxOffsetSlack; offset -= 1) {
      const objectNumber = this.byOffset.get(offset);
      if (objectNumber !== undefined) {
        return objectNumber;
      }
    }
    return undefined;
  }

  /**
   * The complete section of a repaired file stands for all of its revisions: what an older one defined, with its %%EOF
   * before the definition that counts, is no more hidden than it is in a sound file.
   */
  private async isOfPastRevision(start: number, entry: XrefEntry | undefined): Promise<boolean> {
    const { entries } = this.context.revision;
    const holder = entry?.kind === 'compressed' ? entries.get(entry.container) : entry;
    if (holder?.kind !== 'offset' || holder.offset <= start) {
      return false;
    }
    if (start < this.endOfFile.from || start > this.endOfFile.at) {
      const { source } = this.view.structure;
      const at = (await findKeyword(source, '%%EOF', { from: start, to: source.size })) ?? Infinity;
      this.endOfFile = { from: start, at };
    }
    return this.endOfFile.at < holder.offset;
  }

  /** An object at a place that this revision does not list. */
  private async unlisted(start: number): Promise<IndirectObject | undefined> {
    const object = await this.view.view.windows.at(start, ({ parser, base }) => {
      const isObject = /^\d{1,10}\s{1,4}\d{1,5}\s{1,4}obj/.test(
        parser.bytes.toString('latin1', parser.pos, parser.pos + 32),
      );
      return isObject ? this.view.view.objects.reading.parse({ parser, base }) : undefined;
    });
    if (object === undefined) {
      return undefined;
    }
    const { objectNumber } = object;
    const entry = this.context.revision.entries.get(objectNumber);
    if (this.context.hiddenStreams.has(start) || (await this.isOfPastRevision(start, entry))) {
      return object;
    }
    if (entry !== undefined && entry.kind !== 'free') {
      this.view.findings.add('shadow-object', 'an object that stands twice in one revision', { objectNumber });
    } else {
      this.view.findings.add('unlisted-object', 'an object that no cross-reference section lists', { objectNumber });
    }
    return object;
  }

  /** Just after the value, or after the stream's data. */
  private async endOf(object: IndirectObject): Promise<number | undefined> {
    if (object.dataOffset === undefined) {
      return object.parsedEnd;
    }
    const length = dictionaryOf(object)?.get('Length');
    const value = length instanceof Reference ? await this.view.view.resolve(length) : length;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return undefined;
    }
    return this.view.view.windows.at(object.dataOffset + value, ({ parser, base }) => {
      // A /Length that is not true would make this walk land somewhere in the data.
      return parser.tryKeyword('endstream') ? base + parser.pos : undefined;
    });
  }
}
