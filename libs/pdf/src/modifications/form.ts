import { type FormField, readFields, readForm } from '../reader/fields.js';
import { dictionaryOf } from '../reader/indirect-object.js';
import { readCatalog } from '../reader/structure.js';
import { changedKeys, forEachReference } from '../syntax/same-value.js';
import { Dictionary, isName, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import { type Comparison, referenced } from './comparison.js';

/** What filling in a field may change (ISO 32000-2, 12.7.4 and 12.8.2.2: P of 2). */
const filledKeys = new Set(['V', 'AP', 'AS', 'I', 'RV', 'M']);
/** What signing an empty signature field may change. */
const signedKeys = new Set(['V', 'AP', 'AS', 'M']);

/** Compares the form: new signature fields, and values in existing fields. */
export async function compareForm(comparison: Comparison): Promise<void> {
  const { before, after } = comparison;
  const oldForm = await readForm(before);
  const newForm = await readForm(after);
  if (newForm === undefined) {
    if (oldForm !== undefined) {
      comparison.report('FORM_CHANGED', 'the form was removed');
    }
    return;
  }
  comparison.explain(referenced((await readCatalog(before)).dictionary.get('AcroForm')));
  const oldFields = await readFields(before, oldForm);
  await compareFormKeys(comparison, oldForm, newForm);
  comparison.explain(referenced(oldForm?.get('Fields')));
  const added = await comparison.additions(oldForm?.get('Fields'), newForm.get('Fields'));
  if (added === undefined) {
    comparison.report('FORM_CHANGED', 'fields were removed or put in another order');
  }
  const names = new Set(oldFields.map((field) => field.name));
  for (const item of added ?? []) {
    await checkNewField(comparison, item, names);
  }
  for (const field of oldFields) {
    await compareField(comparison, field);
  }
}

async function compareFormKeys(
  comparison: Comparison,
  oldForm: Dictionary | undefined,
  newForm: Dictionary,
): Promise<void> {
  for (const key of changedKeys(oldForm, newForm)) {
    // Default resources and appearance may come with the first field: nothing signed uses what was not there.
    const isFirst = (key === 'DR' || key === 'DA') && oldForm?.get(key) === undefined;
    if (key !== 'Fields' && key !== 'SigFlags' && !isFirst) {
      comparison.report('FORM_CHANGED', `/${key} of the form changed`);
    }
  }
  const [old, current] = [
    await comparison.before.resolve(oldForm?.get('SigFlags')),
    await comparison.after.resolve(newForm.get('SigFlags')),
  ];
  // As the 32 bits that a flag is one of, also where a file says more.
  const kept = typeof old === 'number' ? old | 0 : 0;
  if (kept !== 0 && (typeof current !== 'number' || (current & kept) !== kept)) {
    comparison.report('FORM_CHANGED', 'flags of /SigFlags were removed');
  }
}

/** Only a field of a later signature may be new, with nothing that acts or that covers the page unsigned. */
async function checkNewField(comparison: Comparison, item: PdfValue, names: Set<string>): Promise<void> {
  const { after } = comparison;
  const objectNumber = referenced(item);
  const field = await after.dictionary(item);
  const isNew = objectNumber !== undefined && comparison.changes.get(objectNumber) === 'new';
  if (!isNew || field === undefined || !isName(field.get('FT'), 'Sig') || field.entries.has('Parent')) {
    comparison.report('FIELD_ADDED', 'a field that is no new signature field', objectNumber);
    return;
  }
  const [read] = await readFields(after, asForm(field, item));
  if (read === undefined || names.has(read.name)) {
    comparison.report('FIELD_ADDED', 'a signature field with a name that is taken', objectNumber);
    return;
  }
  names.add(read.name);
  const value = await after.dictionary(field.get('V'));
  const isTimestamp = isName(value?.get('Type'), 'DocTimeStamp');
  const { permission, isLocked } = comparison.restriction;
  if (permission === 1 && !isTimestamp) {
    comparison.report('CERTIFICATION_BROKEN', 'a signature field where P 1 permits no change', objectNumber);
  }
  if (value !== undefined && !isTimestamp && isLocked(read.name)) {
    comparison.report('FIELD_ADDED', 'a signature in a new field, where the signature locks all fields', objectNumber);
  }
  const widgets = [{ objectNumber, dictionary: field }];
  for (const { object, dictionary } of read.widgets) {
    if (object === undefined) {
      comparison.report('FIELD_ADDED', 'a widget that is no object of its own', objectNumber);
    } else {
      widgets.push({ objectNumber: object.objectNumber, dictionary });
    }
  }
  for (const widget of widgets) {
    await checkNewWidget(comparison, widget, { isSigned: value !== undefined });
    comparison.newWidgets.add(widget.objectNumber);
  }
}

async function checkNewWidget(
  comparison: Comparison,
  { objectNumber, dictionary: widget }: { readonly objectNumber: number; readonly dictionary: Dictionary },
  about: { readonly isSigned: boolean },
): Promise<void> {
  if (widget.entries.has('A') || widget.entries.has('AA')) {
    comparison.report('FIELD_ADDED', 'a signature field with actions', objectNumber);
  }
  const rectangle = await comparison.after.resolve(widget.get('Rect'));
  const [x1, y1, x2, y2] = rectangle instanceof PdfArray ? rectangle.items : [];
  const hasArea = typeof x1 === 'number' && typeof y1 === 'number' && x1 !== x2 && y1 !== y2;
  // The appearance of a field that nobody signed is paint over the signed page, and no signature list shows it.
  const draws = hasArea && widget.entries.has('AP');
  if (!about.isSigned && draws) {
    comparison.report('FIELD_ADDED', 'an unsigned signature field that draws on the page', objectNumber);
  }
  // What P 1 leaves open is a time-stamp, not what is drawn with it.
  if (comparison.restriction.permission === 1 && draws) {
    comparison.report(
      'CERTIFICATION_BROKEN',
      'a field that draws on the page where P 1 permits no change',
      objectNumber,
    );
  }
}

/** `readFields` over one root only. */
function asForm(field: Dictionary, item: PdfValue): Dictionary {
  const span = { bytes: field.bytes, start: field.start, end: field.end };
  const fields = new PdfArray(span, [item]);
  return new Dictionary(span, new Map([['Fields', { value: fields, valueStart: 0, valueEnd: 0 }]]), false);
}

async function compareField(comparison: Comparison, field: FormField): Promise<void> {
  const objects = [field.object, ...field.widgets.map((widget) => widget.object)];
  const owners = new Set(objects.flatMap((object) => object?.objectNumber ?? []));
  const isSignature = field.type === 'Sig';
  const permitted = isSignature ? signedKeys : filledKeys;
  const isSigned = isSignature && field.value !== undefined;
  for (const objectNumber of owners) {
    if (!comparison.isRedefined(objectNumber)) {
      continue;
    }
    comparison.explain(objectNumber);
    const old = dictionaryOf(await comparison.before.object(objectNumber));
    const current = dictionaryOf(await comparison.after.object(objectNumber));
    const keys = changedKeys(old, current);
    const refused = keys.find((key) => !permitted.has(key));
    if (isSigned || refused !== undefined || current?.ambiguous === true) {
      const detail = isSigned ? 'a signed field was changed' : `/${refused ?? '?'} of a field was changed`;
      comparison.report('FIELD_CHANGED', detail, objectNumber);
    } else if (!(isSignature && (await isTimestamped(comparison, field, keys)))) {
      reportRestricted(comparison, field.name, objectNumber);
    }
    if (!isSigned) {
      explainAppearances(comparison, old, owners);
    }
  }
}

function reportRestricted(comparison: Comparison, fieldName: string, objectNumber: number): void {
  const { permission, isLocked } = comparison.restriction;
  if (permission === 1) {
    comparison.report('CERTIFICATION_BROKEN', 'a field filled where P 1 permits no change', objectNumber);
  } else if (isLocked(fieldName)) {
    comparison.report('FIELD_CHANGED', 'a field that the signature locks was filled', objectNumber);
  }
}

/** An empty field that got a document time-stamp and draws nothing: evidence, which no certification and no lock forbids. */
async function isTimestamped({ after }: Comparison, field: FormField, keys: readonly string[]): Promise<boolean> {
  const current = dictionaryOf(await after.object(field.object?.objectNumber ?? 0));
  const value = await after.dictionary(current?.get('V'));
  return isName(value?.get('Type'), 'DocTimeStamp') && !keys.includes('AP') && !keys.includes('AS');
}

/** A field's own appearance streams may be written anew in place, if nothing else draws them. */
function explainAppearances(comparison: Comparison, widget: Dictionary | undefined, owners: ReadonlySet<number>): void {
  forEachReference(widget?.get('AP'), ({ objectNumber }) => {
    if (comparison.belongsTo(objectNumber, owners)) {
      comparison.explain(objectNumber);
    }
  });
}

/** Widgets that a page lists and that no field of the form leads to are compared like any other annotation. */
export function isReferenceTo(value: PdfValue, numbers: ReadonlySet<number>): boolean {
  return value instanceof Reference && numbers.has(value.objectNumber);
}
