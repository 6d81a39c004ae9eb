import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PdfError } from '../errors.js';
import type { FontStyle } from '../types.js';

/** The vendored files and their SHA-256, printed by scripts/make-font-subset.mjs. */
const vendored = {
  upright: {
    name: 'KysoSerif-Regular',
    fontSha256: 'a389deec673de3ec0d2e9ec6bb525d5b68deca0d113a10326c37967cd07d9025',
    metricsSha256: '9b606941035024fa75b595f7a2b76c70f6694476269d3e190cd594e544dd9782',
  },
  italic: {
    name: 'KysoSerif-Italic',
    fontSha256: '4d8a4b7be5cd18a1500baa64f86755c44b7a3e49a074cc902c6afe0f6befe5d8',
    metricsSha256: 'ef43370398d4d11552ba589167ad3097bdb2c702f5b71c3cf114bf94a7c0aa56',
  },
} as const satisfies Record<FontStyle, object>;

interface FontMetrics {
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
  /** xMin, yMin, xMax, yMax over all glyphs. */
  readonly boundingBox: readonly [number, number, number, number];
  /** Code point, glyph id, advance width; sorted by code point. */
  readonly glyphs: readonly (readonly [number, number, number])[];
}

export interface Glyph {
  readonly codePoint: number;
  /** Also the CID: the font is embedded with Identity-H and an identity CIDToGIDMap. */
  readonly id: number;
  /** In 1/1000 of the font size, as /W states it, so that what is measured here is what a viewer draws. */
  readonly width: number;
  /** The glyph id as four hexadecimal digits, as it stands in a content stream. */
  readonly hex: string;
}

/** A piece of text without a line break, measured once, drawn at any size. */
export interface TextRun {
  /** At size 1,000; kerning is not applied. */
  readonly width: number;
  /** Hexadecimal glyph ids for the operator Tj. */
  readonly hex: string;
}

/** A vendored font (Kyso Serif: a subset of Liberation Serif 2.1.5 with all Vietnamese letters). */
export class Font {
  /** TrueType. */
  readonly file: Uint8Array;
  /** Vertical measures in 1/1000 of the font size; the bounding box holds every glyph, stacked accents too. */
  readonly measures: {
    readonly ascent: number;
    readonly descent: number;
    readonly capHeight: number;
    readonly boundingBox: readonly [number, number, number, number];
  };
  /** Glyphs in the file: numGlyphs of its table maxp (OpenType 1.9, maxp). */
  readonly glyphCount: number;
  /** Every character of the font, by code point. */
  readonly glyphs: ReadonlyMap<number, Glyph>;
  /** The width of a space at size 1,000. */
  readonly space: TextRun;
  /** The same by UTF-16 code unit, of which every glyph here has just one: an array is read faster than the map. */
  private readonly glyphByCodeUnit: readonly (Glyph | undefined)[];

  constructor(readonly style: FontStyle) {
    const { name, fontSha256, metricsSha256 } = vendored[style];
    this.file = readPinned(`${name}.ttf`, fontSha256);
    const metrics = JSON.parse(readPinned(`${name}.json`, metricsSha256).toString('utf8')) as FontMetrics;
    const perMille = (fontUnits: number): number => Math.round((fontUnits * 1000) / metrics.unitsPerEm);
    this.measures = {
      ascent: perMille(metrics.ascent),
      descent: perMille(metrics.descent),
      capHeight: perMille(metrics.capHeight),
      boundingBox: metrics.boundingBox.map(perMille) as [number, number, number, number],
    };
    this.glyphCount = readGlyphCount(this.file);
    this.glyphs = new Map(
      metrics.glyphs.map(([codePoint, id, advance]) => [
        codePoint,
        { codePoint, id, width: perMille(advance), hex: id.toString(16).padStart(4, '0') },
      ]),
    );
    this.glyphByCodeUnit = Array.from({ length: Math.max(...this.glyphs.keys()) + 1 }, (_, codeUnit) =>
      this.glyphs.get(codeUnit),
    );
    this.space = this.textRun(' ');
  }

  /**
   * Measures and encodes `text`, which is NFC-normalised first, so that decomposed Vietnamese finds its precomposed glyph and
   * is extracted composed.
   *
   * @throws PdfError `TEXT_NOT_DRAWABLE`, naming the first character that the font lacks.
   */
  textRun(text: string): TextRun {
    const normalised = text.normalize('NFC');
    let width = 0;
    let hex = '';
    for (let index = 0; index < normalised.length; index++) {
      const glyph = this.glyphByCodeUnit[normalised.charCodeAt(index)];
      if (glyph === undefined) throw notDrawable(normalised.codePointAt(index) ?? 0);
      width += glyph.width;
      hex += glyph.hex;
    }
    return { width, hex };
  }
}

/** Both when the process starts: it fails there rather than draw official text with a font that nobody has checked. */
const fonts: Readonly<Record<FontStyle, Font>> = { upright: new Font('upright'), italic: new Font('italic') };

/** Default upright. */
export function fontOf(style: FontStyle = 'upright'): Font {
  return fonts[style];
}

/**
 * Throws PdfError `TEXT_NOT_DRAWABLE`, naming the character, when the embedded fonts lack a glyph (text is NFC-normalised
 * first). Both have the same characters.
 */
export function assertDrawable(text: string): void {
  fontOf().textRun(text);
}

/** A viewer would draw an empty box or nothing: the reader of a signed page would see another text than was signed. */
function notDrawable(codePoint: number): PdfError {
  const character = String.fromCodePoint(codePoint);
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  // Controls, format characters and lone surrogates would garble logs and answers.
  const shown = /[\p{C}\p{M}\p{Z}]/u.test(character) ? '' : ` (${character})`;
  return new PdfError('TEXT_NOT_DRAWABLE', 'characters of Vietnamese and Western European languages', name + shown);
}

function readPinned(fileName: string, sha256: string): Buffer {
  const bytes = readFileSync(new URL(`../../fonts/${fileName}`, import.meta.url));
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${fileName}: expected SHA-256 ${sha256}, found ${found}`);
  return bytes;
}

function readGlyphCount(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let table = 0; table < view.getUint16(4); table++) {
    const entry = 12 + table * 16;
    if (view.getUint32(entry) === 0x6d617870) return view.getUint16(view.getUint32(entry + 8) + 4);
  }
  throw new Error('the vendored font has no table maxp');
}
