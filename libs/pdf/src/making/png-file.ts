import { crc32, inflateSync } from 'node:zlib';
import { imageInvalid } from '../errors.js';
import { type PngHeader, readPngHeader } from '../appearance/png-format.js';
import type { ByteSource } from '../byte-source.js';
import { assertPixels, type ScanLimits } from './limits.js';
import { bytesOf, readExactly } from './streams.js';

const maxProfileBytes = 4 * 1024 * 1024;
/** No chunk but IDAT and iCCP that we read is larger. */
const maxSmallChunkBytes = 1024 * 1024;

/** What the chunks of a PNG file say; the image data stays in the file. */
export interface PngFile extends PngHeader {
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  readonly profile: Uint8Array | undefined;
  readonly exif: Uint8Array | undefined;
  readonly pixelsPerMetre: { readonly x: number; readonly y: number } | undefined;
  /** Where the parts of the one zlib stream lie. */
  readonly imageData: readonly { readonly start: number; readonly end: number }[];
}

/**
 * Walks over the chunks of a PNG of any size and checks order and checksums; image data is read, not held.
 * Throws PdfError IMAGE_INVALID.
 */
export async function readPngFile(source: ByteSource, limits: ScanLimits): Promise<PngFile> {
  const head = await readExactly(source, 0, 33);
  if (head.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw imageInvalid('a PNG', 'other bytes');
  const header = readHeader(head, limits);
  const small = new Map<string, Buffer>();
  const imageData: { start: number; end: number }[] = [];
  let chunks = 0;
  let previous = 'IHDR';
  for (let offset = 33; ;) {
    if ((chunks += 1) > limits.maxEntries) throw imageInvalid(`at most ${limits.maxEntries} chunks`, 'more');
    const start = await readExactly(source, offset, 8);
    const [length, type] = [start.readUInt32BE(0), start.toString('latin1', 4)];
    if (!/^[A-Za-z]{4}$/.test(type)) throw imageInvalid('a chunk name of four letters', `other bytes at ${offset + 4}`);
    const [dataStart, dataEnd] = [offset + 8, offset + 8 + length];
    if (dataEnd + 4 > source.size) throw imageInvalid(`a chunk of ${length} bytes`, `end of file at ${source.size}`);
    await checkCrc(source, dataStart, dataEnd, type);
    if (type === 'IEND') break;
    if (type === 'IDAT') {
      if (imageData.length > 0 && previous !== 'IDAT') throw imageInvalid('IDAT chunks in succession', previous);
      imageData.push({ start: dataStart, end: dataEnd });
    } else if (['PLTE', 'tRNS', 'pHYs', 'iCCP', 'eXIf'].includes(type)) {
      if (small.has(type)) throw imageInvalid(`one ${type}`, 'another');
      if (imageData.length > 0 && type !== 'eXIf') throw imageInvalid(`${type} before IDAT`, 'one behind');
      const most = type === 'iCCP' ? maxProfileBytes : maxSmallChunkBytes;
      if (length > most) throw imageInvalid(`at most ${most} bytes of ${type}`, `${length}`);
      small.set(type, await readExactly(source, dataStart, length));
    } else if (type.charCodeAt(0) < 0x61) {
      // PNG, 5.4: the first letter of a critical chunk is upper case.
      throw imageInvalid('critical chunks of PNG', type);
    }
    previous = type;
    offset = dataEnd + 4;
  }
  if (imageData.length === 0) throw imageInvalid('image data (IDAT)', 'none');
  const [palette, transparency] = [small.get('PLTE'), small.get('tRNS')];
  checkPalette(header, palette, transparency);
  return {
    ...header,
    palette: header.colourType === 3 ? palette : undefined,
    transparency,
    profile: readProfile(small.get('iCCP')),
    exif: small.get('eXIf'),
    pixelsPerMetre: readResolution(small.get('pHYs')),
    imageData,
  };
}

function readHeader(head: Buffer, limits: ScanLimits): PngHeader {
  const type = head.toString('latin1', 12, 16);
  if (type !== 'IHDR' || head.readUInt32BE(8) !== 13) throw imageInvalid('IHDR of 13 bytes first', type);
  if (crc32(head.subarray(12, 29)) !== head.readUInt32BE(29)) throw imageInvalid('the checksum of IHDR', 'another');
  const header = readPngHeader(head.subarray(16, 29));
  assertPixels(header.widthPx, header.heightPx, limits);
  return header;
}

async function checkCrc(source: ByteSource, start: number, end: number, type: string): Promise<void> {
  let crc = 0;
  for await (const chunk of bytesOf(source, start - 4, end)) crc = crc32(chunk, crc);
  if (crc !== (await readExactly(source, end, 4)).readUInt32BE(0)) {
    throw imageInvalid(`the checksum of chunk ${type}`, 'another');
  }
}

function checkPalette(header: PngHeader, palette: Buffer | undefined, transparency: Buffer | undefined): void {
  const { colourType, depth } = header;
  if (colourType === 3) {
    const colours = (palette?.length ?? 0) / 3;
    if (!Number.isInteger(colours) || colours < 1 || colours > 2 ** depth) {
      throw imageInvalid(`a palette of 1 to ${2 ** depth} colours`, `${palette?.length ?? 0} bytes`);
    }
  }
  if (transparency === undefined) return;
  const fits =
    colourType === 3
      ? transparency.length <= (palette?.length ?? 0) / 3
      : transparency.length === { 0: 2, 2: 6 }[colourType];
  if (!fits) throw imageInvalid(`tRNS as colour type ${colourType} asks`, `${transparency.length} bytes`);
}

/** The profile of iCCP (PNG, 11.3.2.3); undefined where it is broken: the picture is whole without it. */
function readProfile(chunk: Buffer | undefined): Uint8Array | undefined {
  const end = chunk?.indexOf(0) ?? -1;
  if (chunk === undefined || end < 1 || end > 79 || chunk[end + 1] !== 0) return undefined;
  try {
    return inflateSync(chunk.subarray(end + 2), { maxOutputLength: maxProfileBytes });
  } catch {
    return undefined;
  }
}

function readResolution(chunk: Buffer | undefined): PngFile['pixelsPerMetre'] {
  if (chunk?.length !== 9 || chunk[8] !== 1) return undefined;
  const [x, y] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)];
  return x > 0 && y > 0 ? { x, y } : undefined;
}
