import { PdfError } from '../errors.js';
import type { FormField } from '../reader/fields.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import { PageTree, type Rotation } from '../reader/pages.js';
import { Dictionary, PdfArray, Reference } from '../syntax/values.js';
import type { PrepareOptions } from '../types.js';
import type { Increment } from './increment.js';
import { editDictionary } from './parts.js';

/** An existing signature field that waits for its value, and its widget, which may be the same object. */
export interface EmptyField {
  readonly field: IndirectObject;
  readonly widget: IndirectObject;
  /** Where the form's author put it: a signature that is visible is drawn there. */
  readonly place: { readonly widthPt: number; readonly heightPt: number; readonly rotate: Rotation } | undefined;
}

/** Throws PdfError FIELD_UNUSABLE unless the field can be filled as it is. */
export async function readEmptyField(
  view: ObjectView,
  { name, type, value, object, dictionary, widgets }: FormField,
  visible: PrepareOptions['visible'],
): Promise<EmptyField> {
  const unusable = (found: string): PdfError =>
    new PdfError('FIELD_UNUSABLE', `an empty signature field ${JSON.stringify(name)}`, found);
  if (type !== 'Sig') {
    throw unusable('a field of another type');
  }
  if (value !== undefined) {
    throw unusable('one that is signed');
  }
  if (object === undefined || widgets.length > 1) {
    throw unusable('one that is no indirect object or has several widgets');
  }
  // A lock would have to be repeated in the signature, and seed values obeyed (ISO 32000-2, 12.7.5.5).
  const seeds = await view.dictionary(dictionary.get('SV'));
  const required = await view.resolve(seeds?.get('Ff'));
  if (dictionary.entries.has('Lock') || (typeof required === 'number' && required !== 0)) {
    throw unusable('one with a lock or with required seed values');
  }
  const widget = widgets[0] ?? object;
  const place = await readPlace(view, dictionaryOf(widget) ?? dictionary, visible?.pageIndex ?? 0);
  if (visible !== undefined && place === undefined) {
    throw unusable('one without an area, which can only hold an invisible signature');
  }
  return { field: object, widget, place };
}

/** Size of the widget as displayed; undefined for an invisible one. */
async function readPlace(
  view: ObjectView,
  widget: Dictionary,
  pageIndex: number,
): Promise<EmptyField['place'] | undefined> {
  const rectangle = await view.resolve(widget.get('Rect'));
  const [x1, y1, x2, y2] = rectangle instanceof PdfArray ? rectangle.items : [];
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number') {
    return undefined;
  }
  const { geometry } = await findPage(view, widget, pageIndex);
  const width = Math.abs(x2 - x1) * geometry.userUnit;
  const height = Math.abs(y2 - y1) * geometry.userUnit;
  if (width === 0 || height === 0) {
    return undefined;
  }
  const upright = geometry.rotate % 180 === 0;
  return {
    widthPt: upright ? width : height,
    heightPt: upright ? height : width,
    rotate: geometry.rotate,
  };
}

/** The page that /P names; where it names none, the one that the caller placed the signature on. */
async function findPage(view: ObjectView, widget: Dictionary, pageIndex: number): ReturnType<PageTree['page']> {
  const tree = new PageTree(view);
  const parent = widget.get('P');
  const asked = await tree.page(pageIndex);
  if (!(parent instanceof Reference) || parent.objectNumber === asked.object.objectNumber) {
    return asked;
  }
  const index = [...(await tree.allPageNumbers())].indexOf(parent.objectNumber);
  return index < 0 ? asked : tree.page(index);
}

/** Writes the value into the field and the appearance into its widget; everything else stays as the author made it. */
export function fillField(
  increment: Increment,
  { field, widget }: EmptyField,
  refs: { readonly signatureNumber: number; readonly appearance: number | undefined },
): void {
  const changes = new Map([['V', `${refs.signatureNumber} 0 R`]]);
  const appearance = refs.appearance === undefined ? undefined : `<< /N ${refs.appearance} 0 R >>`;
  if (appearance !== undefined && widget.objectNumber === field.objectNumber) {
    changes.set('AP', appearance);
  }
  write(increment, field, changes);
  if (appearance !== undefined && widget.objectNumber !== field.objectNumber) {
    write(increment, widget, new Map([['AP', appearance]]));
  }
}

function write(increment: Increment, object: IndirectObject, changes: ReadonlyMap<string, string>): void {
  if (object.value instanceof Dictionary) {
    increment.add(object.objectNumber, editDictionary(object.value, changes), object.generation);
  }
}
