import type { Certificate } from '@kyso/cms';
import { describe, expect, it } from '@jest/globals';
import { fillLine, vietnamTime } from './fill-line.js';

const certificate = {
  commonName: 'Nguyễn Văn An',
  organisation: 'UBND tỉnh',
  email: undefined,
} as unknown as Certificate;

describe('a line of an appearance', () => {
  it('states the time in Vietnam, whatever the zone of this machine', () => {
    expect(vietnamTime(new Date('2026-11-22T18:30:05Z'))).toBe('23-11-2026 01:30:05 +07:00');
  });

  it('is filled from the certificate, with nothing for what it does not state', () => {
    const at = new Date('2026-01-02T03:04:05Z');
    expect(fillLine('Người ký: {signerName}, {organisationName} {email}', certificate, at)).toBe(
      'Người ký: Nguyễn Văn An, UBND tỉnh ',
    );
    expect(fillLine('{signingTime} {other} {', certificate, at)).toBe('02-01-2026 10:04:05 +07:00 {other} {');
  });

  it('does not fill in what a name brings along', () => {
    const hostile = { ...certificate, commonName: '{email} $& {signingTime}' };
    expect(fillLine('{signerName}', hostile, new Date())).toBe('{email} $& {signingTime}');
  });
});
