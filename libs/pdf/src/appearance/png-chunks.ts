import { crc32 } from 'node:zlib';
import { imageInvalid } from '../errors.js';
import { type PngHeader, readPngHeader } from './png-format.js';

/** The limit of the desktop tool for a signature image, and of the REST interface. */
const maxFileBytes = 3_500_000;
/** Against decompression bombs: 3.5 MB of Deflate can inflate to 3.6 GB; 4,000 × 4,000 RGBA is 64 MB, 128 MB at 16 bits. */
const maxSidePx = 4000;

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** What the chunks of a PNG say, before anything is inflated. */
export interface PngChunks extends PngHeader {
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  /** The parts of one zlib stream. */
  readonly imageData: readonly Uint8Array[];
}

/**
 * Checks size, structure and checksums of a PNG without inflating it.
 *
 * @throws PdfError `IMAGE_INVALID`
 */
export function inspectPng(png: Uint8Array): { widthPx: number; heightPx: number; hasAlpha: boolean } {
  const { widthPx, heightPx, colourType, transparency } = readChunks(png);
  return { widthPx, heightPx, hasAlpha: colourType === 4 || colourType === 6 || transparency !== undefined };
}

/**
 * Reads the chunks (PNG, third edition, clauses 5 and 11). Ancillary chunks apart from tRNS are passed over: colour profiles and
 * text are nothing that a signature needs, and each is an inflater of its own to be attacked. An animated PNG gives its
 * default image. What follows IEND is ignored.
 *
 * @throws PdfError `IMAGE_INVALID`
 */
export function readChunks(png: Uint8Array): PngChunks {
  if (png.length > maxFileBytes) throw imageInvalid(`at most ${maxFileBytes} bytes`, `${png.length} bytes`);
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (!bytes.subarray(0, 8).equals(signature)) throw imageInvalid('the signature of a PNG', 'other bytes');

  const header = readHeader(bytes);
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const imageData: Uint8Array[] = [];
  let previous = 'IHDR';
  for (let offset = 33; ;) {
    const { type, data, end } = readChunk(bytes, offset);
    if (type === 'IEND') break;
    if (type === 'IDAT') {
      if (imageData.length > 0 && previous !== 'IDAT') throw imageInvalid('IDAT chunks in succession', previous);
      imageData.push(data);
    } else if (type === 'PLTE') {
      if (palette !== undefined || imageData.length > 0) throw imageInvalid('one PLTE before IDAT', 'another');
      palette = data;
    } else if (type === 'tRNS') {
      if (transparency !== undefined || imageData.length > 0) throw imageInvalid('one tRNS before IDAT', 'another');
      transparency = data;
    } else if (isCritical(type)) {
      throw imageInvalid('critical chunks of PNG', type);
    }
    previous = type;
    offset = end;
  }
  if (imageData.length === 0) throw imageInvalid('image data (IDAT)', 'none');
  checkPalette(header, palette);
  checkTransparency(header, palette, transparency);
  return { ...header, palette, transparency, imageData };
}

function readHeader(bytes: Buffer): PngHeader {
  const { type, data } = readChunk(bytes, 8);
  if (type !== 'IHDR' || data.length !== 13) throw imageInvalid('IHDR of 13 bytes first', `${type} of ${data.length}`);
  const header = readPngHeader(data);
  const { widthPx, heightPx } = header;
  if (widthPx === 0 || heightPx === 0 || widthPx > maxSidePx || heightPx > maxSidePx) {
    throw imageInvalid(`1 to ${maxSidePx} pixels on each side`, `${widthPx} × ${heightPx}`);
  }
  return header;
}

function readChunk(bytes: Buffer, offset: number): { type: string; data: Buffer; end: number } {
  if (offset + 12 > bytes.length) throw imageInvalid('IEND as the last chunk', `end of file at byte ${bytes.length}`);
  const length = bytes.readUInt32BE(offset);
  const end = offset + 12 + length;
  if (end > bytes.length) throw imageInvalid(`a chunk of ${length} bytes`, `end of file at byte ${bytes.length}`);
  const type = bytes.toString('latin1', offset + 4, offset + 8);
  if (!/^[A-Za-z]{4}$/.test(type)) throw imageInvalid('a chunk name of four letters', `other bytes at ${offset + 4}`);
  if (crc32(bytes.subarray(offset + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
    throw imageInvalid(`the checksum of chunk ${type}`, 'another');
  }
  return { type, data: bytes.subarray(offset + 8, end - 4), end };
}

/** PNG, 5.4: the first letter is upper case. */
function isCritical(type: string): boolean {
  return type.charCodeAt(0) < 0x61;
}

function checkPalette(header: PngHeader, palette: Uint8Array | undefined): void {
  if (header.colourType === 3 && palette === undefined) throw imageInvalid('a palette (PLTE)', 'none');
  if (palette === undefined) return;
  const entries = palette.length / 3;
  const most = header.colourType === 3 ? 2 ** header.depth : 256;
  if (!Number.isInteger(entries) || entries < 1 || entries > most) {
    throw imageInvalid(`a palette of 1 to ${most} colours`, `${palette.length} bytes`);
  }
}

function checkTransparency(header: PngHeader, palette?: Uint8Array, transparency?: Uint8Array): void {
  if (transparency === undefined) return;
  const { colourType } = header;
  const most = colourType === 3 ? (palette?.length ?? 0) / 3 : 0;
  const fits = colourType === 3 ? transparency.length <= most : transparency.length === { 0: 2, 2: 6 }[colourType];
  if (!fits)
    throw imageInvalid('tRNS as its colour type asks', `${transparency.length} bytes, colour type ${colourType}`);
}
