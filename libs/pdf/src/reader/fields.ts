import { limitExceeded } from '../limits.js';
import { decodeText } from '../syntax/strings.js';
import { Dictionary, Name, PdfArray, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import { dictionaryOf, type IndirectObject } from './indirect-object.js';
import type { ObjectView } from './objects.js';
import { readCatalog } from './structure.js';

/** A widget that stands apart from its field, in the field's /Kids. */
export interface FieldWidget {
  readonly dictionary: Dictionary;
  /** Undefined when it stands directly in /Kids, against the standard. */
  readonly object: IndirectObject | undefined;
  /** What has to be written anew to change it: the widget itself, or the object that it stands in. */
  readonly holder: IndirectObject;
}

/** A form field (ISO 32000-2, 12.7.4) that holds a value of its own; several of its widgets may stand in /Kids. */
export interface FormField {
  /** Fully qualified: the partial names joined by full stops. */
  readonly name: string;
  /** Undefined when the dictionary stands directly in /Fields or /Kids, against the standard. */
  readonly object: IndirectObject | undefined;
  /** What has to be written anew to change it: the field itself, or the object that it stands in. */
  readonly holder: IndirectObject;
  readonly dictionary: Dictionary;
  /** The field and the fields above it, nearest first: for what is inherited (ISO 32000-2, 12.7.4.1). */
  readonly ancestors: readonly Dictionary[];
  /** /FT, inherited. */
  readonly type: string | undefined;
  /** /V as written, inherited. */
  readonly value: PdfValue | undefined;
  /** The widgets apart from the field; empty when the field is its own widget. */
  readonly widgets: readonly FieldWidget[];
}

/** An attribute of the field or of the nearest field above it that has one, as written. */
export function inheritedAttribute(field: Pick<FormField, 'ancestors'>, key: string): PdfValue | undefined {
  return field.ancestors.find((dictionary) => dictionary.entries.has(key))?.get(key);
}

/** True unless the field and its widgets are indirect objects, as ISO 32000-2, 12.7.4.1 wants them. */
export function isDirect({ object, widgets }: FormField): boolean {
  return object === undefined || widgets.some((widget) => widget.object === undefined);
}

interface Inherited {
  readonly name: string;
  readonly type: string | undefined;
  readonly value: PdfValue | undefined;
  readonly ancestors: readonly Dictionary[];
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
  const nothing: Inherited = { name: '', type: undefined, value: undefined, ancestors: [] };
  const rootHolder = await holderOfRoots(view, form);
  for (const item of roots instanceof PdfArray ? roots.items : []) {
    const pending = walk(item, nothing, rootHolder);
    if (pending !== undefined) {
      await pending;
    }
  }
  return fields;

  /** At once where the field is in memory and has no kids: most of the fields of a document with hundreds of signatures. */
  function walk(item: PdfValue, parent: Inherited, outer: IndirectObject): Promise<void> | undefined {
    if (parent.ancestors.length > view.windows.limits.maxNesting) {
      throw limitExceeded(`fields of at most ${view.windows.limits.maxNesting} levels`, 'deeper ones');
    }
    const object = item instanceof Reference ? view.object(item.objectNumber) : undefined;
    return object instanceof Promise
      ? object.then((read) => enter(item, read, { parent, outer }))
      : enter(item, object, { parent, outer });
  }

  function enter(
    item: PdfValue,
    object: IndirectObject | undefined,
    { parent, outer }: { readonly parent: Inherited; readonly outer: IndirectObject },
  ): Promise<void> | undefined {
    const dictionary = item instanceof Dictionary ? item : dictionaryOf(object);
    if (dictionary === undefined || (object !== undefined && visited.has(object.objectNumber))) {
      return undefined;
    }
    if (object !== undefined) {
      visited.add(object.objectNumber);
    }
    const holder = object ?? outer;
    const own = inherit(view, dictionary, parent);
    if (own instanceof Promise || dictionary.entries.has('Kids')) {
      return enterKids({ object, dictionary, holder }, own);
    }
    fields.push(terminalField(own, { object, holder, dictionary, widgets: [] }));
    return undefined;
  }

  async function enterKids(
    { object, dictionary, holder }: Pick<FormField, 'object' | 'dictionary' | 'holder'>,
    inherited: Inherited | Promise<Inherited>,
  ): Promise<void> {
    const own = await inherited;
    const { kids, holder: kidsHolder } = await readKids(view, dictionary, holder);
    const children = kids.filter(({ isField }) => isField);
    for (const { item: child } of children) {
      await walk(child, own, kidsHolder);
    }
    if (children.length === 0) {
      fields.push(terminalField(own, { object, holder, dictionary, widgets: kids }));
    }
  }
}

/** Spelt out: an object that is made by spreading another one takes V8 ten times as long, and is slow to read. */
function terminalField(
  { name, type, value, ancestors }: Inherited,
  { object, holder, dictionary, widgets }: Pick<FormField, 'object' | 'holder' | 'dictionary' | 'widgets'>,
): FormField {
  return { name, object, holder, dictionary, ancestors, type, value, widgets };
}

function inherit(view: ObjectView, dictionary: Dictionary, parent: Inherited): Inherited | Promise<Inherited> {
  const partial = view.resolve(dictionary.get('T'));
  const type = view.resolve(dictionary.get('FT'));
  return partial instanceof Promise || type instanceof Promise
    ? Promise.all([partial, type]).then(([name, ownType]) => inheriting(dictionary, parent, [name, ownType]))
    : inheriting(dictionary, parent, [partial, type]);
}

function inheriting(
  dictionary: Dictionary,
  parent: Inherited,
  [partial, type]: readonly [PdfValue, PdfValue],
): Inherited {
  const text = partial instanceof PdfString ? decodeText(partial.decoded()) : undefined;
  const name = text === undefined ? parent.name : parent.name === '' ? text : `${parent.name}.${text}`;
  return {
    name,
    type: type instanceof Name ? type.value : parent.type,
    value: dictionary.get('V') ?? parent.value,
    ancestors: [dictionary, ...parent.ancestors],
  };
}

/** The object in which a field that stands directly in /Fields is written. */
async function holderOfRoots(view: ObjectView, form: Dictionary | undefined): Promise<IndirectObject> {
  const catalog = await readCatalog(view);
  const fields = form?.get('Fields');
  const formValue = catalog.dictionary.get('AcroForm');
  for (const value of [fields, formValue]) {
    const object = value instanceof Reference ? await view.object(value.objectNumber) : undefined;
    if (object !== undefined) {
      return object;
    }
  }
  return catalog.object;
}

interface Kid extends FieldWidget {
  readonly item: PdfValue;
  readonly isField: boolean;
}

/** A kid with a /T is a field, one without is a widget of its parent (ISO 32000-2, 12.7.4.2). */
async function readKids(
  view: ObjectView,
  dictionary: Dictionary,
  outer: IndirectObject,
): Promise<{ readonly kids: readonly Kid[]; readonly holder: IndirectObject }> {
  const value = dictionary.get('Kids');
  const array = value instanceof Reference ? await view.object(value.objectNumber) : undefined;
  const holder = array ?? outer;
  const kids = await view.resolve(value);
  const read: Kid[] = [];
  for (const item of kids instanceof PdfArray ? kids.items : []) {
    const object = item instanceof Reference ? await view.object(item.objectNumber) : undefined;
    const kid = item instanceof Dictionary ? item : dictionaryOf(object);
    if (kid !== undefined) {
      read.push({ item, object, dictionary: kid, holder: object ?? holder, isField: kid.entries.has('T') });
    }
  }
  return { kids: read, holder };
}
