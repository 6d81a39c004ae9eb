import { describe, expect, it } from '@jest/globals';
import { formatDate, parseDate } from './dates.js';
import { decodeHexString, decodeText, encodeText } from './strings.js';

describe('text strings', () => {
  it('writes ASCII as a literal with its parentheses escaped', () => {
    expect(encodeText('a (b) \\c')).toBe('(a \\(b\\) \\\\c)');
  });

  it.each(['Nguyễn Văn Ánh', 'Ủy ban nhân dân tỉnh Hưng Yên', '₫', '𝕂', 'a\nb'])(
    'writes %s so that it reads back',
    (text) => {
      const written = encodeText(text);
      expect(written).toMatch(/^<FEFF[0-9A-F]+>$/);
      expect(decodeText(decodeHexString(Buffer.from(written)))).toBe(text);
    },
  );

  it('reads PDFDocEncoding, UTF-16BE and UTF-8', () => {
    expect(decodeText(Buffer.from('41a092', 'hex'))).toBe('A€™');
    expect(decodeText(Buffer.from('feff00411ea4', 'hex'))).toBe('AẤ');
    expect(decodeText(Buffer.from('efbbbfe1baa4', 'hex'))).toBe('Ấ');
  });
});

describe('dates', () => {
  it('are written in the zone of Vietnam', () => {
    expect(formatDate(new Date('2026-12-31T18:00:05.900Z'))).toBe("D:20270101010005+07'00'");
  });

  it.each([
    ["D:20261122181200+07'00'", '2026-11-22T11:12:00.000Z'],
    ["D:20261122181200+07'00", '2026-11-22T11:12:00.000Z'],
    ['D:20261122181200Z', '2026-11-22T18:12:00.000Z'],
    ["D:20261122181200-05'30'", '2026-11-22T23:42:00.000Z'],
    ['D:2026', '2026-01-01T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseDate(text)?.toISOString()).toBe(expected);
  });

  it('reads nothing from what is no date', () => {
    expect(parseDate('yesterday')).toBeUndefined();
    expect(parseDate('D:20269999')).toBeUndefined();
  });
});
