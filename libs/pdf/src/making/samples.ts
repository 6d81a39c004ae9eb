import type { ColourSpace, ImageStream } from './scan-page.js';
import { deflated, predicted } from './streams.js';

/** What has to be known of rows of samples, highest bit and byte first, each row from a byte on. */
export interface SampleShape {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly depth: number;
  readonly channels: number;
  readonly colourSpace: ColourSpace;
}

/** An image of these rows, deflated with PNG predictors (ISO 32000-2, 7.4.4.4) while it is written. */
export function losslessStream(shape: SampleShape, rows: () => AsyncIterable<Uint8Array>): ImageStream {
  const { widthPx, heightPx, depth, channels, colourSpace } = shape;
  const step = depth < 8 ? 0 : (channels * depth) / 8;
  return {
    widthPx,
    heightPx,
    depth,
    colourSpace,
    entries: `/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors ${channels}/BitsPerComponent ${depth}/Columns ${widthPx}>>`,
    data: { chunks: () => deflated(batched(predicted(rows(), step))) },
  };
}

const batchBytes = 64 * 1024;

/** Puts rows together: a call of zlib for each costs more than the copy. */
async function* batched(rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for await (const row of rows) {
    batch.push(row);
    bytes += row.length;
    if (bytes >= batchBytes) {
      yield Buffer.concat(batch);
      batch = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(batch);
}

/** Which bytes of each pixel. */
export interface Pick {
  readonly pixelBytes: number;
  readonly from: number;
  readonly length: number;
}

/** The same bytes of every pixel of every row. */
export async function* pickBytes(
  rows: AsyncIterable<Uint8Array>,
  { pixelBytes, from, length }: Pick,
): AsyncGenerator<Uint8Array> {
  for await (const row of rows) {
    const pixels = Math.floor(row.length / pixelBytes);
    const picked = new Uint8Array(pixels * length);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      for (let i = 0; i < length; i += 1) picked[pixel * length + i] = row[pixel * pixelBytes + from + i]!;
    }
    yield picked;
  }
}
