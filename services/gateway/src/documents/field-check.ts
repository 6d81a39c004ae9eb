import { objectKeys, SigningError } from '@kyso/contracts';
import { PdfDocument, PdfError } from '@kyso/pdf';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { refusing } from './pdf-refusal.js';

/** Looks whether fields that signing steps name are there and empty. */
export class FieldCheck {
  constructor(private readonly store: ObjectStore) {}

  /**
   * `fields` of the steps of one job, in their order. What the locks of earlier steps forbid to later ones shows when they
   * are signed. Throws PDF_FIELD_UNUSABLE, PDF_CERTIFIED, PDF_OWNER_FORBIDS, VERSION_UNKNOWN, STORE_UNAVAILABLE.
   */
  async assertEmpty(documentId: string, version: number, fields: readonly string[]): Promise<void> {
    if (fields.length === 0) return;
    const key = objectKeys.version(documentId, version);
    const source = await openObjectSource(this.store, key);
    if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
    try {
      await refusing(async () => {
        const document = await PdfDocument.open(source);
        for (const [index, field] of fields.entries()) {
          if (fields.indexOf(field) !== index) {
            throw new PdfError('FIELD_UNUSABLE', 'a field for each step', `${JSON.stringify(field)} named twice`);
          }
          await document.fieldForSignature({ field, newName: field });
        }
      });
    } finally {
      await source.close();
    }
  }
}
