import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import type { Meter } from '../limits.js';
import { ObjectReader, ObjectView } from '../reader/objects.js';
import type { XrefEntry } from '../reader/section.js';
import { readEnds } from '../reader/tail.js';
import { WindowReader } from '../reader/window.js';
import { readSections } from '../reader/xref-chain.js';
import type { PdfLimits } from '../types.js';

/**
 * True where the file's own cross-reference data, read as other readers do, says of every object that was found what the
 * scan says: these readers don't scan it then. `found` is what the scan says. Throws PdfError LIMIT_EXCEEDED.
 */
export async function isTableRight(
  source: ByteSource,
  found: ReadonlyMap<number, XrefEntry>,
  { limits, meter }: { readonly limits: PdfLimits; readonly meter: Meter },
): Promise<boolean> {
  const windows = new WindowReader(source, limits, meter);
  windows.isTolerant = true;
  try {
    const { startXref, headerOffset } = await readEnds(source);
    const view = new ObjectView(new ObjectReader(windows), await readSections(windows, startXref, headerOffset));
    for (const [objectNumber, entry] of found) {
      meter.visit();
      const stated = await view.entry(objectNumber);
      if (entry.kind === 'offset' && (stated?.kind !== 'offset' || stated.offset !== entry.offset)) {
        return false;
      }
    }
    return true;
  } catch (error) {
    if (error instanceof PdfError && error.code === 'DAMAGED') {
      return false;
    }
    throw error;
  }
}
