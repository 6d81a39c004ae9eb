import { PdfString } from '../syntax/values.js';
import type { OpenFields } from '../types.js';
import { isEmptySignatureField, readSigningPermissions } from './permissions.js';
import type { Structure } from './structure.js';

/** Throws PdfError as `readSigningPermissions` does. */
export async function readOpenFields(structure: Structure): Promise<OpenFields> {
  const { fields, isSigned, refusalToFill } = await readSigningPermissions(structure);
  const count = new Map<string, number>();
  for (const { name } of fields) {
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  const signatureFields = new Set<string>();
  const textFields = new Set<string>();
  for (const field of fields) {
    // Of two fields of one name nobody knows which is meant.
    if (count.get(field.name) !== 1 || refusalToFill(field.name) !== undefined) {
      continue;
    }
    if (isEmptySignatureField(field)) {
      signatureFields.add(field.name);
    } else if (field.type === 'Tx') {
      const value = await structure.view.resolve(field.value);
      if (value === undefined || value === null || (value instanceof PdfString && value.decoded().length === 0)) {
        textFields.add(field.name);
      }
    }
  }
  return { isSigned, signatureFields, textFields };
}
