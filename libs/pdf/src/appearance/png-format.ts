import { imageInvalid } from '../errors.js';

/** Samples per pixel and the depths that are allowed, of each colour type (PNG, third edition, 11.2.1). */
const colourTypes: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** What IHDR says. */
export interface PngHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Bits per sample. */
  readonly depth: number;
  /** 0 greyscale, 2 RGB, 3 palette, 4 greyscale with alpha, 6 RGBA. */
  readonly colourType: number;
  /** Samples per pixel as stored; 1 for a palette. */
  readonly channels: number;
  readonly interlaced: boolean;
}

/** One pass over the pixels (PNG, 8): start and step in both directions. */
export interface Pass {
  readonly x: number;
  readonly y: number;
  readonly xStep: number;
  readonly yStep: number;
}

/** The passes of an interlaced image, in their order. */
export const adam7: readonly Pass[] = [
  { x: 0, y: 0, xStep: 8, yStep: 8 },
  { x: 4, y: 0, xStep: 8, yStep: 8 },
  { x: 0, y: 4, xStep: 4, yStep: 8 },
  { x: 2, y: 0, xStep: 4, yStep: 4 },
  { x: 0, y: 2, xStep: 2, yStep: 4 },
  { x: 1, y: 0, xStep: 2, yStep: 2 },
  { x: 0, y: 1, xStep: 1, yStep: 2 },
];

/** Reads the 13 bytes of IHDR; how large a picture may be is for the caller to judge. Throws PdfError IMAGE_INVALID. */
export function readPngHeader(data: Buffer): PngHeader {
  const [widthPx, heightPx] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth = 0, colourType = 0, compression, filter, interlace = 0] = data.subarray(8);
  const allowed = colourTypes[colourType];
  if (allowed?.depths.includes(depth) !== true) {
    throw imageInvalid('a colour type and depth of PNG', `colour type ${colourType}, depth ${depth}`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw imageInvalid('methods of PNG', `compression ${compression}, filter ${filter}, interlace ${interlace}`);
  }
  return { widthPx, heightPx, depth, colourType, channels: allowed.channels, interlaced: interlace === 1 };
}
