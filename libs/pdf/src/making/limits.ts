import { imageInvalid, PdfError } from '../errors.js';

/** Caps on what hostile images can make the maker do. Beyond the first five: `IMAGE_INVALID`; `LIMIT_EXCEEDED` names the rest. */
export interface ScanLimits {
  /** Bytes of one image file: against reading for ever. */
  readonly maxImageBytes: number;
  /** Pages made in all, and image file directories of one TIFF: against chains of directories that share one strip. */
  readonly maxPages: number;
  /** Pixels of one page: against sizes that stop whoever draws the page. A0 at 300 dots per inch has 140 million. */
  readonly maxPixels: number;
  /** Strips or tiles of one page: against a million strips of one byte. */
  readonly maxSegments: number;
  /** Bytes held at once to take one page apart (interlaced PNG, a row of tiles, a CCITT strip of many). */
  readonly maxHeldBytes: number;
  /** Scans of one progressive JPEG: against pictures whose every scan is drawn over the whole page. */
  readonly maxJpegScans: number;
  /** Entries of one directory, and chunks of one PNG: against walks over millions of empty ones. */
  readonly maxEntries: number;
  /** Bytes of the PDF: against a small TIFF whose directories all point at the same data. */
  readonly maxOutputBytes: number;
}

/** What a scan of a few hundred pages stays far below. */
export const defaultScanLimits: ScanLimits = Object.freeze({
  maxImageBytes: 1024 ** 3,
  maxPages: 2000,
  maxPixels: 300_000_000,
  maxSegments: 65_536,
  maxHeldBytes: 64 * 1024 * 1024,
  maxJpegScans: 100,
  maxEntries: 65_536,
  maxOutputBytes: 2 * 1024 ** 3,
});

/** Throws PdfError IMAGE_INVALID unless the picture has an area and at most `maxPixels`. */
export function assertPixels(widthPx: number, heightPx: number, { maxPixels }: ScanLimits): void {
  if (!(widthPx > 0 && heightPx > 0 && widthPx * heightPx <= maxPixels)) {
    throw imageInvalid(`1 to ${maxPixels} pixels a page`, `${widthPx} × ${heightPx}`);
  }
}

/** Throws PdfError LIMIT_EXCEEDED when more would be held in memory than allowed. */
export function assertHeld(bytes: number, what: string, { maxHeldBytes }: ScanLimits): void {
  if (bytes > maxHeldBytes) {
    throw new PdfError('LIMIT_EXCEEDED', `at most ${maxHeldBytes} bytes of ${what} at once`, `${bytes} bytes`);
  }
}
