import { PdfError } from '../errors.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import type { RevisionSections } from '../reader/revisions.js';
import type { XrefEntry } from '../reader/section.js';
import { forEachReference, sameValue } from '../syntax/same-value.js';
import { isName, Reference } from '../syntax/values.js';

export type Change = 'new' | 'redefined' | 'freed';

/** The object numbers that mean something else in `after` than in `before`. */
export async function findChanges(
  before: ObjectView,
  after: ObjectView,
  later: readonly RevisionSections[],
): Promise<Map<number, Change>> {
  const changes = new Map<number, Change>();
  const seen = new Set<number>();
  for (const section of later.flatMap((revision) => revision.sections)) {
    for (const objectNumber of (await section.entries()).keys()) {
      if (!seen.has(objectNumber)) {
        seen.add(objectNumber);
        const change = await compare(before, after, objectNumber);
        if (change !== undefined) {
          changes.set(objectNumber, change);
        }
      }
    }
  }
  return changes;
}

async function compare(before: ObjectView, after: ObjectView, objectNumber: number): Promise<Change | undefined> {
  const [old, current] = [present(await before.entry(objectNumber)), present(await after.entry(objectNumber))];
  if (old === undefined || current === undefined) {
    return old === current ? undefined : old === undefined ? 'new' : 'freed';
  }
  if (old.kind === 'offset' && current.kind === 'offset' && old.offset === current.offset) {
    return old.generation === current.generation ? undefined : 'redefined';
  }
  const [a, b] = [await before.objectAt(old, objectNumber), await after.objectAt(current, objectNumber)];
  return (await sameObject(before, after, [a, b])) ? undefined : 'redefined';
}

function present(entry: XrefEntry | undefined): XrefEntry | undefined {
  return entry?.kind === 'free' ? undefined : entry;
}

/** Tools that write an object again as it was have changed nothing. */
async function sameObject(
  before: ObjectView,
  after: ObjectView,
  [a, b]: [IndirectObject | undefined, IndirectObject | undefined],
): Promise<boolean> {
  if (a === undefined || b === undefined || a.generation !== b.generation || !sameValue(a.value, b.value)) {
    return false;
  }
  // The members of an object stream count as changed with it, wherever it stands now.
  if (a.dataOffset === undefined && b.dataOffset === undefined) {
    return true;
  }
  return (
    a.dataOffset !== undefined &&
    b.dataOffset !== undefined &&
    (await before.storedData(a)).equals(await after.storedData(b))
  );
}

/** What the signed revision uses: which of the changed objects are reached from its catalog, and from which objects. */
export interface Uses {
  /** For each changed number, the objects of the signed revision that refer to it. */
  readonly referrers: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Walks everything that the signed revision's catalog reaches. A new object whose number was referred to before it
 * existed is found here: a dangling reference that comes alive later is a known attack. Objects that can't be read are
 * passed over, since no viewer shows them either. Throws PdfError LIMIT_EXCEEDED.
 */
export async function findUses(before: ObjectView, changes: ReadonlyMap<number, Change>): Promise<Uses> {
  const referrers = new Map<number, Set<number>>();
  const root = before.sections[0]?.trailer.get('Root');
  const queue = root instanceof Reference ? [root.objectNumber] : [];
  const reached = new Set(queue);
  for (let objectNumber = queue.pop(); objectNumber !== undefined; objectNumber = queue.pop()) {
    const referrer = objectNumber;
    const object = await readable(before, objectNumber);
    forEachReference(object?.value, ({ objectNumber: target }) => {
      if (changes.has(target)) {
        const known = referrers.get(target) ?? new Set();
        referrers.set(target, known.add(referrer));
      }
      if (!reached.has(target)) {
        reached.add(target);
        queue.push(target);
      }
    });
  }
  return { referrers };
}

/** Undefined for what can't be read: no viewer shows it. */
export async function readable(view: ObjectView, objectNumber: number): Promise<IndirectObject | undefined> {
  try {
    return await view.object(objectNumber);
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return undefined;
    }
    throw error;
  }
}

/** True for a container of compressed objects: another one in its place changes all of them without naming them. */
export async function isObjectStream(view: ObjectView, objectNumber: number): Promise<boolean> {
  return isName(dictionaryOf(await readable(view, objectNumber))?.get('Type'), 'ObjStm');
}
