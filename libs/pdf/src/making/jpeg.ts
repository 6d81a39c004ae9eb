import { imageInvalid } from '../errors.js';
import type { ByteSource } from '../byte-source.js';
import { asBuffer, bufferSource } from '../sources.js';
import { colourSpace, joinProfile } from './colour.js';
import { assertPixels, type ScanLimits } from './limits.js';
import { orientationOf, type ImageStream, type Resolution, type ScanPage } from './scan-page.js';
import { bytesOf, readExactly, SliceSource } from './streams.js';
import { readIfd } from './tiff/ifd.js';
import { resolutionOf } from './tiff/resolution.js';

/** What the markers of a JPEG say (ITU-T T.81, annex B). */
export interface JpegFacts {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: 1 | 3 | 4;
  /** From the Adobe marker: 0 none, 1 YCbCr, 2 YCCK; absent without the marker. */
  readonly adobeTransform: number | undefined;
  /** The components are named R, G, B: without the Adobe marker nothing else says that they aren't YCbCr. */
  readonly namedRgb: boolean;
  readonly jfif: { readonly units: number; readonly x: number; readonly y: number } | undefined;
  readonly exif: Uint8Array | undefined;
  readonly profile: Uint8Array | undefined;
  /** Just after the marker EOI. */
  readonly endOffset: number;
}

/** Baseline, extended and progressive, Huffman coded: what DCTDecode takes (ISO 32000-2, 7.4.8). */
const framesTaken: readonly number[] = [0xc0, 0xc1, 0xc2];
const frames: readonly number[] = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
/** A profile comes in up to 255 parts of 64 kB. */
const maxProfileBytes = 4 * 1024 * 1024;

/** Reads the whole file once, up to EOI. Throws PdfError IMAGE_INVALID. */
export async function readJpeg(source: ByteSource, limits: ScanLimits): Promise<JpegFacts> {
  if ((await readExactly(source, 0, 2)).readUInt16BE(0) !== 0xffd8) throw imageInvalid('a JPEG', 'other bytes');
  let frame: Pick<JpegFacts, 'widthPx' | 'heightPx' | 'channels' | 'namedRgb'> | undefined;
  let adobeTransform: number | undefined;
  let jfif: JpegFacts['jfif'];
  let exif: Uint8Array | undefined;
  const profileParts = new Map<number, Uint8Array>();
  let [scans, markers, profileBytes] = [0, 0, 0];
  for (let offset = 2; ;) {
    const { marker, at } = await nextMarker(source, offset);
    if ((markers += 1) > limits.maxEntries) throw imageInvalid(`at most ${limits.maxEntries} markers`, 'more');
    if (marker === 0xd9) {
      if (frame === undefined || scans === 0) throw imageInvalid('a frame and a scan before EOI', 'none');
      return {
        ...frame,
        adobeTransform,
        jfif,
        exif,
        profile: joinProfile(profileParts),
        endOffset: at,
      };
    }
    const length = (await readExactly(source, at, 2)).readUInt16BE(0);
    if (length < 2) throw imageInvalid('a marker segment of 2 bytes and more', `${length}`);
    const segment = async (): Promise<Buffer> => readExactly(source, at + 2, length - 2);
    offset = at + length;
    if (frames.includes(marker)) {
      if (frame !== undefined) throw imageInvalid('one frame', 'another');
      frame = readFrame(marker, await segment(), limits);
    } else if (marker === 0xda) {
      if (frame === undefined) throw imageInvalid('a frame before the first scan', 'none');
      if ((scans += 1) > limits.maxJpegScans) throw imageInvalid(`at most ${limits.maxJpegScans} scans`, 'more');
      offset = await endOfScan(source, offset);
    } else if (marker === 0xdc) {
      throw imageInvalid('the height in the frame', 'a DNL marker');
    } else if (marker === 0xe0 && jfif === undefined && length >= 14) {
      const data = await segment();
      if (data.toString('latin1', 0, 5) === 'JFIF\0') {
        jfif = { units: data[7]!, x: data.readUInt16BE(8), y: data.readUInt16BE(10) };
      }
    } else if (marker === 0xe1 && exif === undefined && length > 16) {
      const data = await segment();
      if (data.toString('latin1', 0, 6) === 'Exif\0\0') exif = data.subarray(6);
    } else if (marker === 0xe2 && length > 16 && profileBytes < maxProfileBytes) {
      const data = await segment();
      if (data.toString('latin1', 0, 12) === 'ICC_PROFILE\0') profileParts.set(data[12]!, data.subarray(14));
      profileBytes += data.length;
    } else if (marker === 0xee && length >= 14) {
      const data = await segment();
      if (data.toString('latin1', 0, 5) === 'Adobe') adobeTransform = data[11];
    }
  }
}

/** Past fill bytes (T.81, B.1.1.2). */
async function nextMarker(source: ByteSource, offset: number): Promise<{ marker: number; at: number }> {
  const bytes = asBuffer(await source.read(offset, 64));
  if (bytes[0] !== 0xff)
    throw imageInvalid(`a marker at ${offset}`, bytes.length === 0 ? 'end of file' : 'other bytes');
  const index = bytes.findIndex((byte) => byte !== 0xff);
  if (index === -1) throw imageInvalid(`a marker at ${offset}`, bytes.length < 64 ? 'end of file' : 'fill bytes only');
  const marker = bytes[index]!;
  if (marker < 0xc0 || marker === 0xd8) throw imageInvalid(`a marker at ${offset}`, `0xFF${marker.toString(16)}`);
  // Restart markers stand only within a scan; one outside has no length and would be taken for a segment.
  if (marker >= 0xd0 && marker <= 0xd7) throw imageInvalid('restart markers within scans only', 'one outside');
  return { marker, at: offset + index + 1 };
}

