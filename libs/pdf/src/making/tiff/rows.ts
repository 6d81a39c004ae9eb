import { imageInvalid } from '../../errors.js';
import type { ByteSource } from '../../byte-source.js';
import { assertHeld, type ScanLimits } from '../limits.js';
import { bytesOf, once, readExactly, rowsOf } from '../streams.js';
import { ccittRows } from './ccitt.js';
import { bitsReversed, decompressed } from './decompress.js';
import type { TiffLayout } from './layout.js';

/** Where a TIFF's data is, and what it is. */
export interface TiffData {
  readonly source: ByteSource;
  readonly layout: TiffLayout;
  /** T4Options (tag 292): bit 0 two-dimensional. */
  readonly t4Options: number;
  readonly limits: ScanLimits;
}

/** All rows of the page, samples pixel by pixel, highest byte first. Throws PdfError IMAGE_INVALID, LIMIT_EXCEEDED. */
export async function* tiffRows(data: TiffData): AsyncGenerator<Uint8Array> {
  const { layout, limits } = data;
  const { columns, rows, heightPx, segmentHeightPx, planar, samples, depth, segmentWidthPx } = layout;
  if (planar) assertHeld(samples * segmentRowBytes(layout), 'planes', limits);
  if (columns > 1) {
    const bandBytes = columns * Math.ceil((segmentWidthPx * samples * depth) / 8) * segmentHeightPx;
    assertHeld(bandBytes, 'a row of tiles', limits);
  }
  for (let band = 0; band < rows; band += 1) {
    const rowCount = Math.min(segmentHeightPx, heightPx - band * segmentHeightPx);
    const planes = planar ? samples : 1;
    const perPlane = Array.from({ length: planes }, (_, plane) => bandRows(data, plane, band, rowCount));
    const [only] = perPlane;
    yield* planes === 1 && only !== undefined ? only : interleaved(perPlane, depth / 8);
  }
}

/** Bytes of a row of one strip or tile. */
function segmentRowBytes({ segmentWidthPx, samples, depth, planar }: TiffLayout): number {
  return Math.ceil((segmentWidthPx * (planar ? 1 : samples) * depth) / 8);
}

async function* bandRows(data: TiffData, plane: number, band: number, rowCount: number): AsyncGenerator<Uint8Array> {
  const { columns, rows, widthPx, samples, depth, planar } = data.layout;
  const first = (plane * rows + band) * columns;
  if (columns === 1) {
    const rowBytes = Math.ceil((widthPx * (planar ? 1 : samples) * depth) / 8);
    for await (const row of segmentRows(data, first, rowCount)) yield row.subarray(0, rowBytes);
    return;
  }
  const tileBytes = segmentRowBytes(data.layout);
  const rowBytes = Math.ceil((widthPx * (planar ? 1 : samples) * depth) / 8);
  const picture = new Uint8Array(rowCount * columns * tileBytes);
  for (let column = 0; column < columns; column += 1) {
    let row = 0;
    for await (const line of segmentRows(data, first + column, rowCount)) {
      picture.set(line, (row * columns + column) * tileBytes);
      row += 1;
    }
  }
  // A tile's width is a multiple of 16 pixels: whole bytes at every depth.
  for (let row = 0; row < rowCount; row += 1) {
    yield picture.subarray(row * columns * tileBytes, row * columns * tileBytes + rowBytes);
  }
}

async function* segmentRows(data: TiffData, index: number, rowCount: number): AsyncGenerator<Uint8Array> {
  const { layout, source, limits } = data;
  const segment = layout.segments[index];
  if (segment === undefined) throw imageInvalid(`strip or tile ${index}`, 'none');
  const { offset, length } = segment;
  if (offset + length > source.size)
    throw imageInvalid(`${length} bytes at ${offset}`, `a file of ${source.size} bytes`);
  if (layout.compression >= 2 && layout.compression <= 4) {
    assertHeld(length, 'a CCITT strip', limits);
    yield* ccittSegment(data, offset, length, rowCount);
    return;
  }
  const chunks = decompressed(bytesOf(source, offset, offset + length), layout.compression, layout.reversedBits);
  for await (const row of rowsOf(chunks, segmentRowBytes(layout), rowCount)) {
    if (layout.predictor === 2) addDifferences(row, layout);
    else if (layout.depth === 16 && layout.littleEndian) swapBytes(row);
    yield row;
  }
}

async function* ccittSegment(
  { source, layout, t4Options }: TiffData,
  offset: number,
  length: number,
  rowCount: number,
): AsyncGenerator<Uint8Array> {
  let data: Uint8Array = await readExactly(source, offset, length);
  if (layout.reversedBits) for await (const bytes of bitsReversed(once(data))) data = bytes;
  const scheme = ({ 2: 'rows', 3: 't4', 4: 't6' } as const)[layout.compression as 2 | 3 | 4];
  const twoDimensional = (t4Options & 1) === 1;
  yield* ccittRows(data, { scheme, columns: layout.segmentWidthPx, rowCount, twoDimensional });
}

/** Undoes the horizontal differences (TIFF 6.0, section 14), and puts the high byte first. */
function addDifferences(row: Uint8Array, { depth, samples, planar, littleEndian }: TiffLayout): void {
  const step = planar ? 1 : samples;
  if (depth === 8) {
    for (let i = step; i < row.length; i += 1) row[i] = row[i]! + row[i - step]!;
    return;
  }
  if (littleEndian) swapBytes(row);
  for (let i = 2 * step; i + 1 < row.length; i += 2) {
    const before = (row[i - 2 * step]! << 8) | row[i - 2 * step + 1]!;
    const sum = before + ((row[i]! << 8) | row[i + 1]!);
    row[i] = (sum >> 8) & 255;
    row[i + 1] = sum & 255;
  }
}

function swapBytes(row: Uint8Array): void {
  for (let i = 0; i + 1 < row.length; i += 2) {
    const low = row[i]!;
    row[i] = row[i + 1]!;
    row[i + 1] = low;
  }
}

async function* interleaved(planes: AsyncGenerator<Uint8Array>[], sampleBytes: number): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const lines = await Promise.all(planes.map((plane) => plane.next()));
      if (lines.some((line) => line.done === true)) return;
      const length = Math.min(...lines.map(({ value }) => (value as Uint8Array).length));
      const row = new Uint8Array(length * planes.length);
      for (const [plane, { value }] of lines.entries()) {
        for (let i = 0; i < length; i += 1) {
          const pixel = Math.floor(i / sampleBytes);
          row[(pixel * planes.length + plane) * sampleBytes + (i % sampleBytes)] = (value as Uint8Array)[i]!;
        }
      }
      yield row;
    }
  } finally {
    for (const plane of planes) await plane.return(undefined);
  }
}
