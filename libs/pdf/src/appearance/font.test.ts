import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fontkit from '@pdf-lib/fontkit';
import { PdfError } from '../errors.js';
import { assertDrawable, fontOf } from './font.js';

const { file: fontFile, glyphs } = fontOf();
const textRun = (text: string) => fontOf().textRun(text);

const vowels = 'a ă â e ê i o ô ơ u ư y'.split(' ');
const tones = ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323'];
const vietnamese = [...vowels.flatMap((vowel) => tones.map((tone) => (vowel + tone).normalize('NFC'))), 'đ'];

describe('the embedded font', () => {
  it('draws every Vietnamese vowel with every tone, and đ, in both cases', () => {
    const all = vietnamese.flatMap((letter) => [letter, letter.toUpperCase()]);
    expect(all.every((letter) => letter.length === 1)).toBe(true);
    expect(new Set(all).size).toBe(146);
    for (const letter of all) expect(() => assertDrawable(letter)).not.toThrow();
  });

  it('draws ASCII, Latin-1 letters and the punctuation of official papers', () => {
    for (let code = 0x20; code < 0x7f; code++) assertDrawable(String.fromCodePoint(code));
    assertDrawable('Àÿßéñ₫‘’“”–—…°№m²§');
  });

  it.each([
    ['upright', 'KysoSerif-Regular'],
    ['italic', 'KysoSerif-Italic'],
  ] as const)('has in style %s the glyphs and widths that fontkit reads from the file', (style, name) => {
    const { file, measures, glyphs: read } = fontOf(style);
    const font = fontkit.create(Buffer.from(file));
    expect(font.postscriptName).toBe(name);
    for (const { codePoint, id, width } of read.values()) {
      const glyph = font.glyphForCodePoint(codePoint);
      expect([codePoint, glyph.id, Math.round((glyph.advanceWidth * 1000) / font.unitsPerEm)]).toEqual([
        codePoint,
        id,
        width,
      ]);
      expect((glyph.bbox.maxY * 1000) / font.unitsPerEm).toBeLessThanOrEqual(measures.boundingBox[3] + 0.5);
    }
    // U+FFFF ends the table.
    expect(new Set(font.characterSet.filter((code) => code !== 0xffff))).toEqual(new Set(read.keys()));
    // What is drawable in one is drawable in the other.
    expect([...read.keys()]).toEqual([...glyphs.keys()]);
  });

  it('gives each character a glyph of its own, so that extracted text is unambiguous', () => {
    expect(new Set([...glyphs.values()].map(({ id }) => id)).size).toBe(glyphs.size);
  });

  it('bears no reserved font name (OFL, clause 3)', () => {
    const font = fontkit.create(Buffer.from(fontFile));
    expect(`${font.familyName} ${font.fullName} ${font.postscriptName}`).not.toMatch(/Liberation|Arimo|Tinos|Cousine/i);
    expect(createHash('sha256').update(fontFile).digest('hex')).toMatch(/^a389deec/);
  });
});

describe('text', () => {
  it('is the same composed and decomposed', () => {
    const composed = 'Uỷ ban nhân dân tỉnh Hưng Yên';
    expect(textRun(composed.normalize('NFD'))).toEqual(textRun(composed));
  });

  const refused: [string, string, string][] = [
    ['a line break', 'một\nhai', 'U+000A'],
    ['a tab', 'một\thai', 'U+0009'],
    ['a right-to-left override', 'abc\u202Edef', 'U+202E'],
    ['a zero-width space', 'a\u200Bb', 'U+200B'],
    ['a soft hyphen', 'a\u00ADb', 'U+00AD'],
    ['a combining mark without its letter', 'z\u0309', 'U+0309'],
    ['a Chinese character', 'ký 簽', 'U+7C3D (簽)'],
    ['an emoji', 'ký 😀', 'U+1F600 (😀)'],
    ['half of a surrogate pair', 'a\uD83D', 'U+D83D'],
    ['a Cyrillic letter that looks like a Latin one', 'Nguy\u0435n', 'U+0435 (е)'],
  ];
  it.each(refused)('is refused with %s, naming it', (_, text, found) => {
    expect(() => assertDrawable(text)).toThrow(
      new PdfError('TEXT_NOT_DRAWABLE', 'characters of Vietnamese and Western European languages', found),
    );
  });
});
