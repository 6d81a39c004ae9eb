import { deflateSync } from 'node:zlib';
import type { FontStyle } from '../types.js';
import { fontOf, type Font, type Glyph } from './font.js';
import type { AppearanceObject } from './pdf-syntax.js';
import { latin1 } from './pdf-syntax.js';

/** ISO 32000-2, 9.9.2: a subset's name starts with a tag of six letters. */
const baseFonts: Readonly<Record<FontStyle, string>> = {
  upright: '/KYSOVN+KysoSerif',
  italic: '/KYSOVN+KysoSerif-Italic',
};
/** Of table `post` of the source, in degrees. */
const italicAngles: Readonly<Record<FontStyle, number>> = { upright: 0, italic: -16 };
/** Serif, Nonsymbolic, and Italic (ISO 32000-2, table 121). */
const descriptorFlags: Readonly<Record<FontStyle, number>> = { upright: 34, italic: 98 };

interface EncodedStream {
  readonly entries: string;
  readonly data: Uint8Array;
}
interface FontBodies {
  readonly fontFile: EncodedStream;
  readonly toUnicode: EncodedStream;
  readonly cidSet: EncodedStream;
  readonly descriptor: Uint8Array;
  readonly cidFont: Uint8Array;
  readonly type0: Uint8Array;
}
const bodiesOf = new Map<FontStyle, FontBodies>();

/**
 * The six objects of the embedded font (ISO 32000-2, 9.7.4 and 9.7.6: Type0, Identity-H, CIDFontType2), about 18 kB.
 * Everything but the references is made once in the life of the process and shared by all documents.
 */
export function fontObjects(
  allocate: () => number,
  style: FontStyle = 'upright',
): { objects: AppearanceObject[]; fontRef: number } {
  const bodies = bodiesOf.get(style) ?? makeBodies(fontOf(style));
  bodiesOf.set(style, bodies);
  const [fontRef, cidFontRef, descriptorRef, fontFileRef, toUnicodeRef, cidSetRef] = [
    allocate(),
    allocate(),
    allocate(),
    allocate(),
    allocate(),
    allocate(),
  ];
  return {
    fontRef,
    objects: [
      {
        objectNumber: fontRef,
        body: [bodies.type0, latin1(`/DescendantFonts[${cidFontRef} 0 R]/ToUnicode ${toUnicodeRef} 0 R>>`)],
      },
      { objectNumber: cidFontRef, body: [bodies.cidFont, latin1(`/FontDescriptor ${descriptorRef} 0 R>>`)] },
      {
        objectNumber: descriptorRef,
        body: [bodies.descriptor, latin1(`/FontFile2 ${fontFileRef} 0 R/CIDSet ${cidSetRef} 0 R>>`)],
      },
      { objectNumber: fontFileRef, ...bodies.fontFile },
      { objectNumber: toUnicodeRef, ...bodies.toUnicode },
      { objectNumber: cidSetRef, ...bodies.cidSet },
    ],
  };
}

function makeBodies(font: Font): FontBodies {
  const { file, style } = font;
  const compressed = deflateSync(file, { level: 9 });
  const { ascent, descent, capHeight, boundingBox } = font.measures;
  const baseFont = baseFonts[style];
  return {
    fontFile: { entries: `/Length1 ${file.length}/Filter/FlateDecode`, data: compressed },
    toUnicode: { entries: '/Filter/FlateDecode', data: deflateSync(latin1(toUnicodeCMap(font)), { level: 9 }) },
    cidSet: { entries: '', data: cidSet(font) },
    // StemV of a regular weight.
    descriptor: latin1(
      `<</Type/FontDescriptor/FontName${baseFont}/Flags ${descriptorFlags[style]}/FontBBox[${boundingBox.join(' ')}]` +
        `/ItalicAngle ${italicAngles[style]}` +
        `/Ascent ${ascent}/Descent ${descent}/CapHeight ${capHeight}/StemV 80`,
    ),
    cidFont: latin1(
      `<</Type/Font/Subtype/CIDFontType2/BaseFont${baseFont}` +
        `/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 0/W${widths(font)}`,
    ),
    type0: latin1(`<</Type/Font/Subtype/Type0/BaseFont${baseFont}/Encoding/Identity-H`),
  };
}

/** ISO 32000-2, 9.7.4.3: `[first CID [widths…] …]`, one entry for each run of successive CIDs. */
function widths(font: Font): string {
  let array = '';
  let previous = -2;
  for (const { id, width } of byGlyphId(font)) {
    array += id === previous + 1 ? ` ${width}` : `${previous < 0 ? '' : ']'}${previous < 0 ? '' : ' '}${id}[${width}`;
    previous = id;
  }
  return `[${array}]]`;
}

/**
 * ISO 32000-1, 9.8.3.2: a bit for each CID in the font program, the highest one first; here a CID is a glyph id, and all are
 * there. PDF/A-1 demands it of subsets (ISO 19005-1, 6.3.5), PDF/A-2 and later that it is complete.
 */
function cidSet({ glyphCount }: Font): Uint8Array {
  const bits = new Uint8Array(Math.ceil(glyphCount / 8)).fill(0xff);
  const unused = bits.length * 8 - glyphCount;
  bits[bits.length - 1] = (0xff << unused) & 0xff;
  return bits;
}

/** ISO 32000-2, 9.10.3: maps each glyph back to its character, so that text can be searched, copied and read aloud. */
function toUnicodeCMap(font: Font): string {
  const mappings = byGlyphId(font).map(({ hex, codePoint }) => `<${hex}><${codePoint.toString(16).padStart(4, '0')}>`);
  const sections: string[] = [];
  // At most 100 mappings in one section (Adobe Technical Note #5014).
  for (let start = 0; start < mappings.length; start += 100) {
    const section = mappings.slice(start, start + 100);
    sections.push(`${section.length} beginbfchar\n${section.join('\n')}\nendbfchar`);
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><ffff>
endcodespacerange
${sections.join('\n')}
endcmap
CMapName currentdict /CMap defineresource pop
end
end`;
}

function byGlyphId({ glyphs }: Font): Glyph[] {
  return [...glyphs.values()].sort((a, b) => a.id - b.id);
}
