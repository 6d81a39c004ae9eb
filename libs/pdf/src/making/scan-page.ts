/** Eight ways in which rows and columns lie on the page (EXIF and TIFF 6.0, tag 274): 1 is top row first, left column first. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Pixels per inch along the rows and along the columns as they are stored. */
export interface Resolution {
  readonly xPpi: number;
  readonly yPpi: number;
}

/** Data of a stream, produced while it is written; nothing is held. */
export interface StreamData {
  /** Bytes, where they are known before. */
  readonly length?: number;
  /** Starts from the beginning each time. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** A colour space by name or array (ISO 32000-2, 8.6), or a profile with the space to use where it isn't understood. */
export interface ColourSpace {
  readonly syntax: string;
  readonly profile?: { readonly icc: Uint8Array; readonly channels: 1 | 3 | 4 };
}

/** An image XObject (ISO 32000-2, 8.9.5). */
export interface ImageStream {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly colourSpace: ColourSpace;
  /** Bits of one sample. */
  readonly depth: number;
  /** The other entries: /Filter, /DecodeParms, /Decode, /Mask. */
  readonly entries: string;
  readonly data: StreamData;
  /** The soft mask; `matte` where the colours were multiplied with it (ISO 32000-2, 11.6.5.2). */
  readonly alpha?: ImageStream;
}

/** An image and where its upper left corner lies on the page, in pixels as stored; what lies over the page's edge is cut. */
export interface PagePart {
  readonly leftPx: number;
  readonly topPx: number;
  readonly image: ImageStream;
}

/** A page as an image file describes it. */
export interface ScanPage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Absent where the file doesn't say. */
  readonly resolution?: Resolution;
  readonly orientation: Orientation;
  readonly parts: readonly PagePart[];
}

/** The tag's value, or 1 for one that isn't defined. */
export function orientationOf(value: number | undefined): Orientation {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}
