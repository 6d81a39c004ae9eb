import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { ByteBoundedCache } from './image-cache.js';
import type { AppearanceObject } from './pdf-syntax.js';
import { streamParts } from './pdf-syntax.js';
import type { Pixels } from './png-pixels.js';
import { decodePng, paeth } from './png-pixels.js';

/** An image ready to be placed: its streams are compressed once and shared by all documents. */
export interface PreparedImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Entries of the image dictionary without /SMask and /Length, and the data. */
  readonly colour: EncodedPlane;
  /** The soft mask (ISO 32000-2, 11.6.5.2); absent when every pixel is opaque. */
  readonly alpha: EncodedPlane | undefined;
}
interface EncodedPlane {
  readonly entries: string;
  readonly data: Uint8Array;
}

/** What the cache may hold, in bytes of compressed streams: a province has some hundred signatures of 20 to 100 kB. */
const maxCachedBytes = 64_000_000;
/** By SHA-256 of the PNG. */
const cache = new ByteBoundedCache<PreparedImage>(maxCachedBytes);
/** By identity: spares the hash (60 µs for 100 kB) where the caller keeps the bytes from document to document. */
const seen = new WeakMap<Uint8Array, PreparedImage>();

/**
 * Decodes and compresses `png`, or finds it in the cache. The bytes must not be changed afterwards.
 *
 * @throws PdfError `IMAGE_INVALID`
 */
export function prepareImage(png: Uint8Array): PreparedImage {
  const known = seen.get(png);
  if (known !== undefined) return known;
  const key = createHash('sha256').update(png).digest('base64');
  let image = cache.get(key);
  if (image === undefined) {
    image = encodeImage(decodePng(png));
    cache.set(key, image, image.colour.data.length + (image.alpha?.data.length ?? 0));
  }
  seen.set(png, image);
  return image;
}

/** The image XObject, and its soft mask where it has one (ISO 32000-2, 8.9.5). */
export function imageObjects(
  image: PreparedImage,
  allocate: () => number,
): { objects: AppearanceObject[]; imageRef: number } {
  const imageRef = allocate();
  if (image.alpha === undefined) {
    return {
      imageRef,
      objects: [{ objectNumber: imageRef, body: streamParts(image.colour.entries, image.colour.data) }],
    };
  }
  const maskRef = allocate();
  return {
    imageRef,
    objects: [
      {
        objectNumber: imageRef,
        body: streamParts(`${image.colour.entries}/SMask ${maskRef} 0 R`, image.colour.data),
      },
      { objectNumber: maskRef, body: streamParts(image.alpha.entries, image.alpha.data) },
    ],
  };
}

function encodeImage(pixels: Pixels): PreparedImage {
  const { widthPx, heightPx, channels, colour, alpha } = pixels;
  if (alpha !== undefined) fillTransparent(pixels, alpha);
  return {
    widthPx,
    heightPx,
    colour: encodePlane(colour, { widthPx, heightPx, channels }),
    alpha: alpha === undefined ? undefined : encodePlane(alpha, { widthPx, heightPx, channels: 1 }),
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
