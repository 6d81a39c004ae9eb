import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { ByteBoundedCache } from './image-cache.js';
import type { AppearanceObject } from './pdf-syntax.js';
import type { Pixels } from './png-pixels.js';
import { decodePng, paeth } from './png-pixels.js';

/** An image ready to be placed: its streams are compressed once and shared by all documents. */
export interface PreparedImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Entries of the image dictionary without its mask and /Length, and the data. */
  readonly colour: EncodedPlane;
  /** Which pixels are seen; absent when every pixel is opaque. */
  readonly mask: (EncodedPlane & { readonly key: 'SMask' | 'Mask' }) | undefined;
}

/**
 * How transparency is written: `soft` with a soft mask (ISO 32000-2, 11.6.5.2); `stencil` with an explicit mask (8.9.6.3),
 * where a pixel is seen or not, for PDF/A-1, which permits no soft mask (ISO 19005-1, 6.4).
 */
export type Masking = 'soft' | 'stencil';

interface EncodedPlane {
  readonly entries: string;
  readonly data: Uint8Array;
}

/** What the cache may hold, in bytes of compressed streams: a province has some hundred signatures of 20 to 100 kB. */
const maxCachedBytes = 64_000_000;
/** By masking and SHA-256 of the PNG. */
const cache = new ByteBoundedCache<PreparedImage>(maxCachedBytes);
/** By identity: spares the hash (60 µs for 100 kB) where the caller keeps the bytes from document to document. */
const seen = { soft: new WeakMap<Uint8Array, PreparedImage>(), stencil: new WeakMap<Uint8Array, PreparedImage>() };

/**
 * Decodes and compresses `png`, or finds it in the cache. The bytes must not be changed afterwards.
 *
 * @throws PdfError `IMAGE_INVALID`
 */
export function prepareImage(png: Uint8Array, masking: Masking): PreparedImage {
  const known = seen[masking].get(png);
  if (known !== undefined) return known;
  const key = `${masking} ${createHash('sha256').update(png).digest('base64')}`;
  let image = cache.get(key);
  if (image === undefined) {
    image = encodeImage(decodePng(png), masking);
    cache.set(key, image, image.colour.data.length + (image.mask?.data.length ?? 0));
  }
  seen[masking].set(png, image);
  return image;
}

/** The image XObject, and its mask where it has one (ISO 32000-2, 8.9.5). */
export function imageObjects(
  image: PreparedImage,
  allocate: () => number,
): { objects: AppearanceObject[]; imageRef: number } {
  const imageRef = allocate();
  if (image.mask === undefined) {
    return {
      imageRef,
      objects: [{ objectNumber: imageRef, ...image.colour }],
    };
  }
  const maskRef = allocate();
  return {
    imageRef,
    objects: [
      {
        objectNumber: imageRef,
        entries: `${image.colour.entries}/${image.mask.key} ${maskRef} 0 R`,
        data: image.colour.data,
      },
      { objectNumber: maskRef, entries: image.mask.entries, data: image.mask.data },
    ],
  };
}

function encodeImage(pixels: Pixels, masking: Masking): PreparedImage {
  const { widthPx, heightPx, channels, colour, alpha } = pixels;
  let mask: PreparedImage['mask'];
  if (alpha !== undefined && masking === 'soft') {
    fillTransparent(pixels, alpha);
    mask = { key: 'SMask', ...encodePlane(alpha, { widthPx, heightPx, channels: 1 }) };
  } else if (alpha !== undefined) {
    layOnWhite(pixels, alpha);
    mask = { key: 'Mask', ...encodeStencil(alpha, widthPx, heightPx) };
  }
  return { widthPx, heightPx, colour: encodePlane(colour, { widthPx, heightPx, channels }), mask };
}

/** Mixes every pixel with white by its opacity: what is half seen can only be painted as it looks on paper. */
function layOnWhite({ channels, colour }: Pixels, alpha: Uint8Array): void {
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    const opacity = alpha[pixel]!;
    for (let i = pixel * channels; i < (pixel + 1) * channels; i++) {
      colour[i] = 255 - Math.round(((255 - colour[i]!) * opacity) / 255);
    }
  }
}

