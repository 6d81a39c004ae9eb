import { limitExceeded } from '../limits.js';
import { decodeText } from '../syntax/strings.js';
import { Dictionary, Name, PdfArray, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import { dictionaryOf, type IndirectObject } from './indirect-object.js';
import type { ObjectView } from './objects.js';
import { readCatalog } from './structure.js';

/** A form field (ISO 32000-2, 12.7.4) that holds a value of its own; several of its widgets may stand in /Kids. */
export interface FormField {
  /** Fully qualified: the partial names joined by full stops. */
  readonly name: string;
  /** Undefined when the dictionary stands directly in /Fields or /Kids, against the standard. */
  readonly object: IndirectObject | undefined;
  readonly dictionary: Dictionary;
  /** /FT, inherited. */
  readonly type: string | undefined;
  /** /V as written, inherited. */
  readonly value: PdfValue | undefined;
  /** The widgets apart from the field; empty when the field is its own widget. */
  readonly widgets: readonly IndirectObject[];
}

interface Inherited {
  readonly name: string;
  readonly type: string | undefined;
  readonly value: PdfValue | undefined;
}

/** The interactive form of one view; undefined where the catalog has none. */
export async function readForm(view: ObjectView): Promise<Dictionary | undefined> {
  return view.dictionary((await readCatalog(view)).dictionary.get('AcroForm'));
}

/** All terminal fields of the form in the order of its tree. Throws PdfError LIMIT_EXCEEDED. */
export async function readFields(view: ObjectView, form: Dictionary | undefined): Promise<FormField[]> {
  const fields: FormField[] = [];
  const visited = new Set<number>();
  const roots = await view.resolve(form?.get('Fields'));
  for (const item of roots instanceof PdfArray ? roots.items : []) {
    await walk(item, { name: '', type: undefined, value: undefined }, 0);
  }
  return fields;

  async function walk(item: PdfValue, parent: Inherited, depth: number): Promise<void> {
    if (depth > view.windows.limits.maxNesting) {
      throw limitExceeded(`fields of at most ${view.windows.limits.maxNesting} levels`, 'deeper ones');
    }
    const object = item instanceof Reference ? await view.object(item.objectNumber) : undefined;
    const dictionary = item instanceof Dictionary ? item : dictionaryOf(object);
    if (dictionary === undefined || (object !== undefined && visited.has(object.objectNumber))) {
      return;
    }
    if (object !== undefined) {
      visited.add(object.objectNumber);
    }
    const own = await inherit(view, dictionary, parent);
    const kids = await readKids(view, dictionary);
    const children = kids.filter(({ isField }) => isField);
    for (const { item: child } of children) {
      await walk(child, own, depth + 1);
    }
    if (children.length === 0) {
      const widgets = kids.flatMap(({ object: widget }) => (widget === undefined ? [] : [widget]));
      fields.push({ ...own, object, dictionary, widgets });
    }
  }
}

async function inherit(view: ObjectView, dictionary: Dictionary, parent: Inherited): Promise<Inherited> {
  const partial = await view.resolve(dictionary.get('T'));
  const type = await view.resolve(dictionary.get('FT'));
  const text = partial instanceof PdfString ? decodeText(partial.decoded()) : undefined;
  const name = text === undefined ? parent.name : parent.name === '' ? text : `${parent.name}.${text}`;
  return {
    name,
    type: type instanceof Name ? type.value : parent.type,
    value: dictionary.get('V') ?? parent.value,
  };
}

/** A kid with a /T is a field, one without is a widget of its parent (ISO 32000-2, 12.7.4.2). */
async function readKids(
  view: ObjectView,
  dictionary: Dictionary,
): Promise<{ item: PdfValue; object: IndirectObject | undefined; isField: boolean }[]> {
  const kids = await view.resolve(dictionary.get('Kids'));
  const read: { item: PdfValue; object: IndirectObject | undefined; isField: boolean }[] = [];
  for (const item of kids instanceof PdfArray ? kids.items : []) {
    const object = item instanceof Reference ? await view.object(item.objectNumber) : undefined;
    const kid = item instanceof Dictionary ? item : dictionaryOf(object);
    if (kid !== undefined) {
      read.push({ item, object, isField: kid.entries.has('T') });
    }
  }
  return read;
}
