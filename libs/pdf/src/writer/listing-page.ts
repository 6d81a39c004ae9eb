import { limitExceeded } from '../limits.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import { type PageListing, type PageObject, PageTree } from '../reader/pages.js';
import { type PdfValue, Reference } from '../syntax/values.js';
import { appendAll, type HeldArray, readHeldArray } from './form-update.js';
import type { Increment } from './increment.js';
import type { ObjectEdits } from './object-edits.js';
import { copySpan } from './parts.js';

/** A page stands a few times in a real document's tree; a small file can list one a hundred thousand times. */
const maxCopies = 100;

/** A page that is to list new widgets. */
export interface ListingPage extends PageObject {
  readonly annotations: HeldArray;
}

/** `index` from 0. Throws PdfError PAGE_UNKNOWN, NO_PAGES or DAMAGED. */
export async function readListingPage(view: ObjectView, index: number): Promise<ListingPage> {
  const page = await new PageTree(view).page(index);
  return { ...page, annotations: await readHeldArray(view, page.dictionary.get('Annots')) };
}

/**
 * Enters widgets into the page's /Annots. What the page shares with others is made its own first, or the widgets would be
 * shown there too: a list of annotations that is an object of its own, and the page itself where it stands in /Kids more
 * than once. A signed document stays as it is: its signers' viewers would see another list, and another page tree.
 */
export function listOnPage(
  writing: { readonly increment: Increment; readonly edits: ObjectEdits },
  page: ListingPage,
  refs: readonly string[],
  { isSigned }: { readonly isSigned: boolean },
): void {
  const { edits } = writing;
  const { object, dictionary, annotations } = page;
  if (!isSigned) {
    copyOtherOccurrences(writing, page);
    const listed = annotations.object === undefined ? undefined : asReferences(annotations.array?.items ?? []);
    if (listed !== undefined) {
      edits.setKeys(object, dictionary, new Map([['Annots', `[${[...listed, ...refs].join(' ')}]`]]));
      return;
    }
  }
  appendAll(edits, annotations, { holder: object, dictionary, key: 'Annots' }, refs);
}

/** The page stays the object that it is; where the same /Kids lists it again, a copy takes its place. */
function copyOtherOccurrences(
  { increment, edits }: { readonly increment: Increment; readonly edits: ObjectEdits },
  { object, dictionary, listing }: ListingPage,
): void {
  const parent = dictionaryOf(listing?.parent);
  if (listing === undefined || parent === undefined) {
    return;
  }
  const others = countOthers(listing, object);
  const kids = others === 0 ? undefined : asReferences(listing.kids);
  if (kids === undefined) {
    return;
  }
  if (others > maxCopies) {
    throw limitExceeded(`a page that stands at most ${maxCopies + 1} times in /Kids`, others + 1);
  }
  const own = referenceTo(object);
  const written = kids.map((kid, position) => {
    if (kid !== own || position === listing.position) {
      return kid;
    }
    const objectNumber = increment.allocate();
    increment.add(objectNumber, [copySpan(dictionary, dictionary.start, dictionary.end)]);
    return `${objectNumber} 0 R`;
  });
  edits.setKeys(listing.parent, parent, new Map([['Kids', `[${written.join(' ')}]`]]));
}

/** How often /Kids lists the page elsewhere. There may be 20,000 kids, so that nothing is written to compare them. */
function countOthers(
  { kids, position: own }: PageListing,
  { objectNumber, generation }: Pick<IndirectObject, 'objectNumber' | 'generation'>,
): number {
  let others = 0;
  for (const [position, kid] of kids.entries()) {
    const isSame = kid instanceof Reference && kid.objectNumber === objectNumber && kid.generation === generation;
    others += isSame && position !== own ? 1 : 0;
  }
  return others;
}

function referenceTo({ objectNumber, generation }: Pick<IndirectObject, 'objectNumber' | 'generation'>): string {
  return `${objectNumber} ${generation} R`;
}

/** Undefined where something stands among them that is more than a reference: its strings may be encrypted for its place. */
function asReferences(items: readonly PdfValue[]): string[] | undefined {
  const written: string[] = [];
  for (const item of items) {
    if (item !== null && !(item instanceof Reference)) {
      return undefined;
    }
    written.push(item === null ? 'null' : referenceTo(item));
  }
  return written;
}
