import { PdfError } from '../errors.js';
import { type FormField, type FieldWidget, isDirect } from '../reader/fields.js';
import { readLock } from '../reader/locks.js';
import type { ObjectView } from '../reader/objects.js';
import { PageTree, type Rotation } from '../reader/pages.js';
import { readSeedValues } from '../reader/seed-values.js';
import { readRectangle } from '../reader/widgets.js';
import type { Dictionary } from '../syntax/values.js';
import { Reference } from '../syntax/values.js';
import type { FieldLock } from '../types.js';
import type { ObjectEdits } from './object-edits.js';
import { assertSeedValues, type PlannedSignature } from './seed-check.js';

/** An existing signature field that waits for its value. */
export interface EmptyField {
  readonly field: FormField;
  /** What the signature has to repeat as FieldMDP. */
  readonly lock: FieldLock | undefined;
  /** The widgets that have an area: a signature that is visible is drawn in each one. */
  readonly places: readonly WidgetPlace[];
}

/** Where the form's author put a widget; its size as displayed. */
export interface WidgetPlace {
  readonly widget: Pick<FieldWidget, 'dictionary' | 'holder'>;
  readonly widthPt: number;
  readonly heightPt: number;
  readonly rotate: Rotation;
}

/** Throws PdfError FIELD_UNUSABLE unless the field can be filled by the signature that is planned. */
export async function readEmptyField(
  view: ObjectView,
  field: FormField,
  planned: PlannedSignature & { readonly pageIndex: number | undefined; readonly isSigned: boolean },
): Promise<EmptyField> {
  const { name, type, value, dictionary, widgets } = field;
  const unusable = (found: string): PdfError =>
    new PdfError('FIELD_UNUSABLE', `an empty signature field ${JSON.stringify(name)}`, found);
  if (type !== 'Sig') {
    throw unusable('a field of another type');
  }
  if (value !== undefined) {
    throw unusable('one that is signed');
  }
  if (isDirect(field) && planned.isSigned) {
    // Writing it changes an array that the earlier signatures cover, which looks like another form.
    throw unusable('one that is no indirect object, in a document that is signed');
  }
  const lock = await readLockOf(view, dictionary, unusable);
  const seeds = await view.dictionary(dictionary.get('SV'));
  const seedValues = seeds === undefined ? undefined : await readSeedValues(view, seeds);
  if (seedValues !== undefined) {
    assertSeedValues(seedValues, planned);
  }
  const apart = widgets.length === 0 ? [{ dictionary, holder: field.holder }] : widgets;
  const places: WidgetPlace[] = [];
  for (const widget of planned.pageIndex === undefined ? [] : apart) {
    const place = await readPlace(view, widget, planned.pageIndex ?? 0);
    if (place !== undefined) {
      places.push(place);
    }
  }
  if (planned.pageIndex !== undefined && places.length === 0) {
    throw unusable('one without an area, which can only hold an invisible signature');
  }
  // The author wants the document locked by this signature; nothing says so more clearly than FieldMDP with P 1.
  const isLocked = seedValues?.lockDocument?.value === 'true' && planned.subFilter !== 'ETSI.RFC3161';
  return { field, lock: isLocked ? { action: 'All', permission: 1 } : lock, places };
}

async function readLockOf(
  view: ObjectView,
  field: Dictionary,
  unusable: (found: string) => PdfError,
): Promise<FieldLock | undefined> {
  if (!field.entries.has('Lock')) {
    return undefined;
  }
  const dictionary = await view.dictionary(field.get('Lock'));
  const lock = dictionary === undefined ? undefined : await readLock(view, dictionary);
  if (lock === undefined) {
    throw unusable('one with a lock that does not say what it locks');
  }
  return lock;
}

/** Size of the widget as displayed; undefined for an invisible one. */
async function readPlace(
  view: ObjectView,
  widget: WidgetPlace['widget'],
  pageIndex: number,
): Promise<WidgetPlace | undefined> {
  const rectangle = await readRectangle(view, widget.dictionary);
  if (rectangle === undefined) {
    return undefined;
  }
  const { geometry } = await findPage(view, widget.dictionary, pageIndex);
  const width = rectangle.width * geometry.userUnit;
  const height = rectangle.height * geometry.userUnit;
  const upright = geometry.rotate % 180 === 0;
  return {
    widget,
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

/** Writes the value into the field and an appearance into each place; everything else stays as the author made it. */
export function fillField(
  edits: ObjectEdits,
  { field, places }: EmptyField,
  refs: { readonly signatureNumber: number; readonly appearances: readonly number[] },
): void {
  edits.setKeys(field.holder, field.dictionary, new Map([['V', `${refs.signatureNumber} 0 R`]]));
  for (const [index, { widget }] of places.entries()) {
    const appearance = refs.appearances[index];
    if (appearance !== undefined) {
      edits.setKeys(widget.holder, widget.dictionary, new Map([['AP', `<< /N ${appearance} 0 R >>`]]));
    }
  }
}
