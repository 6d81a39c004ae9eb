import { toDisplayed } from '../geometry.js';
import { dictionaryOf } from './indirect-object.js';
import { type Dictionary, PdfArray, Reference } from '../syntax/values.js';
import type { SignatureField } from '../types.js';
import type { FormField } from './fields.js';
import { readLock } from './locks.js';
import type { ObjectView } from './objects.js';
import { PageTree } from './pages.js';
import { readSigningPermissions } from './permissions.js';
import { readSeedValues } from './seed-values.js';
import type { Structure } from './structure.js';
import { readRectangle } from './widgets.js';

/** All signature fields in the order of the form's tree. Throws PdfError as `readSigningPermissions`. */
export async function readSignatureFields(structure: Structure): Promise<SignatureField[]> {
  const { view } = structure;
  const permissions = await readSigningPermissions(structure);
  const fields = permissions.fields.filter((field) => field.type === 'Sig');
  const pages = new WidgetPages(view);
  const listed: SignatureField[] = [];
  for (const field of fields) {
    const state = field.value === undefined ? 'empty' : 'signed';
    const lock = await view.dictionary(field.dictionary.get('Lock'));
    const seeds = await view.dictionary(field.dictionary.get('SV'));
    const place = await findPlace(view, field, pages);
    const read = lock === undefined ? undefined : await readLock(view, lock);
    const refusal = state === 'signed' ? undefined : permissions.refusalFor(field.name);
    listed.push({
      name: field.name,
      state,
      ...(place === undefined ? {} : { place }),
      widgetCount: Math.max(1, field.widgets.length),
      ...(read === undefined ? {} : { lock: read }),
      ...(seeds === undefined ? {} : { seedValues: await readSeedValues(view, seeds) }),
      ...(refusal === undefined
        ? {}
        : { refusal: { code: refusal.code, expected: refusal.expected, found: refusal.found } }),
    });
  }
  return listed;
}

async function findPlace(view: ObjectView, field: FormField, pages: WidgetPages): Promise<SignatureField['place']> {
  const widgets = field.widgets.length === 0 ? [{ dictionary: field.dictionary, object: field.object }] : field.widgets;
  for (const { dictionary, object } of widgets) {
    const rectangle = await readRectangle(view, dictionary);
    const pageIndex = rectangle && (await pages.indexOf(dictionary, object?.objectNumber));
    if (rectangle !== undefined && pageIndex !== undefined) {
      const { geometry } = await new PageTree(view).page(pageIndex);
      return { pageIndex, rectangle: toDisplayed(geometry, rectangle) };
    }
  }
  return undefined;
}

/** Finds the page of a widget: by its /P, else by looking through the /Annots of all pages, once. */
class WidgetPages {
  private numbers: readonly number[] | undefined;
  private byWidget: ReadonlyMap<number, number> | undefined;

  constructor(private readonly view: ObjectView) {}

  async indexOf(widget: Dictionary, objectNumber: number | undefined): Promise<number | undefined> {
    this.numbers ??= [...(await new PageTree(this.view).allPageNumbers())];
    const parent = widget.get('P');
    const index = parent instanceof Reference ? this.numbers.indexOf(parent.objectNumber) : -1;
    if (index >= 0) {
      return index;
    }
    this.byWidget ??= await this.readAnnotations(this.numbers);
    return objectNumber === undefined ? undefined : this.byWidget.get(objectNumber);
  }

  private async readAnnotations(pages: readonly number[]): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    for (const [index, pageNumber] of pages.entries()) {
      const page = dictionaryOf(await this.view.object(pageNumber));
      const annotations = await this.view.resolve(page?.get('Annots'));
      for (const item of annotations instanceof PdfArray ? annotations.items : []) {
        if (item instanceof Reference) {
          found.set(item.objectNumber, index);
        }
      }
    }
    return found;
  }
}
