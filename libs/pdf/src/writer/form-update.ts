import { damaged } from '../syntax/parser.js';
import { Dictionary, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import { readCatalog } from '../reader/structure.js';
import type { Increment } from './increment.js';
import { editDictionary, extendArray, type Written } from './parts.js';

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

/** What has to be read before object numbers are given out. */
export interface FormHolder {
  readonly catalog: { readonly object: IndirectObject; readonly dictionary: Dictionary };
  readonly form: Dictionary | undefined;
  readonly formObject: IndirectObject | undefined;
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
    formObject: form === undefined ? undefined : formObject,
    fields: await readHeldArray(view, form?.get('Fields')),
    flags: typeof flags === 'number' ? flags : 0,
  };
}

/**
 * Enters a field into the form (undefined: only the flags), touching as little as possible: the object that is /Fields,
 * else the one that is the form, else the catalog. NeedAppearances stays as it is.
 */
export function updateForm(increment: Increment, holder: FormHolder, fieldRef: string | undefined): void {
  const { catalog, form, formObject, fields, flags } = holder;
  if (form === undefined) {
    if (fieldRef === undefined) {
      throw damaged('a form with the field', 'none');
    }
    const objectNumber = increment.allocate();
    increment.add(objectNumber, [`<< /Fields [${fieldRef}] /SigFlags ${signatureFlags} >>`]);
    replaceInCatalog(increment, catalog, `${objectNumber} 0 R`);
    return;
  }
  const changes = new Map<string, Written>();
  const array = fieldRef === undefined ? undefined : appendTo(increment, fields, fieldRef);
  if (array !== undefined) {
    changes.set('Fields', array);
  }
  if ((flags & signatureFlags) !== signatureFlags) {
    changes.set('SigFlags', String(flags | signatureFlags));
  }
  if (changes.size === 0) {
    return;
  }
  const edited = editDictionary(form, changes);
  if (formObject === undefined) {
    replaceInCatalog(increment, catalog, edited);
  } else {
    increment.add(formObject.objectNumber, edited, formObject.generation);
  }
}

function replaceInCatalog(increment: Increment, catalog: FormHolder['catalog'], form: Written): void {
  const { object, dictionary } = catalog;
  increment.add(object.objectNumber, editDictionary(dictionary, new Map([['AcroForm', form]])), object.generation);
}