/** Offset of the marker that ends the entropy-coded data: neither a stuffed zero nor a restart (T.81, B.1.1.5). */
async function endOfScan(source: ByteSource, start: number): Promise<number> {
  let offset = start;
  let escaped = false;
  for await (const chunk of bytesOf(source, start)) {
    let index = 0;
    while (index < chunk.length) {
      if (!escaped) {
        const next = chunk.indexOf(0xff, index);
        if (next === -1) break;
        index = next + 1;
        escaped = true;
        continue;
      }
      const byte = chunk[index]!;
      if (byte === 0xff) {
        index += 1;
        continue;
      }
      if (byte !== 0 && !(byte >= 0xd0 && byte <= 0xd7)) return offset + index - 1;
      escaped = false;
      index += 1;
    }
    offset += chunk.length;
  }
  throw imageInvalid('the end of the image (EOI)', `end of file at byte ${source.size}`);
}

function readFrame(marker: number, data: Buffer, limits: ScanLimits) {
  if (!framesTaken.includes(marker)) {
    throw imageInvalid('a baseline or progressive JPEG, Huffman coded', `SOF${marker - 0xc0}`);
  }
  if (data.length < 6) throw imageInvalid('a frame header', `${data.length} bytes`);
  const [precision, channels] = [data[0], data[5]];
  if (precision !== 8) throw imageInvalid('8 bits a sample', `${precision}`);
  if (channels !== 1 && channels !== 3 && channels !== 4) throw imageInvalid('1, 3 or 4 components', `${channels}`);
  if (data.length !== 6 + 3 * channels) throw imageInvalid(`a frame of ${channels} components`, `${data.length} bytes`);
  const [heightPx, widthPx] = [data.readUInt16BE(1), data.readUInt16BE(3)];
  assertPixels(widthPx, heightPx, limits);
  const names = [6, 9, 12].map((at) => String.fromCharCode(data[at] ?? 0)).join('');
  return { widthPx, heightPx, channels, namedRgb: channels === 3 && names === 'RGB' } as const;
}

/**
 * The image as DCTDecode takes it, byte for byte up to EOI: what stands behind (a phone's second picture, a trailer) isn't
 * part of the picture. `ycc` says how three components are to be taken where the file doesn't.
 */
export function jpegStream(source: ByteSource, facts: JpegFacts, ycc = true): ImageStream {
  const { widthPx, heightPx, channels, adobeTransform, namedRgb, endOffset } = facts;
  const rgb = channels === 3 && adobeTransform === undefined && (namedRgb || !ycc);
  // Adobe's programs write CMYK inverted, and mark it by their marker.
  const inverted = channels === 4 && adobeTransform !== undefined;
  return {
    widthPx,
    heightPx,
    depth: 8,
    colourSpace: colourSpace(channels, facts.profile),
    entries:
      '/Filter/DCTDecode' +
      (rgb ? '/DecodeParms<</ColorTransform 0>>' : '') +
      (inverted ? '/Decode[1 0 1 0 1 0 1 0]' : ''),
    data: { length: endOffset, chunks: () => bytesOf(source, 0, endOffset) },
  };
}

/** A JPEG file as a page. Throws PdfError IMAGE_INVALID. */
export async function jpegPage(source: ByteSource, limits: ScanLimits): Promise<ScanPage> {
  const facts = await readJpeg(source, limits);
  const exif = facts.exif && (await readExif(facts.exif, limits));
  const resolution = jfifResolution(facts) ?? exif?.resolution;
  return {
    widthPx: facts.widthPx,
    heightPx: facts.heightPx,
    ...(resolution && { resolution }),
    orientation: orientationOf(exif?.orientation),
    parts: [{ leftPx: 0, topPx: 0, image: jpegStream(new SliceSource(source, 0, facts.endOffset), facts) }],
  };
}

function jfifResolution({ jfif }: JpegFacts): Resolution | undefined {
  if (jfif === undefined || jfif.x === 0 || jfif.y === 0 || jfif.units < 1 || jfif.units > 2) return undefined;
  const perInch = jfif.units === 1 ? 1 : 2.54;
  return { xPpi: jfif.x * perInch, yPpi: jfif.y * perInch };
}

/**
 * Orientation and resolution of EXIF data (JEITA CP-3451, 4.6), undefined where it is broken: the picture is whole without
 * it, and phones' programs break it often.
 */
export async function readExif(
  exif: Uint8Array,
  limits: ScanLimits,
): Promise<{ orientation?: number; resolution?: Resolution } | undefined> {
  try {
    const { tags } = await readIfd(bufferSource(exif), undefined, limits);
    const resolution = await resolutionOf(tags);
    const orientation = await tags.number(274);
    return { ...(orientation !== undefined && { orientation }), ...(resolution && { resolution }) };
  } catch {
    return undefined;
  }
}
