import type { ByteSource } from '../byte-source.js';
import { imageInvalid, PdfError } from '../errors.js';
import { latin1, number } from '../appearance/pdf-syntax.js';
import { jpegPage } from './jpeg.js';
import { defaultScanLimits, type ScanLimits } from './limits.js';
import { overhangs, pageGeometry, type PageGeometry } from './page-geometry.js';
import { PdfFile } from './pdf-file.js';
import { pngPage } from './png.js';
import type { ColourSpace, ImageStream, ScanPage } from './scan-page.js';
import { once, readExactly } from './streams.js';
import { tiffPages } from './tiff/tiff.js';

export interface ScanOptions {
  /** /Title; absent without. */
  readonly title?: string;
  /** /CreationDate; absent without, so that the same images give the same bytes. */
  readonly createdAt?: Date;
  readonly limits?: Partial<ScanLimits>;
}

/** What an image file is by its first bytes; undefined for anything else. */
export async function scanKind(source: ByteSource): Promise<'jpeg' | 'png' | 'tiff' | undefined> {
  const head = Buffer.from(await source.read(0, 8)).toString('latin1');
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head === '\x89PNG\r\n\x1a\n') return 'png';
  return /^(II[*+]\0|MM\0[*+])/.test(head) ? 'tiff' : undefined;
}

/**
 * Makes one PDF of the pages of JPEG, PNG and TIFF files, in their order, as a stream of its bytes. Nothing loses quality:
 * compressed data goes in as it is wherever PDF has the same compression. The same images give the same bytes.
 * Memory: one piece of 64 KiB at a time, a few rows, and at most `maxHeldBytes` where a page can't be taken row by row.
 * Throws PdfError IMAGE_INVALID and LIMIT_EXCEEDED, also after the first bytes: what was made until then is to be thrown away.
 */
export async function* scansToPdf(
  images: readonly ByteSource[],
  options: ScanOptions = {},
): AsyncGenerator<Uint8Array> {
  const limits = { ...defaultScanLimits, ...options.limits };
  const file = new PdfFile(limits.maxOutputBytes);
  const [catalog, pages] = [file.allocate(), file.allocate()];
  const kids: number[] = [];
  yield file.header();
  for (const image of images) {
    if (image.size > limits.maxImageBytes) {
      throw new PdfError('LIMIT_EXCEEDED', `an image of at most ${limits.maxImageBytes} bytes`, `${image.size}`);
    }
    for await (const page of pagesOf(image, limits)) {
      if (kids.length >= limits.maxPages)
        throw new PdfError('LIMIT_EXCEEDED', `at most ${limits.maxPages} pages`, 'more');
      const pageNumber = file.allocate();
      kids.push(pageNumber);
      yield* writePage(file, page, { pageNumber, parentNumber: pages });
    }
  }
  if (kids.length === 0) throw imageInvalid('an image', 'none');
  const info = infoEntries(options);
  const infoNumber = info === undefined ? undefined : file.allocate();
  if (info !== undefined && infoNumber !== undefined) yield file.object(infoNumber, info);
  yield file.object(pages, `<</Type/Pages/Count ${kids.length}/Kids[${kids.map((kid) => `${kid} 0 R`).join(' ')}]>>`);
  yield file.object(catalog, `<</Type/Catalog/Pages ${pages} 0 R>>`);
  yield file.end(catalog, infoNumber);
}

async function* pagesOf(source: ByteSource, limits: ScanLimits): AsyncGenerator<ScanPage> {
  switch (await scanKind(source)) {
    case 'jpeg':
      yield await jpegPage(source, limits);
      return;
    case 'png':
      yield await pngPage(source, limits);
      return;
    case 'tiff':
      yield* tiffPages(source, limits);
      return;
    default:
      await readExactly(source, 0, 1);
      throw imageInvalid('a JPEG, PNG or TIFF', 'other bytes');
  }
}

interface PageNumbers {
  readonly pageNumber: number;
  readonly parentNumber: number;
}

