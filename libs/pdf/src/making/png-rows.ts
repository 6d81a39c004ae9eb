import { imageInvalid } from '../errors.js';
import type { ByteSource } from '../byte-source.js';
import { adam7, type PngHeader } from '../appearance/png-format.js';
import { unfilter } from '../appearance/png-pixels.js';
import { assertHeld, type ScanLimits } from './limits.js';
import type { PngFile } from './png-file.js';
import { bytesOf, inflated, rowsOf } from './streams.js';

/** Bytes of a row of so many pixels. */
export function rowBytesOf({ channels, depth }: Pick<PngHeader, 'channels' | 'depth'>, columns: number): number {
  return Math.ceil((columns * channels * depth) / 8);
}

/** Bytes from a sample to the same sample of the next pixel, at least 1 (PNG, 9.2). */
export function stepOf({ channels, depth }: Pick<PngHeader, 'channels' | 'depth'>): number {
  return Math.max(1, (channels * depth) >> 3);
}

/** The one zlib stream that the IDAT chunks hold. */
export async function* imageDataOf(source: ByteSource, png: PngFile): AsyncGenerator<Uint8Array> {
  for (const { start, end } of png.imageData) yield* bytesOf(source, start, end);
}

/**
 * Inflates everything once and checks that it holds what the header promises, row by row: PDF readers, who get the same
 * data, differ in what they do with less, with more, and with filters that don't exist. Throws PdfError IMAGE_INVALID.
 */
export async function checkImageData(source: ByteSource, png: PngFile): Promise<void> {
  const rowBytes = 1 + rowBytesOf(png, png.widthPx);
  let total = 0;
  for await (const chunk of inflated(imageDataOf(source, png))) {
    for (let at = (rowBytes - (total % rowBytes)) % rowBytes; at < chunk.length; at += rowBytes) {
      if (chunk[at]! > 4) throw imageInvalid('a filter of PNG', `${chunk[at]}`);
    }
    total += chunk.length;
    if (total > rowBytes * png.heightPx) break;
  }
  if (total !== rowBytes * png.heightPx) {
    throw imageInvalid(
      `${rowBytes * png.heightPx} bytes of image data`,
      total > rowBytes * png.heightPx ? 'more' : `${total}`,
    );
  }
}

/** The rows without their filters, samples as stored. Throws PdfError IMAGE_INVALID. */
export function pngRows(source: ByteSource, png: PngFile, limits: ScanLimits): AsyncIterable<Uint8Array> {
  const chunks = inflated(imageDataOf(source, png));
  return png.interlaced ? interlacedRows(chunks, png, limits) : plainRows(chunks, png);
}

async function* plainRows(chunks: AsyncIterable<Uint8Array>, png: PngFile): AsyncGenerator<Uint8Array> {
  const rowBytes = rowBytesOf(png, png.widthPx);
  yield* unfiltered(rowsOf(chunks, 1 + rowBytes, png.heightPx), stepOf(png));
}

async function* unfiltered(rows: AsyncIterable<Uint8Array>, step: number): AsyncGenerator<Uint8Array> {
  let above: Uint8Array | undefined;
  for await (const row of rows) {
    const line = row.subarray(1);
    unfilter(row[0]!, line, above ?? new Uint8Array(line.length), step);
    above = line;
    yield line;
  }
}

/** An interlaced picture has to be put together before its first row is whole. */
async function* interlacedRows(
  chunks: AsyncGenerator<Uint8Array>,
  png: PngFile,
  limits: ScanLimits,
): AsyncGenerator<Uint8Array> {
  const { widthPx, heightPx } = png;
  const rowBytes = rowBytesOf(png, widthPx);
  assertHeld(rowBytes * heightPx, 'an interlaced PNG', limits);
  const picture = new Uint8Array(rowBytes * heightPx);
  const pixelBits = png.channels * png.depth;
  const rest = new RestOf(chunks);
  for (const { x, y, xStep, yStep } of adam7) {
    const columns = Math.ceil((widthPx - x) / xStep);
    const rows = Math.ceil((heightPx - y) / yStep);
    // A pass without columns has no rows either, not even their filter bytes.
    if (columns <= 0 || rows <= 0) continue;
    let row = y;
    for await (const line of unfiltered(rest.rows(1 + rowBytesOf(png, columns), rows), stepOf(png))) {
      spread(line, picture.subarray(row * rowBytes, (row + 1) * rowBytes), { x, xStep, columns, pixelBits });
      row += yStep;
    }
  }
  await chunks.return(undefined);
  for (let row = 0; row < heightPx; row += 1) yield picture.subarray(row * rowBytes, (row + 1) * rowBytes);
}

/** Rows of changing length, one after the other, from one stream. */
class RestOf {
  private left: Uint8Array = new Uint8Array();

  constructor(private readonly chunks: AsyncGenerator<Uint8Array>) {}

  async *rows(rowBytes: number, count: number): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < count; done += 1) {
      const row = new Uint8Array(rowBytes);
      for (let filled = 0; filled < rowBytes;) {
        if (this.left.length === 0) {
          const next = await this.chunks.next();
          if (next.done === true) throw imageInvalid(`${count} rows in a pass`, `${done}`);
          this.left = next.value;
        }
        const taken = Math.min(rowBytes - filled, this.left.length);
        row.set(this.left.subarray(0, taken), filled);
        this.left = this.left.subarray(taken);
        filled += taken;
      }
      yield row;
    }
  }
}

interface Spread {
  readonly x: number;
  readonly xStep: number;
  readonly columns: number;
  readonly pixelBits: number;
}

/** Puts the pixels of a pass's row to every `xStep`-th place from `x` on. */
function spread(line: Uint8Array, target: Uint8Array, { x, xStep, columns, pixelBits }: Spread): void {
  if (pixelBits >= 8) {
    const bytes = pixelBits / 8;
    for (let column = 0; column < columns; column += 1) {
      const to = (x + column * xStep) * bytes;
      for (let i = 0; i < bytes; i += 1) target[to + i] = line[column * bytes + i]!;
    }
    return;
  }
  const mask = 2 ** pixelBits - 1;
  for (let column = 0; column < columns; column += 1) {
    const from = column * pixelBits;
    const value = (line[from >> 3]! >> (8 - pixelBits - (from & 7))) & mask;
    const to = (x + column * xStep) * pixelBits;
    target[to >> 3] = target[to >> 3]! | (value << (8 - pixelBits - (to & 7)));
  }
}
