import { PdfError } from '../errors.js';
import type { PdfEncryption, PdfPermissions } from '../types.js';

/** Bit positions of /P count from 1 (ISO 32000-2, table 22). `revision` is /R: 2 knows bits 3 to 6 only. */
export function readPermissions(flags: number, revision: number): PdfPermissions {
  const bit = (position: number): boolean => (flags & (1 << (position - 1))) !== 0;
  const isOld = revision === 2;
  return {
    print: bit(3),
    modify: bit(4),
    copy: bit(5),
    annotate: bit(6),
    fillForms: isOld ? bit(6) : bit(6) || bit(9),
    assemble: isOld ? bit(4) : bit(4) || bit(11),
    printFaithfully: bit(3) && (isOld || bit(12)),
  };
}

/** What someone with the owner password may do. */
export const ownerPermissions: PdfPermissions = Object.freeze({
  print: true,
  modify: true,
  copy: true,
  annotate: true,
  fillForms: true,
  assemble: true,
  printFaithfully: true,
});

/**
 * Why the owner doesn't let a signature be added; undefined when they do (ISO 32000-2, table 22, bits 4, 6 and 9; the same
 * rule as EU DSS has): an existing field takes `fillForms`, a new field takes `modify` and `annotate` together. A document
 * time-stamp keeps signatures valid that the owner permitted and shows nothing: `fillForms` is enough for it.
 */
export function ownerRefusal(
  encryption: PdfEncryption | undefined,
  change: 'fill-field' | 'add-field' | 'add-timestamp',
): PdfError | undefined {
  if (encryption === undefined) {
    return undefined;
  }
  const { modify, annotate, fillForms } = encryption.permissions;
  if (change === 'add-field') {
    return modify && annotate
      ? undefined
      : new PdfError(
          'OWNER_FORBIDS',
          'permission to create form fields (bits 4 and 6 of /P), or the owner password',
          `a document without ${modify ? 'bit 6' : annotate ? 'bit 4' : 'both'}`,
        );
  }
  return fillForms
    ? undefined
    : new PdfError(
        'OWNER_FORBIDS',
        'permission to fill in form fields (bit 6 or 9 of /P), or the owner password',
        'a document without both',
      );
}
