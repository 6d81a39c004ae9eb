import type { ByteSource } from '../byte-source.js';
import { colourSpace, indexedSpace } from './colour.js';
import { readExif } from './jpeg.js';
import type { ScanLimits } from './limits.js';
import { readPngFile, type PngFile } from './png-file.js';
import { checkImageData, imageDataOf, pngRows } from './png-rows.js';
import { losslessStream, pickBytes } from './samples.js';
import { orientationOf, type ColourSpace, type ImageStream, type ScanPage } from './scan-page.js';

const inchesPerMetre = 1 / 0.0254;

/**
 * A PNG file as a page. Without alpha and interlacing the compressed data goes into the PDF as it is (ISO 32000-2, 7.4.4.4,
 * predictor 15 is PNG's own); else it is taken apart and compressed again, at the full depth.
 * Throws PdfError IMAGE_INVALID, LIMIT_EXCEEDED.
 */
export async function pngPage(source: ByteSource, limits: ScanLimits): Promise<ScanPage> {
  const png = await readPngFile(source, limits);
  const { widthPx, heightPx, pixelsPerMetre } = png;
  const exif = png.exif && (await readExif(png.exif, limits));
  const resolution = pixelsPerMetre
    ? { xPpi: pixelsPerMetre.x / inchesPerMetre, yPpi: pixelsPerMetre.y / inchesPerMetre }
    : exif?.resolution;
  const image = png.colourType >= 4 ? alphaImage(source, png, limits) : await opaqueImage(source, png, limits);
  return {
    widthPx,
    heightPx,
    ...(resolution && { resolution }),
    orientation: orientationOf(exif?.orientation),
    parts: [{ leftPx: 0, topPx: 0, image }],
  };
}

async function opaqueImage(source: ByteSource, png: PngFile, limits: ScanLimits): Promise<ImageStream> {
  const { widthPx, heightPx, depth, colourType, transparency, imageData } = png;
  const common = { widthPx, heightPx, depth, colourSpace: spaceOf(png) };
  const key = colourType !== 3 && transparency !== undefined ? `/Mask[${keyMask(transparency, depth)}]` : '';
  const alpha = colourType === 3 && transparency !== undefined ? paletteAlpha(source, png, limits) : undefined;
  if (png.interlaced) {
    const stream = losslessStream({ ...common, channels: png.channels }, () => pngRows(source, png, limits));
    return { ...stream, entries: stream.entries + key, ...(alpha && { alpha }) };
  }
  await checkImageData(source, png);
  const parameters = `/Predictor 15/Colors ${png.channels}/BitsPerComponent ${depth}/Columns ${widthPx}`;
  return {
    ...common,
    entries: `/Filter/FlateDecode/DecodeParms<<${parameters}>>${key}`,
    data: {
      length: imageData.reduce((sum, { start, end }) => sum + end - start, 0),
      chunks: () => imageDataOf(source, png),
    },
    ...(alpha && { alpha }),
  };
}

function alphaImage(source: ByteSource, png: PngFile, limits: ScanLimits): ImageStream {
  const { widthPx, heightPx, depth, channels } = png;
  const sampleBytes = depth / 8;
  const [pixelBytes, colourBytes] = [channels * sampleBytes, (channels - 1) * sampleBytes];
  const common = { widthPx, heightPx, depth };
  const rows = (from: number, length: number) => () =>
    pickBytes(pngRows(source, png, limits), { pixelBytes, from, length });
  const alphaShape = { ...common, channels: 1, colourSpace: colourSpace(1) };
  return {
    ...losslessStream({ ...common, channels: channels - 1, colourSpace: spaceOf(png) }, rows(0, colourBytes)),
    alpha: losslessStream(alphaShape, rows(colourBytes, sampleBytes)),
  };
}

function spaceOf(png: PngFile): ColourSpace {
  if (png.palette !== undefined) return indexedSpace(png.palette);
  return colourSpace(png.colourType === 0 || png.colourType === 4 ? 1 : 3, png.profile);
}

/** The one transparent colour as a colour key mask (ISO 32000-2, 8.9.6.4): a range of one value for each sample. */
function keyMask(transparency: Uint8Array, depth: number): string {
  const values: number[] = [];
  for (let at = 0; at < transparency.length; at += 2) {
    const value = ((transparency[at]! << 8) | transparency[at + 1]!) & (2 ** depth - 1);
    values.push(value, value);
  }
  return values.join(' ');
}

/** A palette's transparency, one byte a pixel. */
function paletteAlpha(source: ByteSource, png: PngFile, limits: ScanLimits): ImageStream {
  const { widthPx, heightPx, depth, transparency } = png;
  const [perByte, mask] = [8 / depth, 2 ** depth - 1];
  async function* rows(): AsyncGenerator<Uint8Array> {
    for await (const row of pngRows(source, png, limits)) {
      const alpha = new Uint8Array(widthPx);
      for (let x = 0; x < widthPx; x += 1) {
        const index = (row[Math.floor(x / perByte)]! >> (8 - depth * ((x % perByte) + 1))) & mask;
        alpha[x] = transparency?.[index] ?? 255;
      }
      yield alpha;
    }
  }
  return losslessStream({ widthPx, heightPx, depth: 8, channels: 1, colourSpace: colourSpace(1) }, rows);
}
