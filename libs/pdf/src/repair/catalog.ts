import { PdfError } from '../errors.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import type { XrefEntry } from '../reader/section.js';
import { damaged } from '../syntax/parser.js';
import { isName } from '../syntax/values.js';
import type { FoundObject } from './found.js';

/** Catalogs that are tried; a file of so many is no document. */
const maxCandidates = 64;

/**
 * The object number of the catalog: the newest that a trailer names, else the last object that calls itself one; its
 * /Pages must be there. Throws PdfError DAMAGED.
 */
export async function findCatalog(
  view: ObjectView,
  found: {
    readonly roots: readonly number[];
    readonly live: ReadonlyMap<number, FoundObject>;
    readonly entries: ReadonlyMap<number, XrefEntry>;
    readonly mended: ReadonlyMap<number, IndirectObject>;
  },
): Promise<number> {
  const named = found.roots.toReversed();
  const self = [...found.live.values()].filter(({ type }) => type === 'Catalog').sort((a, b) => b.offset - a.offset);
  const candidates = new Set([...named, ...self.map(({ objectNumber }) => objectNumber).slice(0, maxCandidates)]);
  for (const objectNumber of candidates) {
    if (await isCatalog(view, objectNumber)) {
      return objectNumber;
    }
  }
  const members = [...found.entries].filter(([, { kind }]) => kind === 'compressed').map(([number]) => number);
  for (const objectNumber of [...found.mended.keys(), ...members].toReversed()) {
    if (await isCatalog(view, objectNumber, 'Catalog')) {
      return objectNumber;
    }
  }
  throw damaged('a catalog with pages', `none among ${found.entries.size} objects`);
}

async function isCatalog(view: ObjectView, objectNumber: number, type?: string): Promise<boolean> {
  try {
    const dictionary = dictionaryOf(await view.object(objectNumber));
    const isTyped = type === undefined || isName(dictionary?.get('Type'), type);
    return isTyped && (await view.dictionary(dictionary?.get('Pages'))) !== undefined;
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return false;
    }
    throw error;
  }
}
