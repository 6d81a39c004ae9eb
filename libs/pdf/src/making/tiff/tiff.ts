import { imageInvalid } from '../../errors.js';
import type { ByteSource } from '../../byte-source.js';
import { bufferSource, concatSource } from '../../sources.js';
import { colourSpace } from '../colour.js';
import { jpegStream, readJpeg } from '../jpeg.js';
import { type ScanLimits } from '../limits.js';
import { losslessStream, pickBytes } from '../samples.js';
import { orientationOf, type ImageStream, type PagePart, type ScanPage } from '../scan-page.js';
import { bytesOf, readExactly, SliceSource } from '../streams.js';
import { bitsReversed } from './decompress.js';
import { readIfd, type Tags } from './ifd.js';
import { readLayout } from './layout.js';
import { resolutionOf } from './resolution.js';
import { tiffRows, type TiffData } from './rows.js';

/**
 * The pages of a TIFF (TIFF 6.0 and BigTIFF), directory by directory; thumbnails and masks are passed over. CCITT data of one
 * strip and JPEG data go into the PDF as they are, everything else is taken apart and deflated, at its full depth.
 * Throws PdfError IMAGE_INVALID, LIMIT_EXCEEDED.
 */
export async function* tiffPages(source: ByteSource, limits: ScanLimits): AsyncGenerator<ScanPage> {
  const seen = new Set<number>();
  let pages = 0;
  for (let offset: number | undefined; offset !== 0;) {
    const { tags, nextOffset } = await readIfd(source, offset, limits);
    if (((await tags.number(254)) ?? 0) % 2 === 0 && (((await tags.number(254)) ?? 0) & 4) === 0) {
      yield await tiffPage(source, tags, limits);
      pages += 1;
    }
    // Directories that lead back make a chain without an end.
    if (seen.has(nextOffset)) throw imageInvalid('directories that come once', `another way to ${nextOffset}`);
    if (seen.size >= limits.maxPages) throw imageInvalid(`at most ${limits.maxPages} directories`, 'more');
    seen.add(nextOffset);
    offset = nextOffset;
  }
  if (pages === 0) throw imageInvalid('a page', 'thumbnails and masks only');
}

async function tiffPage(source: ByteSource, tags: Tags, limits: ScanLimits): Promise<ScanPage> {
  const layout = await readLayout(tags, limits);
  const { widthPx, heightPx, compression } = layout;
  const t4Options = (await tags.number(292)) ?? 0;
  const data: TiffData = { source, layout, t4Options, limits };
  const resolution = await resolutionOf(tags);
  const isCcitt = compression >= 2 && compression <= 4;
  const parts =
    compression === 7
      ? await jpegParts(data, await tags.bytes(347))
      : whole(isCcitt && layout.segments.length === 1 && !layout.tiled ? ccittStream(data) : rowsStream(data));
  return {
    widthPx,
    heightPx,
    ...(resolution && { resolution }),
    orientation: orientationOf(await tags.number(274)),
    parts,
  };
}

const whiteIsZero = '/Decode[1 0]';

function whole(image: ImageStream): PagePart[] {
  return [{ leftPx: 0, topPx: 0, image }];
}

function rowsStream(data: TiffData): ImageStream {
  const { widthPx, heightPx, depth, samples, colours, alpha, photometric } = data.layout;
  const shape = { widthPx, heightPx, depth, channels: colours, colourSpace: data.layout.colourSpace };
  const [pixelBytes, colourBytes] = [(samples * depth) / 8, (colours * depth) / 8];
  const rows = (): AsyncIterable<Uint8Array> =>
    samples === colours ? tiffRows(data) : pickBytes(tiffRows(data), { pixelBytes, from: 0, length: colourBytes });
  const stream = losslessStream(shape, rows);

  const inverted = photometric === 0;
  const entries = stream.entries + (inverted ? whiteIsZero : '');
  if (alpha === undefined) return { ...stream, entries };
  const alphaShape = { widthPx, heightPx, depth, channels: 1, colourSpace: colourSpace(1) };
  const mask = losslessStream(alphaShape, () =>
    pickBytes(tiffRows(data), { pixelBytes, from: colourBytes, length: depth / 8 }),
  );
  // Colours that were multiplied with alpha were so against black (ISO 32000-2, 11.6.5.2).
  const matte = alpha === 1 ? `/Matte[${Array.from({ length: colours }, () => 0).join(' ')}]` : '';
  return { ...stream, entries, alpha: { ...mask, entries: mask.entries + matte } };
}