/** Opacities from here on are painted. Faint edges are kept, since white paper hides what is too light anyway. */
const paintedFrom = 64;

/** One bit for each pixel, rows padded to bytes: 0 is painted, 1 is not (ISO 32000-2, 8.9.6.2 and 8.9.6.3). */
function encodeStencil(alpha: Uint8Array, widthPx: number, heightPx: number): EncodedPlane {
  const rowBytes = Math.ceil(widthPx / 8);
  const bits = new Uint8Array(rowBytes * heightPx);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    if (alpha[pixel]! >= paintedFrom) continue;
    const column = pixel % widthPx;
    bits[Math.floor(pixel / widthPx) * rowBytes + (column >> 3)]! |= 0x80 >> (column & 7);
  }
  return {
    entries:
      `/Type/XObject/Subtype/Image/Width ${widthPx}/Height ${heightPx}` +
      '/ImageMask true/BitsPerComponent 1/Filter/FlateDecode',
    data: deflateSync(bits),
  };
}

/**
 * Gives pixels that are not seen the mean colour of those that are: viewers scale colour and mask apart from each other,
 * and black behind the transparency (what drawing programs store there) would show as a dark fringe around blue ink.
 */
function fillTransparent({ channels, colour }: Pixels, alpha: Uint8Array): void {
  const mean = Array.from({ length: channels }, () => 0);
  let weight = 0;
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    const opacity = alpha[pixel]!;
    if (opacity === 0) continue;
    weight += opacity;
    for (let c = 0; c < channels; c++) mean[c]! += opacity * colour[pixel * channels + c]!;
  }
  for (let c = 0; c < channels; c++) mean[c] = weight === 0 ? 255 : Math.round(mean[c]! / weight);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    if (alpha[pixel] !== 0) continue;
    for (let c = 0; c < channels; c++) colour[pixel * channels + c] = mean[c]!;
  }
}

interface PlaneShape {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: 1 | 3;
}

/** Samples that deflate to less than this share are areas of one colour; a predictor only costs time there. */
const flatShare = 0.02;

/** Deflate, with or without PNG predictors (ISO 32000-2, 7.4.4.4), whichever is smaller. */
function encodePlane(samples: Uint8Array, { widthPx, heightPx, channels }: PlaneShape): EncodedPlane {
  const plain = deflateSync(samples);
  const entries =
    `/Type/XObject/Subtype/Image/Width ${widthPx}/Height ${heightPx}` +
    `/ColorSpace/${channels === 1 ? 'DeviceGray' : 'DeviceRGB'}/BitsPerComponent 8/Filter/FlateDecode`;
  if (plain.length < samples.length * flatShare) return { entries, data: plain };
  const predicted = deflateSync(predict(samples, widthPx * channels, channels));
  if (plain.length <= predicted.length) return { entries, data: plain };
  return {
    entries: `${entries}/DecodeParms<</Predictor 15/Colors ${channels}/BitsPerComponent 8/Columns ${widthPx}>>`,
    data: predicted,
  };
}

/** Filters every line by Paeth (PNG, 9.4): of the five filters the best for photographs; drawings need none. */
function predict(samples: Uint8Array, rowBytes: number, step: number): Uint8Array {
  const rows = samples.length / rowBytes;
  const filtered = new Uint8Array(rows * (rowBytes + 1));
  let target = 0;
  for (let start = 0; start < samples.length; start += rowBytes) {
    filtered[target++] = 4;
    for (let i = start; i < start + rowBytes; i++) {
      const left = i < start + step ? 0 : samples[i - step]!;
      const above = start === 0 ? 0 : samples[i - rowBytes]!;
      const upperLeft = i < start + step || start === 0 ? 0 : samples[i - rowBytes - step]!;
      filtered[target++] = samples[i]! - paeth(left, above, upperLeft);
    }
  }
  return filtered;
}
