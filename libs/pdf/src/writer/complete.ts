import { PlaceholderTooSmall } from '../errors.js';
import { asBuffer } from '../sources.js';
import type { Prepared } from '../types.js';

/**
 * Writes the CMS (DER) into the placeholder, in place, and gives the increment back; what is left of the room stays `0`.
 * Throws PlaceholderTooSmall.
 */
export function completeSignature(prepared: Prepared, cmsDer: Uint8Array): Uint8Array {
  const { contentsOffset, reservedBytes } = prepared.state;
  if (cmsDer.length > reservedBytes) {
    throw new PlaceholderTooSmall(cmsDer.length, reservedBytes);
  }
  const increment = asBuffer(prepared.increment);
  const end = increment.write(asBuffer(cmsDer).toString('hex'), contentsOffset, 'latin1') + contentsOffset;
  increment.fill(0x30, end, contentsOffset + reservedBytes * 2);
  return prepared.increment;
}
