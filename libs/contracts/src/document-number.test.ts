import { describe, expect, it } from '@jest/globals';
import { assertDocumentDate, parseDocumentNumber, vietnamDate } from './document-number.js';

describe('number and symbol of a document', () => {
  it.each([
    ['123/QĐ-UBND', '123/QĐ-UBND', '123/QĐ-UBND'],
    ['5/QĐ-UBND', '05/QĐ-UBND', '5/QĐ-UBND'],
    ['005/qđ-ubnd', '05/QĐ-UBND', '5/QĐ-UBND'],
    ['15/2026/QĐ-UBND', '15/2026/QĐ-UBND', '15/2026/QĐ-UBND'],
    ['12-QĐ/TU', '12-QĐ/TU', '12-QĐ/TU'],
    [' 7 / TB - VP ', '07/TB-VP', '7/TB-VP'],
    ['123A/BC-STP', '123a/BC-STP', '123a/BC-STP'],
    ['1024/UBND-KSTTHC', '1024/UBND-KSTTHC', '1024/UBND-KSTTHC'],
    ['8/NQ-HĐND'.normalize('NFD'), '08/NQ-HĐND', '8/NQ-HĐND'],
  ])('%j is written %j', (written, text, key) => {
    expect(parseDocumentNumber(written)).toEqual({ text, key });
  });

  it.each([
    '',
    '123',
    'QĐ-UBND',
    '0/QĐ-UBND',
    '123/',
    '12/34',
    '1234567/QĐ',
    '12/QĐ\n-UBND',
    '12/{signerName}',
    '12/QĐ—UBND',
    `1/${'A'.repeat(40)}`,
  ])('refuses %j', (written) => {
    expect(() => parseDocumentNumber(written)).toThrow(expect.objectContaining({ code: 'NUMBER_INVALID' }));
  });
});

describe('the date of a document', () => {
  const late = new Date('2026-11-22T17:30:00Z');

  it('is a day in Vietnam', () => {
    expect(vietnamDate(late)).toBe('2026-11-23');
    expect(vietnamDate(new Date('2026-11-22T16:59:59Z'))).toBe('2026-11-22');
  });

  it('is not in the future', () => {
    assertDocumentDate('2026-11-23', late);
    assertDocumentDate('2026-02-05', late);
    expect(() => assertDocumentDate('2026-11-24', late)).toThrow(
      expect.objectContaining({ code: 'DATE_INVALID', expected: 'a date until 2026-11-23', found: '2026-11-24' }),
    );
    expect(() => assertDocumentDate('0001-01-01', late)).toThrow(expect.objectContaining({ code: 'DATE_INVALID' }));
  });
});
