import type { Masking } from '../appearance/index.js';
import { PdfError } from '../errors.js';
import type { IndirectObject } from '../reader/indirect-object.js';
import { Dictionary, Reference } from '../syntax/values.js';
import type { ObjectView } from '../reader/objects.js';
import { readCatalog } from '../reader/structure.js';

/** Metadata larger than this isn't looked at: what identifies PDF/A is a few lines, and a hostile file could make it endless. */
const maxMetadataBytes = 1024 * 1024;

/**
 * How transparency may be written into this document: without soft masks where it says that it is PDF/A-1 (ISO 19005-1, 6.4),
 * so that it stays what it is. What it says stands in its metadata (ISO 19005-1, 6.7.11).
 */
export async function maskingFor(view: ObjectView): Promise<Masking> {
  const metadata = (await readCatalog(view)).dictionary.get('Metadata');
  const object = metadata instanceof Reference ? await view.object(metadata.objectNumber) : undefined;
  if (object === undefined || !(object.value instanceof Dictionary) || object.dataOffset === undefined) {
    return 'soft';
  }
  const length = await view.resolve(object.value.get('Length'));
  if (typeof length !== 'number' || length > maxMetadataBytes) {
    return 'soft';
  }
  const xmp = await readable(view, object);
  // As an element or as an attribute (ISO 16684-1, 7.4 and 7.9.2.2).
  return /pdfaid:part\s*(?:>|=\s*["'])\s*1\s*["'<]/.test(xmp) ? 'stencil' : 'soft';
}

/** Empty for what can't be read: nobody can say then that it is PDF/A, and the signature needs nothing else of it. */
async function readable(view: ObjectView, object: IndirectObject): Promise<string> {
  try {
    return (await view.streamData(object)).toString('latin1');
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return '';
    }
    throw error;
  }
}