async function* writePage(file: PdfFile, page: ScanPage, { pageNumber, parentNumber }: PageNumbers) {
  const geometry = pageGeometry(page);
  const numbers = page.parts.map(() => file.allocate());
  const contents = file.allocate();
  const box = `[0 0 ${number(geometry.widthPt)} ${number(geometry.heightPt)}]`;
  const names = numbers.map((partNumber, index) => `/I${index} ${partNumber} 0 R`).join('');
  const resources = `<</XObject<<${names}>>>>`;
  yield file.object(
    pageNumber,
    `<</Type/Page/Parent ${parentNumber} 0 R/MediaBox${box}/Resources${resources}/Contents ${contents} 0 R>>`,
  );
  const drawing = latin1(drawParts(page));
  yield* file.stream(contents, '', { length: drawing.length, chunks: () => once(drawing) });
  for (const [index, part] of page.parts.entries()) yield* writeImage(file, numbers[index]!, part.image);
}

function drawParts(page: ScanPage): string {
  const geometry = pageGeometry(page);
  const lines = page.parts.map((part, index) => {
    const matrix = geometry.matrix(part.leftPx, part.topPx, part.image.widthPx, part.image.heightPx);
    return `q ${matrix.map(number).join(' ')} cm /I${index} Do Q`;
  });
  if (!page.parts.some((part) => overhangs(page, part))) return lines.join('\n');
  return [pictureClip(geometry, page), ...lines, 'Q'].join('\n');
}

/** Tiles reach over the picture's right and lower edge, with whatever the scanner put there. */
function pictureClip(geometry: PageGeometry, page: ScanPage): string {
  const [a, b, c, d, e, f] = geometry.matrix(0, 0, page.widthPx, page.heightPx);
  const [x, y] = [e + Math.min(0, a + c), f + Math.min(0, b + d)];
  return `q ${[x, y, Math.abs(a + c), Math.abs(b + d)].map(number).join(' ')} re W n`;
}

async function* writeImage(file: PdfFile, imageNumber: number, image: ImageStream): AsyncGenerator<Uint8Array> {
  const { profile } = image.colourSpace;
  const profileNumber = profile === undefined ? undefined : file.allocate();
  const maskNumber = image.alpha === undefined ? undefined : file.allocate();
  const entries =
    `/Type/XObject/Subtype/Image/Width ${image.widthPx}/Height ${image.heightPx}` +
    `/ColorSpace${profileNumber === undefined ? image.colourSpace.syntax : `[/ICCBased ${profileNumber} 0 R]`}` +
    `/BitsPerComponent ${image.depth}${image.entries}` +
    (maskNumber === undefined ? '' : `/SMask ${maskNumber} 0 R`);
  yield* file.stream(imageNumber, entries, image.data);
  if (profile !== undefined && profileNumber !== undefined) {
    yield* writeProfile(file, profileNumber, image.colourSpace);
  }
  if (image.alpha !== undefined && maskNumber !== undefined) yield* writeImage(file, maskNumber, image.alpha);
}

function writeProfile(file: PdfFile, profileNumber: number, space: ColourSpace): AsyncGenerator<Uint8Array> {
  const { icc, channels } = space.profile ?? { icc: new Uint8Array(), channels: 1 };
  const entries = `/N ${channels}/Alternate${space.syntax}`;
  return file.stream(profileNumber, entries, { length: icc.length, chunks: () => once(icc) });
}

function infoEntries({ title, createdAt }: ScanOptions): string | undefined {
  const entries =
    (title === undefined ? '' : `/Title<${utf16Hex(title)}>`) +
    (createdAt === undefined
      ? ''
      : `/CreationDate(D:${createdAt.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z)`);
  return entries === '' ? undefined : `<<${entries}>>`;
}

/** A text string (ISO 32000-2, 7.9.2.2) as UTF-16BE with its mark. */
function utf16Hex(text: string): string {
  return Buffer.from(`\ufeff${text}`, 'utf16le').swap16().toString('hex');
}
