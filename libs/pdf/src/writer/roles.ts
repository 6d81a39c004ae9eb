import type { FormField } from '../reader/fields.js';
import type { IndirectObject } from '../reader/indirect-object.js';
import { damaged } from '../syntax/parser.js';
import { Reference } from '../syntax/values.js';
import type { FormHolder } from './form-update.js';
import type { ListingPage } from './listing-page.js';

/**
 * Refuses a document in which one object plays two of the parts that a signature writes anew: catalog, form, page, field.
 * No writer makes such a file. An entry that is permitted for one part is a forbidden change of the other, so that the
 * signature itself, or an earlier one, would count as broken. Throws PdfError DAMAGED.
 */
export function assertDistinctRoles(
  { catalog, holder }: Pick<FormHolder, 'catalog' | 'holder'>,
  fields: readonly Pick<FormField, 'object' | 'widgets'>[],
  page: ListingPage | undefined,
): void {
  const roles = new Map([[catalog.object.objectNumber, 'the catalog']]);
  const claim = (object: IndirectObject | undefined, role: string): void => {
    const taken = object && roles.get(object.objectNumber);
    if (taken !== undefined && taken !== role) {
      throw damaged(`${role} in an object of its own`, `object ${object?.objectNumber}, which is ${taken}`);
    }
    if (object !== undefined) {
      roles.set(object.objectNumber, role);
    }
  };
  // A form that stands directly in the catalog belongs there.
  if (catalog.dictionary.get('AcroForm') instanceof Reference) {
    claim(holder, 'the form');
  }
  claim(page?.object, 'a page');
  const list = page?.annotations.object?.objectNumber;
  for (const [key, { value }] of page?.dictionary.entries ?? []) {
    if (list !== undefined && key !== 'Annots' && value instanceof Reference && value.objectNumber === list) {
      throw damaged('annotations in an array of their own', `object ${list}, which is the page's /${key} too`);
    }
  }
  for (const { object, widgets } of fields) {
    claim(object, 'a field');
    for (const widget of widgets) {
      claim(widget.object, 'a field');
    }
  }
}
