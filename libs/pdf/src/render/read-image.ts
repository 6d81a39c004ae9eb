import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';

/** What a picture of a signature or a seal is, as far as templates care. */
export interface ReadImage {
  /** The file itself where it was a PNG, else the same pixels as a PNG. */
  readonly png: Uint8Array;
  readonly format: ImageFormat;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of all pixels, those that let the page be seen, from 0 to 1. */
  readonly transparentShare: number;
  /** Of the pixels that are seen and neither white nor black nor grey, those that are red, and blue; 0 where there are none. */
  readonly redShare: number;
  readonly blueShare: number;
}

/** An image, or why it is none. */
export type ImageReading = ReadImage | Pick<PdfError, 'code' | 'expected' | 'found'>;

/** SVG is none: it can name files and addresses. */
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'bmp';

const maxFileBytes = 16 * 1024 * 1024;
/** As large as a page scanned at 300 dpi: against a small file that unpacks to gigabytes. */
const maxPixels = 9_000_000;
/** Alpha below which the page shines through. */
const seenAlpha = 128;
/** Distance of the strongest from the weakest colour, below which a pixel is grey. */
const greyBelow = 40;

/**
 * The reading itself, in this very process: to be called by `image-child.ts` alone, since decoders read hostile files. The
 * first bytes decide what it is. Throws PdfError IMAGE_INVALID, LIMIT_EXCEEDED.
 */
export async function readImage(source: ByteSource): Promise<ReadImage> {
  if (source.size > maxFileBytes) {
    throw new PdfError('LIMIT_EXCEEDED', `an image of at most ${maxFileBytes} bytes`, `${source.size} bytes`);
  }
  const file = Buffer.from(await source.read(0, source.size));
  const format = formatOf(file);
  if (format === undefined) {
    throw new PdfError('IMAGE_INVALID', 'a PNG, JPEG, WebP, GIF or BMP', 'a file that begins like none of them');
  }
  const { createCanvas, loadImage } = await import('@napi-rs/canvas');
  const image = await loadImage(file).catch(() => undefined);
  if (image === undefined || image.width < 1 || image.height < 1) {
    throw new PdfError('IMAGE_INVALID', `a ${format} that can be decoded`, 'one that cannot');
  }
  const { width, height } = image;
  if (width * height > maxPixels) {
    throw new PdfError('LIMIT_EXCEEDED', `an image of at most ${maxPixels} pixels`, `${width} × ${height}`);
  }
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const png = format === 'png' ? file : await canvas.encode('png');
  return { png, format, widthPx: width, heightPx: height, ...colours(data) };
}

function formatOf(file: Buffer): ImageFormat | undefined {
  const begins = (hex: string, at = 0): boolean => file.subarray(at, at + hex.length / 2).toString('hex') === hex;
  if (begins('89504e470d0a1a0a')) return 'png';
  if (begins('ffd8ff')) return 'jpeg';
  if (begins('52494646') && begins('57454250', 8)) return 'webp';
  if (begins('474946383761') || begins('474946383961')) return 'gif';
  if (begins('424d')) return 'bmp';
  return undefined;
}

function colours(rgba: Uint8ClampedArray): Pick<ReadImage, 'transparentShare' | 'redShare' | 'blueShare'> {
  let [transparent, coloured, red, blue] = [0, 0, 0, 0];
  for (let at = 0; at < rgba.length; at += 4) {
    const [r = 0, g = 0, b = 0, alpha = 0] = [rgba[at], rgba[at + 1], rgba[at + 2], rgba[at + 3]];
    if (alpha < seenAlpha) {
      transparent += 1;
      continue;
    }
    const strongest = Math.max(r, g, b);
    if (strongest - Math.min(r, g, b) < greyBelow) continue;
    coloured += 1;
    if (r === strongest && r - b >= greyBelow && r - g >= greyBelow) red += 1;
    else if (b === strongest && b - r >= greyBelow) blue += 1;
  }
  const share = (part: number): number => (coloured === 0 ? 0 : part / coloured);
  return { transparentShare: transparent / (rgba.length / 4), redShare: share(red), blueShare: share(blue) };
}
