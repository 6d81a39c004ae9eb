import { imageInvalid } from '../../errors.js';
import { colourSpace, indexedSpace } from '../colour.js';
import { assertPixels, type ScanLimits } from '../limits.js';
import type { ColourSpace } from '../scan-page.js';
import type { Tags } from './ifd.js';

/** What the tags of one page say about its data (TIFF 6.0), checked. */
export interface TiffLayout {
  readonly widthPx: number;
  readonly heightPx: number;
  /** 1 none, 2 to 4 CCITT, 5 LZW, 7 JPEG, 8 and 32946 Deflate, 32773 PackBits. */
  readonly compression: number;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr. */
  readonly photometric: number;
  readonly depth: number;
  /** Samples per pixel as stored, and how many of them are colours. */
  readonly samples: number;
  readonly colours: 1 | 3 | 4;
  /** The sample behind the colours: 1 multiplied with them, 2 not; absent without alpha. */
  readonly alpha: 1 | 2 | undefined;
  readonly colourSpace: ColourSpace;
  /** 2: the difference to the pixel before is stored (section 14). */
  readonly predictor: number;
  readonly reversedBits: boolean;
  readonly littleEndian: boolean;
  /** Samples of one kind each in strips of their own. */
  readonly planar: boolean;
  readonly tiled: boolean;
  /** Of a strip or tile. */
  readonly segmentWidthPx: number;
  readonly segmentHeightPx: number;
  readonly columns: number;
  readonly rows: number;
  /** Strips or tiles, left to right, top to bottom, plane by plane. */
  readonly segments: readonly { readonly offset: number; readonly length: number }[];
}

const compressions: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 32946, 32773];
const coloursOf: Readonly<Record<number, 1 | 3 | 4>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };

/** Throws PdfError IMAGE_INVALID for what isn't TIFF and for what isn't made into pages. */
export async function readLayout(tags: Tags, limits: ScanLimits): Promise<TiffLayout> {
  const one = async (tag: number, absent: number): Promise<number> => (await tags.number(tag)) ?? absent;
  const [widthPx, heightPx] = [await one(256, 0), await one(257, 0)];
  assertPixels(widthPx, heightPx, limits);
  const compression = await one(259, 1);
  if (!compressions.includes(compression)) {
    throw imageInvalid('uncompressed, CCITT, LZW, JPEG, Deflate or PackBits', `compression ${compression}`);
  }
  const photometric = await one(262, compression >= 2 && compression <= 4 ? 0 : -1);
  const colours = coloursOf[photometric];
  if (colours === undefined || (photometric === 6 && compression !== 7)) {
    throw imageInvalid('bilevel, grey, palette, RGB or CMYK', `photometric interpretation ${photometric}`);
  }
  const samples = await one(277, 1);
  const depths = (await tags.numbers(258, 64)) ?? [1];
  const depth = depths[0] ?? 0;
  await checkSamples(tags, { compression, photometric, samples, depths, colours });
  const extra = samples > colours ? ((await tags.numbers(338, 64))?.[0] ?? 0) : 0;
  const fillOrder = await one(266, 1);
  const predictor = compression === 5 || compression === 8 || compression === 32946 ? await one(317, 1) : 1;
  if (predictor > 2 || (predictor === 2 && depth < 8)) {
    throw imageInvalid('no predictor, or differences of 8 or 16 bits', `predictor ${predictor} at ${depth} bits`);
  }
  const segments = await readSegments(tags, { widthPx, heightPx }, limits);
  const planar = samples > 1 && (await one(284, 1)) === 2;
  const expected = segments.columns * segments.rows * (planar ? samples : 1);
  if (segments.segments.length !== expected) {
    throw imageInvalid(`${expected} strips or tiles`, `${segments.segments.length}`);
  }
  return {
    widthPx, heightPx, compression, photometric, depth, samples, colours,
    alpha: extra === 1 || extra === 2 ? extra : undefined,
    colourSpace: await spaceOf(tags, photometric, colours, depth),
    predictor,
    reversedBits: fillOrder === 2,
    littleEndian: tags.form.littleEndian,
    planar,
    ...segments,
  }; // prettier-ignore
}

