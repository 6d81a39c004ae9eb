import { describe, expect, it } from '@jest/globals';
import { fillLine, vietnamTime, type LineFacts } from './fill-line.js';

const facts: LineFacts = {
  certificate: { commonName: 'Nguyễn Văn An', organisation: 'UBND tỉnh' },
  signingTime: new Date('2026-01-02T03:04:05Z'),
};

describe('a line of an appearance', () => {
  it('states the time in Vietnam, whatever the zone of this machine', () => {
    expect(vietnamTime(new Date('2026-11-22T18:30:05Z'))).toBe('23-11-2026 01:30:05 +07:00');
  });

  it('is filled from the certificate, with nothing for what it does not state', () => {
    expect(fillLine('Người ký: {signerName}, {organisationName} {email}', facts)).toBe(
      'Người ký: Nguyễn Văn An, UBND tỉnh ',
    );
    expect(fillLine('{signingTime} {other} {', facts)).toBe('02-01-2026 10:04:05 +07:00 {other} {');
  });

  it('does not fill in what a value brings along', () => {
    const hostile = { ...facts, certificate: { ...facts.certificate, commonName: '{email} $& {signingTime}' } };
    expect(fillLine('{signerName}', hostile)).toBe('{email} $& {signingTime}');
    expect(fillLine('{note}', { ...facts, note: '{signerName}' })).toBe('{signerName}');
  });

  it.each([
    ['2026-02-05', 'ngày 05 tháng 02 năm 2026', '05-02-2026'],
    ['2026-11-22', 'ngày 22 tháng 11 năm 2026', '22-11-2026'],
    ['2026-03-01', 'ngày 01 tháng 3 năm 2026', '01-03-2026'],
  ])('writes the date %s as the decree does', (date, words, digits) => {
    expect(fillLine('ngày {day} tháng {month} năm {year}', { ...facts, date })).toBe(words);
    expect(fillLine('{date}', { ...facts, date })).toBe(digits);
  });

  it('holds number and symbol as they are given', () => {
    expect(fillLine('Số: {number}', { ...facts, number: '05/QĐ-UBND' })).toBe('Số: 05/QĐ-UBND');
    expect(fillLine('{serial}', { ...facts, number: '05/QĐ-UBND' })).toBe('05');
    expect(fillLine('{serial}', { ...facts, number: '123a-QĐ/TU' })).toBe('123a');
    expect(fillLine('{number}|{serial}|{date}|{day}|{note}', facts)).toBe('||||');
  });
});
