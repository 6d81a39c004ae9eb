import { Readable, pipeline } from 'node:stream';
import { createDeflate, createInflate } from 'node:zlib';
import { imageInvalid } from '../errors.js';
import { asBuffer, readChunks } from '../sources.js';
import type { ByteSource } from '../byte-source.js';

/** What lies between `start` and `end` of a source. */
export class SliceSource implements ByteSource {
  constructor(
    private readonly source: ByteSource,
    private readonly start: number,
    readonly size: number,
  ) {}

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.source.read(this.start + offset, Math.max(0, Math.min(length, this.size - offset)));
  }
}

const chunkBytes = 64 * 1024;

/** The bytes of [start, end), a few at a time. */
export function bytesOf(source: ByteSource, start = 0, end: number = source.size): AsyncIterable<Uint8Array> {
  return readChunks(source, start, end, chunkBytes);
}

/** Bytes that are at hand, as a stream. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Exactly these bytes. Throws PdfError IMAGE_INVALID where the file ends before. */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const bytes = offset + length <= source.size ? await source.read(offset, length) : new Uint8Array();
  if (bytes.length !== length) throw imageInvalid(`${length} bytes at ${offset}`, `a file of ${source.size} bytes`);
  return asBuffer(bytes);
}

/** Inflates zlib data (RFC 1950) as it is taken: what isn't taken isn't inflated. Throws PdfError IMAGE_INVALID. */
export async function* inflated(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflate = createInflate({ chunkSize: chunkBytes });
  pipeline(Readable.from(chunks), inflate, () => undefined);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') !== true) throw error;
    throw imageInvalid('sound Deflate data', code);
  }
}

/** Deflates as it is taken (RFC 1950). */
export async function* deflated(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const deflate = createDeflate({ chunkSize: chunkBytes });
  pipeline(Readable.from(chunks), deflate, () => undefined);
  yield* deflate as AsyncIterable<Buffer>;
}

/**
 * Cuts into `rowCount` rows of `rowBytes`, each in memory of its own, and stops there.
 * Throws PdfError IMAGE_INVALID where there is less.
 */
export async function* rowsOf(
  chunks: AsyncIterable<Uint8Array>,
  rowBytes: number,
  rowCount: number,
): AsyncGenerator<Uint8Array> {
  let row = new Uint8Array(rowBytes);
  let filled = 0;
  let done = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length && done < rowCount;) {
      const taken = Math.min(rowBytes - filled, chunk.length - offset);
      row.set(chunk.subarray(offset, offset + taken), filled);
      filled += taken;
      offset += taken;
      if (filled === rowBytes) {
        yield row;
        row = new Uint8Array(rowBytes);
        filled = 0;
        done += 1;
      }
    }
    if (done === rowCount) return;
  }
  if (done < rowCount) throw imageInvalid(`${rowCount} rows of ${rowBytes} bytes`, `${done}`);
}

/** Rows with the filter byte of PNG before each (ISO 32000-2, 7.4.4.4): Paeth where samples fill bytes, else none. */
export async function* predicted(rows: AsyncIterable<Uint8Array>, step: number): AsyncGenerator<Uint8Array> {
  let above: Uint8Array | undefined;
  for await (const row of rows) {
    const filtered = new Uint8Array(row.length + 1);
    if (step === 0) {
      filtered.set(row, 1);
    } else {
      filtered[0] = 4;
      filterPaeth(row, above ?? new Uint8Array(row.length), step, filtered);
    }
    above = row;
    yield filtered;
  }
}

function filterPaeth(row: Uint8Array, above: Uint8Array, step: number, filtered: Uint8Array): void {
  // The first pixel has nothing to its left: there Paeth is the one above.
  for (let i = 0; i < step && i < row.length; i += 1) filtered[i + 1] = row[i]! - above[i]!;
  for (let i = step; i < row.length; i += 1) {
    const a = row[i - step]!;
    const b = above[i]!;
    const c = above[i - step]!;
    const pa = Math.abs(b - c);
    const pb = Math.abs(a - c);
    const pc = Math.abs(a + b - 2 * c);
    filtered[i + 1] = row[i]! - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
  }
}