interface Samples {
  readonly compression: number;
  readonly photometric: number;
  readonly samples: number;
  readonly depths: readonly number[];
  readonly colours: number;
}

async function checkSamples(tags: Tags, { compression, photometric, samples, depths, colours }: Samples) {
  const depth = depths[0] ?? 0;
  if (samples < colours || samples > colours + 4) {
    throw imageInvalid(`${colours} to ${colours + 4} samples a pixel`, `${samples}`);
  }
  if (!depths.every((other) => other === depth)) throw imageInvalid('one depth for all samples', depths.join(', '));
  const allowed = photometric === 3 ? [1, 2, 4, 8] : colours === 1 && samples === 1 ? [1, 2, 4, 8, 16] : [8, 16];
  if (!allowed.includes(depth)) throw imageInvalid(`${allowed.join(', ')} bits a sample`, `${depth}`);
  if (compression >= 2 && compression <= 4 && (depth !== 1 || samples !== 1 || photometric > 1)) {
    throw imageInvalid('one bit a pixel with CCITT', `${samples} samples of ${depth} bits`);
  }
  const formats = (await tags.numbers(339, 64)) ?? [1];
  // 4: undefined, which is taken as unsigned by everybody.
  if (!formats.every((format) => format === 1 || format === 4)) {
    throw imageInvalid('unsigned samples', `sample format ${formats.join(', ')}`);
  }
  const inkSet = (await tags.number(332)) ?? 1;
  if (photometric === 5 && inkSet !== 1) throw imageInvalid('the inks of CMYK', `ink set ${inkSet}`);
}

async function readSegments(tags: Tags, page: { widthPx: number; heightPx: number }, limits: ScanLimits) {
  const tiled = tags.has(322);
  const segmentWidthPx = tiled ? ((await tags.number(322)) ?? 0) : page.widthPx;
  const stated = (await tags.number(tiled ? 323 : 278)) ?? page.heightPx;
  const segmentHeightPx = tiled ? stated : Math.min(stated, page.heightPx);
  assertPixels(segmentWidthPx, segmentHeightPx, limits);
  const offsets = (await tags.numbers(tiled ? 324 : 273, limits.maxSegments)) ?? [];
  const onlyOne = offsets.length === 1 && offsets[0] !== undefined;
  const lengths = (await tags.numbers(tiled ? 325 : 279, limits.maxSegments)) ?? [];
  if (lengths.length !== offsets.length && !(onlyOne && lengths.length > 0)) {
    throw imageInvalid(`the lengths of ${offsets.length} strips or tiles`, `${lengths.length}`);
  }
  return {
    tiled,
    segmentWidthPx,
    segmentHeightPx,
    columns: Math.ceil(page.widthPx / segmentWidthPx),
    rows: Math.ceil(page.heightPx / segmentHeightPx),
    segments: offsets.map((offset, index) => ({ offset, length: lengths[index] ?? 0 })),
  };
}

async function spaceOf(tags: Tags, photometric: number, colours: 1 | 3 | 4, depth: number): Promise<ColourSpace> {
  if (photometric !== 3) return colourSpace(colours, await tags.bytes(34675));
  const count = 2 ** depth;
  const map = (await tags.numbers(320, 3 * 256)) ?? [];
  if (map.length !== 3 * count) throw imageInvalid(`a palette of ${3 * count} values`, `${map.length}`);
  // Some programs write 8 bits where the format asks for 16.
  const shift = map.every((value) => value < 256) ? 0 : 8;
  const palette = new Uint8Array(3 * count);
  for (let index = 0; index < count; index += 1) {
    for (let c = 0; c < 3; c += 1) palette[3 * index + c] = map[c * count + index]! >> shift;
  }
  return indexedSpace(palette);
}