/** One strip of T.4 or T.6 data as CCITTFaxDecode takes it (ISO 32000-2, 7.4.6). */
function ccittStream({ source, layout, t4Options }: TiffData): ImageStream {
  const { widthPx, heightPx, compression, photometric, reversedBits, colourSpace: space } = layout;
  const [segment] = layout.segments;
  if (segment === undefined) throw imageInvalid('a strip', 'none');
  const { offset, length } = segment;
  if (length === 0 || offset + length > source.size) {
    throw imageInvalid(`${length} bytes at ${offset}`, `a file of ${source.size} bytes`);
  }
  const k = compression === 4 ? -1 : compression === 3 && (t4Options & 1) === 1 ? 1 : 0;
  const parameters =
    `/K ${k}/Columns ${widthPx}/Rows ${heightPx}` +
    (compression === 2 ? '/EncodedByteAlign true' : '') +
    (compression === 3 ? '/EndOfLine true' : '') +
    (compression === 4 ? '' : '/EndOfBlock false') +
    (photometric === 1 ? '/BlackIs1 true' : '');
  const bytes = (): AsyncIterable<Uint8Array> => bytesOf(source, offset, offset + length);
  return {
    widthPx,
    heightPx,
    depth: 1,
    colourSpace: space,
    entries: `/Filter/CCITTFaxDecode/DecodeParms<<${parameters}>>`,
    data: { length, chunks: () => (reversedBits ? bitsReversed(bytes()) : bytes()) },
  };
}

/** Each strip or tile is a JPEG of its own (TIFF technical note 2), with the tables that they share put in front. */
async function jpegParts({ source, layout, limits }: TiffData, tables: Buffer | undefined): Promise<PagePart[]> {
  if (layout.planar || layout.depth !== 8 || layout.samples !== layout.colours || layout.photometric === 3) {
    throw imageInvalid('JPEG data of 8 bits, pixel by pixel', `${layout.samples} samples of ${layout.depth} bits`);
  }
  const parts: PagePart[] = [];
  for (const [index, { offset, length }] of layout.segments.entries()) {
    const topPx = Math.floor(index / layout.columns) * layout.segmentHeightPx;
    const leftPx = (index % layout.columns) * layout.segmentWidthPx;
    const jpeg = await withTables(source, { offset, length }, tables);
    const facts = await readJpeg(jpeg, limits);
    const expectedHeight = layout.tiled
      ? layout.segmentHeightPx
      : Math.min(layout.segmentHeightPx, layout.heightPx - topPx);
    if (
      facts.widthPx !== layout.segmentWidthPx ||
      facts.heightPx < expectedHeight ||
      facts.channels !== layout.colours
    ) {
      throw imageInvalid(
        `a JPEG of ${layout.segmentWidthPx} × ${expectedHeight} pixels, ${layout.colours} components`,
        `${facts.widthPx} × ${facts.heightPx}, ${facts.channels}`,
      );
    }
    const image = jpegStream(jpeg, facts, layout.photometric === 6);
    const inverted = layout.photometric === 0 ? whiteIsZero : '';
    parts.push({
      leftPx,
      topPx,
      image: { ...image, colourSpace: layout.colourSpace, entries: image.entries + inverted },
    });
  }
  return parts;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

async function withTables(source: ByteSource, { offset, length }: Span, tables?: Buffer): Promise<ByteSource> {
  if (length < 4 || offset + length > source.size) {
    throw imageInvalid(`${length} bytes at ${offset}`, `a file of ${source.size} bytes`);
  }
  const segment = new SliceSource(source, offset, length);
  if (tables === undefined) return segment;
  const ends =
    tables.length >= 4 && tables.readUInt16BE(0) === 0xffd8 && tables.readUInt16BE(tables.length - 2) === 0xffd9;
  if (!ends) throw imageInvalid('tables between SOI and EOI', 'other bytes');
  if ((await readExactly(segment, 0, 2)).readUInt16BE(0) !== 0xffd8) throw imageInvalid('a JPEG', 'other bytes');
  return concatSource(bufferSource(tables.subarray(0, -2)), new SliceSource(source, offset + 2, length - 2));
}
