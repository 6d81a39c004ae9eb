import { dictionaryOf } from '../reader/indirect-object.js';
import { PageTree } from '../reader/pages.js';
import { changedKeys, forEachReference, sameValue } from '../syntax/same-value.js';
import { type Dictionary, Name, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import { type Comparison, referenced } from './comparison.js';
import { isReferenceTo } from './form.js';

/** Pages may list new widgets of signature fields, and nothing else of them may change. */
export async function comparePages(comparison: Comparison): Promise<void> {
  const { before, changes } = comparison;
  if (comparison.restriction.permission === 3) {
    await explainComments(comparison, await new PageTree(before).allPageNumbers());
  }
  const redefined = [...changes.keys()].filter(
    (objectNumber) => comparison.isRedefined(objectNumber) && !comparison.isExplained(objectNumber),
  );
  if (redefined.length === 0) {
    return;
  }
  const pages = await new PageTree(before).allPageNumbers();
  for (const objectNumber of redefined) {
    if (pages.has(objectNumber)) {
      comparison.explain(objectNumber);
      await comparePage(comparison, objectNumber);
      continue;
    }
    const owners = await holdersOf(comparison, objectNumber);
    const value = (await before.object(objectNumber))?.value;
    if (value instanceof PdfArray && owners.length > 0 && owners.every((owner) => pages.has(owner))) {
      for (const owner of owners) {
        await compareHeldAnnotations(comparison, owner, objectNumber);
      }
    }
  }
}

/** What refers to the array, without the annotations whose /P, which draws nothing, says that it is their page. */
async function holdersOf(comparison: Comparison, arrayNumber: number): Promise<number[]> {
  const holders: number[] = [];
  for (const referrer of comparison.referrers(arrayNumber)) {
    const entries = dictionaryOf(await comparison.before.object(referrer))?.entries ?? new Map<string, never>();
    const keys = [...entries].filter(([, { value }]) => referenced(value) === arrayNumber).map(([key]) => key);
    if (keys.length !== 1 || keys[0] !== 'P') {
      holders.push(referrer);
    }
  }
  return holders;
}

async function comparePage(comparison: Comparison, pageNumber: number): Promise<void> {
  const old = dictionaryOf(await comparison.before.object(pageNumber));
  const current = dictionaryOf(await comparison.after.object(pageNumber));
  for (const key of changedKeys(old, current)) {
    if (key !== 'Annots') {
      comparison.report('PAGE_CHANGED', `/${key} of a page changed`, pageNumber);
    }
  }
  if (current?.ambiguous === true) {
    comparison.report('PAGE_CHANGED', 'a key stands twice', pageNumber);
  }
  await compareAnnotations(comparison, pageNumber);
}

/** The array `arrayNumber` was redefined; that is explained if it is the page's /Annots and nothing else. */
async function compareHeldAnnotations(comparison: Comparison, page: number, arrayNumber: number): Promise<void> {
  const dictionary = dictionaryOf(await comparison.before.object(page));
  const holders = [...(dictionary?.entries ?? [])].filter(([, { value }]) => referenced(value) === arrayNumber);
  if (holders.length === 1 && holders[0]?.[0] === 'Annots') {
    comparison.explain(arrayNumber);
    await compareAnnotations(comparison, page);
  }
}

async function compareAnnotations(comparison: Comparison, pageNumber: number): Promise<void> {
  const old = dictionaryOf(await comparison.before.object(pageNumber))?.get('Annots');
  const current = dictionaryOf(await comparison.after.object(pageNumber))?.get('Annots');
  if (comparison.restriction.permission === 3) {
    await compareWithComments(comparison, pageNumber, { old, current });
    return;
  }
  const added = await comparison.additions(old, current);
  if (added === undefined) {
    comparison.report('ANNOTATION_CHANGED', 'annotations were removed or put in another order', pageNumber);
  } else if (!added.every((item) => isReferenceTo(item, comparison.newWidgets))) {
    comparison.report('ANNOTATION_ADDED', 'an annotation that is no widget of a new signature field', pageNumber);
  }
}

/** P 3 lets comments come and go (ISO 32000-2, table 257); everything else of the list stays as it was. */
async function compareWithComments(
  comparison: Comparison,
  pageNumber: number,
  { old, current }: { readonly old: PdfValue | undefined; readonly current: PdfValue | undefined },
): Promise<void> {
  const { before, after } = comparison;
  const [was, is] = [await before.resolve(old), await after.resolve(current)];
  const kept: PdfValue[] = [];
  for (const item of was instanceof PdfArray ? was.items : []) {
    if (!isComment(await before.dictionary(item))) {
      kept.push(item);
    }
  }
  let next = 0;
  for (const item of is instanceof PdfArray ? is.items : []) {
    if (next < kept.length && sameValue(item, kept[next])) {
      next += 1;
    } else if (!isReferenceTo(item, comparison.newWidgets) && !isComment(await after.dictionary(item))) {
      comparison.report('ANNOTATION_ADDED', 'an annotation that is no comment and no new signature field', pageNumber);
    }
  }
  if (next < kept.length) {
    comparison.report('ANNOTATION_CHANGED', 'annotations were removed that are no comments', pageNumber);
  }
}

/**
 * Notes and markings of text. Others are annotations too, but published attacks on certified documents use them to show
 * text or to cover it (FreeText, Stamp, Redact …), so that they stay a change of what was certified.
 */
const commentTypes = new Set(['Text', 'Popup', 'Highlight', 'Underline', 'Squiggly', 'StrikeOut', 'Caret']);

function isComment(annotation: Dictionary | undefined): boolean {
  const subtype = annotation?.get('Subtype');
  const acts = annotation?.entries.has('A') === true || annotation?.entries.has('AA') === true;
  return annotation?.ambiguous === false && !acts && subtype instanceof Name && commentTypes.has(subtype.value);
}

/** Where P 3 permits it, a comment that was written anew or freed, with appearances that nothing else draws. */
async function explainComments(comparison: Comparison, pages: ReadonlySet<number>): Promise<void> {
  const { before, after, changes } = comparison;
  const comments = new Set<number>();
  for (const pageNumber of pages) {
    const annotations = await before.resolve(dictionaryOf(await before.object(pageNumber))?.get('Annots'));
    for (const item of annotations instanceof PdfArray ? annotations.items : []) {
      if (item instanceof Reference && isComment(await before.dictionary(item))) {
        comments.add(item.objectNumber);
      }
    }
  }
  for (const objectNumber of comments) {
    const now = dictionaryOf(await after.object(objectNumber));
    if (changes.has(objectNumber) && (now === undefined || isComment(now))) {
      comparison.explain(objectNumber);
    }
    forEachReference(dictionaryOf(await before.object(objectNumber))?.get('AP'), ({ objectNumber: appearance }) => {
      if (changes.has(appearance) && comparison.belongsTo(appearance, comments)) {
        comparison.explain(appearance);
      }
    });
  }
}
