import { damaged } from '../syntax/parser.js';
import { Dictionary, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import { readCatalog } from '../reader/structure.js';
import type { Increment } from './increment.js';
import type { ObjectEdits } from './object-edits.js';
import { extendArray, type Written } from './parts.js';

/** SignaturesExist and AppendOnly (ISO 32000-2, table 225). */
const signatureFlags = 3;

/** An array that stands in a dictionary, in an object of its own, or nowhere yet. */
export interface HeldArray {
  readonly array: PdfArray | undefined;
  /** The object that is the array, when it is one. */
  readonly object: IndirectObject | undefined;
}

export async function readHeldArray(view: ObjectView, value: PdfValue | undefined): Promise<HeldArray> {
  if (value instanceof Reference) {
    const object = await view.object(value.objectNumber);
    // A reference to a reference is written over by a direct array, like a reference to nothing.
    return object?.value instanceof PdfArray
      ? { array: object.value, object }
      : { array: undefined, object: undefined };
  }
  return { array: value instanceof PdfArray ? value : undefined, object: undefined };
}

/** A dictionary with the object that it is, or stands in. */
export interface HeldDictionary {
  readonly dictionary: Dictionary;
  readonly holder: IndirectObject;
}

/** `value` as it stands in `outer`; undefined unless it is a dictionary. */
export async function readHeldDictionary(
  view: ObjectView,
  value: PdfValue | undefined,
  outer: IndirectObject,
): Promise<HeldDictionary | undefined> {
  if (value instanceof Dictionary) {
    return { dictionary: value, holder: outer };
  }
  const object = value instanceof Reference ? await view.object(value.objectNumber) : undefined;
  const dictionary = dictionaryOf(object);
  return object === undefined || dictionary === undefined ? undefined : { dictionary, holder: object };
}

/**
 * Adds `item` to the array, where it stands. Gives the value that the holding dictionary needs, or undefined when it
 * stays as it is: direct stays direct and indirect stays indirect, since older signatures break in Acrobat otherwise.
 */
export function appendTo(increment: Increment, held: HeldArray, item: string): Written | undefined {
  if (held.array === undefined) {
    return `[${item}]`;
  }
  const parts = extendArray(held.array, item);
  if (held.object === undefined) {
    return parts;
  }
  increment.add(held.object.objectNumber, parts, held.object.generation);
  return undefined;
}

/** As `appendTo`, for several items and an array that stands in `holder`'s dictionary under `key`. */
export function appendAll(
  edits: ObjectEdits,
  held: HeldArray,
  at: { readonly holder: IndirectObject; readonly dictionary: Dictionary; readonly key: string },
  items: readonly string[],
): void {
  if (held.array === undefined) {
    edits.setKeys(at.holder, at.dictionary, new Map([[at.key, `[${items.join(' ')}]`]]));
    return;
  }
  for (const item of items) {
    edits.append(held.object ?? at.holder, held.array, item);
  }
}

/** What has to be read before object numbers are given out. */
export interface FormHolder {
  readonly catalog: { readonly object: IndirectObject; readonly dictionary: Dictionary };
  readonly form: Dictionary | undefined;
  /** The object that is the form, else the catalog. */
  readonly holder: IndirectObject;
  readonly fields: HeldArray;
  readonly flags: number;
}

export async function readFormHolder(view: ObjectView): Promise<FormHolder> {
  const catalog = await readCatalog(view);
  const value = catalog.dictionary.get('AcroForm');
  const formObject = value instanceof Reference ? await view.object(value.objectNumber) : undefined;
  const form = value instanceof Dictionary ? value : dictionaryOf(formObject);
  const flags = await view.resolve(form?.get('SigFlags'));
  return {
    catalog,
    form,
    holder: form === undefined ? catalog.object : (formObject ?? catalog.object),
    fields: await readHeldArray(view, form?.get('Fields')),
    flags: typeof flags === 'number' ? flags : 0,
  };
}

/**
 * Enters fields into the form (none: only the flags), touching as little as possible: the object that is /Fields, else the
 * one that is the form, else the catalog. NeedAppearances stays as it is. `entries` come into the form besides.
 */
export function updateForm(
  writing: { readonly increment: Increment; readonly edits: ObjectEdits },
  { catalog, form, holder, fields, flags }: FormHolder,
  fieldRefs: readonly string[],
  entries: ReadonlyMap<string, string> = new Map(),
): void {
  const { increment, edits } = writing;
  if (form === undefined) {
    if (fieldRefs.length === 0) {
      throw damaged('a form with the field', 'none');
    }
    const objectNumber = increment.allocate();
    const more = [...entries].map(([key, text]) => ` /${key} ${text}`).join('');
    increment.add(objectNumber, [`<< /Fields [${fieldRefs.join(' ')}] /SigFlags ${signatureFlags}${more} >>`]);
    edits.setKeys(catalog.object, catalog.dictionary, new Map([['AcroForm', `${objectNumber} 0 R`]]));
    return;
  }
  if (fieldRefs.length > 0) {
    appendAll(edits, fields, { holder, dictionary: form, key: 'Fields' }, fieldRefs);
  }
  const changes = new Map(entries);
  if ((flags & signatureFlags) !== signatureFlags) {
    changes.set('SigFlags', String((flags | signatureFlags) >>> 0));
  }
  if (changes.size > 0) {
    edits.setKeys(holder, form, changes);
  }
}
