import { PdfError } from '../errors.js';
import type { FormField } from '../reader/fields.js';

/** Of a new field's name, in UTF-16 code units. */
const maxNameLength = 200;

/**
 * A new field stands at the root of the form: its partial name is its whole name (ISO 32000-2, 12.7.4.2), which nothing
 * else may have, and which may not be the first part of another field's name. Throws PdfError FIELD_UNUSABLE.
 */
export function assertFreeName(name: string, fields: readonly Pick<FormField, 'name'>[]): void {
  if (name === '' || name.includes('.')) {
    // A full stop would name a child of another field.
    throw new PdfError('FIELD_UNUSABLE', 'a field name without a full stop', JSON.stringify(name));
  }
  if (name.length > maxNameLength) {
    throw new PdfError('FIELD_UNUSABLE', `a field name of at most ${maxNameLength} characters`, String(name.length));
  }
  if (fields.some((field) => field.name === name || field.name.startsWith(`${name}.`))) {
    throw new PdfError('FIELD_UNUSABLE', 'a field name that is not taken', JSON.stringify(name));
  }
}
