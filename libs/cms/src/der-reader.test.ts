import { describe, expect, it } from '@jest/globals';
import { toDefiniteLengths } from './definite-lengths.js';
import { INTEGER, OCTET_STRING, SEQUENCE } from './der-tags.js';
import { DerReader, MAX_DEPTH } from './der-reader.js';
import { integer, objectIdentifier, octetString, sequence, setOf, tlv, unsignedInteger } from './der-writer.js';
import { codeOf, thrownBy } from './testing/truncation.js';
import { readGeneralizedTime, readTime } from './time.js';
import { CmsError } from './errors.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('the DER writer', () => {
  it.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_535, '0482ffff'],
    [65_536, '0483010000'],
    [2 ** 24, '048401000000'],
  ])('writes the length %d in the fewest octets', (length, header) => {
    expect(hex(tlv(OCTET_STRING, new Uint8Array(length)).subarray(0, header.length / 2))).toBe(header);
  });

  it.each([
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [256, '02020100'],
    [0xffn, '020200ff'],
    [2n ** 64n, '0209010000000000000000'],
  ])('writes INTEGER %d', (value, expected) => {
    expect(hex(integer(value))).toBe(expected);
    expect(new DerReader(integer(value), 'test').unsigned(20)).toBe(BigInt(value));
  });

  it('writes unsigned numbers without needless zeros', () => {
    expect(hex(unsignedInteger(bytes('0000 80')))).toBe('02020080');
    expect(hex(unsignedInteger(bytes('0000')))).toBe('020100');
    expect(hex(unsignedInteger(new Uint8Array()))).toBe('020100');
  });

  it('sorts a SET OF by encoding', () => {
    expect(hex(setOf(octetString(bytes('02')), integer(1), octetString(bytes('01'))))).toBe('3109020101040101040102');
  });

  it.each([
    '1.2.840.113549.1.7.2',
    '2.16.840.1.101.3.4.2.1',
    '2.999.3',
    '0.9.2342.19200300.100.1.1',
    '1.39.4294967296',
  ])('writes and reads %s', (oid) => {
    expect(new DerReader(objectIdentifier(oid), 'test').oid()).toBe(oid);
  });
});

const walk = (reader: DerReader): void => {
  while (!reader.done) {
    if (reader.peek() === SEQUENCE) walk(reader.enter(SEQUENCE));
    else reader.element();
  }
};
const readAll = (hexText: string): void => walk(new DerReader(bytes(hexText), 'test'));

describe('the DER reader', () => {
  it.each([
    ['nothing behind a tag', '30', 'MALFORMED'],
    ['content behind the end', '3005 0201', 'MALFORMED'],
    ['a length that leaves its parent', '3003 0205 01', 'MALFORMED'],
    ['a length of 4 GiB', '3084ffffffff', 'MALFORMED'],
    ['a length of 5 octets', '30850000000001 00', 'MALFORMED'],
    ['cut length octets', '3082 01', 'MALFORMED'],
    ['a long length that would fit in one octet', '30817f', 'MALFORMED'],
    ['a length with a leading zero', '3082 0080', 'MALFORMED'],
    ['an indefinite length', '3080 0000', 'UNSUPPORTED'],
    ['a high tag number', '1f8101 00', 'UNSUPPORTED'],
  ])('refuses %s', (_name, hexText, code) => {
    expect(codeOf(() => readAll(hexText))).toBe(code);
  });

  it('refuses nesting that would exhaust the stack', () => {
    let bomb: Uint8Array = sequence();
    for (let depth = 0; depth <= MAX_DEPTH; depth++) bomb = sequence(bomb);
    expect(codeOf(() => readAll(hex(bomb)))).toBe('LIMIT_EXCEEDED');
  });

  it.each([
    ['an empty INTEGER', '0200'],
    ['a padded INTEGER', '02020001'],
    ['a padded negative INTEGER', '0202ff80'],
    ['a negative INTEGER', '0201ff'],
  ])('refuses %s where a number is asked for', (_name, hexText) => {
    expect(codeOf(() => new DerReader(bytes(hexText), 'test').unsigned(4))).toBe('MALFORMED');
  });

  it('refuses numbers that are too long', () => {
    expect(codeOf(() => new DerReader(integer(2n ** 40n), 'test').unsigned(4))).toBe('LIMIT_EXCEEDED');
    expect(codeOf(() => new DerReader(integer(2 ** 31), 'test').smallUnsigned())).toBe('MALFORMED');
  });

  it.each([
    ['a BOOLEAN of 01', '010101'],
    ['a BOOLEAN of two octets', '0102ffff'],
  ])('refuses %s', (_name, hexText) => {
    expect(codeOf(() => new DerReader(bytes(hexText), 'test').boolean())).toBe('MALFORMED');
  });

  it.each([
    ['an empty OBJECT IDENTIFIER', '0600', 'MALFORMED'],
    ['a cut one', '0602 2a86', 'MALFORMED'],
    ['a padded arc', '0603 2a8001', 'MALFORMED'],
    ['an endless arc', `0615 2a${'81'.repeat(19)}01`, 'LIMIT_EXCEEDED'],
    ['too many arcs', `068181 ${'01'.repeat(129)}`, 'LIMIT_EXCEEDED'],
  ])('refuses %s', (_name, hexText, code) => {
    expect(codeOf(() => new DerReader(bytes(hexText), 'test').oid())).toBe(code);
  });

  it('refuses a BIT STRING with unused bits where octets are meant', () => {
    expect(codeOf(() => new DerReader(bytes('030201ff'), 'test').wholeBits(3))).toBe('MALFORMED');
    expect(codeOf(() => new DerReader(bytes('0300'), 'test').wholeBits(3))).toBe('MALFORMED');
  });

  it('refuses trailing bytes and another tag than the one asked for', () => {
    expect(codeOf(() => DerReader.of(bytes('3000 00'), SEQUENCE, 'test'))).toBe('MALFORMED');
    expect(codeOf(() => new DerReader(bytes('0400'), 'test').content(INTEGER))).toBe('MALFORMED');
    expect(codeOf(() => new DerReader(new Uint8Array(), 'test').element())).toBe('MALFORMED');
  });

  it('answers any bytes with a value or a CmsError', () => {
    let state = 1;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
    for (let round = 0; round < 20_000; round++) {
      const noise = Buffer.from(Array.from({ length: random() % 24 }, () => (random() % 3 ? random() : 0x30) & 0xff));
      for (const action of [() => readAll(noise.toString('hex')), () => toDefiniteLengths(noise)]) {
        const error = thrownBy(action);
        if (error !== undefined && !(error instanceof CmsError)) throw error;
      }
    }
  });
});

const utc = (text: string): Date => readTime(new DerReader(tlv(0x17, Buffer.from(text)), 'test'));

const generalized = (text: string): Date => readGeneralizedTime(new DerReader(tlv(0x18, Buffer.from(text)), 'test'));

describe('times', () => {
  it('in two digits are of 1950 to 2049', () => {
    expect(utc('500101000000Z').toISOString()).toBe('1950-01-01T00:00:00.000Z');
    expect(utc('491231235959Z').toISOString()).toBe('2049-12-31T23:59:59.000Z');
  });

  it('may have fractions and any year', () => {
    expect(generalized('20261122101112.5Z').toISOString()).toBe('2026-11-22T10:11:12.500Z');
    expect(generalized('20261122101112.123456Z').toISOString()).toBe('2026-11-22T10:11:12.123Z');
    expect(generalized('99991231235959Z').getUTCFullYear()).toBe(9999);
    expect(generalized('00500101000000Z').getUTCFullYear()).toBe(50);
  });

  it.each([
    '20260230000000Z',
    '20261301000000Z',
    '20260101240000Z',
    '20260101006000Z',
    '20260101000060Z',
    '2026',
    '20260101000000+0700',
  ])('that do not exist are refused: %s', (text) => {
    expect(codeOf(() => generalized(text))).toBe('MALFORMED');
  });
});

describe('BER with indefinite lengths', () => {
  it('becomes DER, segments of strings put together', () => {
    expect(hex(toDefiniteLengths(bytes('3080 020105 2480 040101 04020203 0000 0000')))).toBe(
      '3008020105 0403010203'.replace(' ', ''),
    );
  });

  it('may be followed by the zeros of /Contents, and by nothing else', () => {
    expect(hex(toDefiniteLengths(bytes('3080 0000 000000')))).toBe('3000');
    expect(codeOf(() => toDefiniteLengths(bytes('3080 0000 0001')))).toBe('MALFORMED');
  });

  it.each([
    ['without an end', '3080 020105', 'MALFORMED'],
    ['on a primitive', '0480 0000', 'MALFORMED'],
    ['around segments of another type', '2480 020105 0000', 'MALFORMED'],
    ['with a high tag number', '3080 1f8101 00 0000', 'UNSUPPORTED'],
    ['nested without end', '3080'.repeat(10_000), 'LIMIT_EXCEEDED'],
    ['of a value that is too long', '3080 0484ffffffff 0000', 'MALFORMED'],
  ])('is refused %s', (_name, hexText, code) => {
    expect(codeOf(() => toDefiniteLengths(bytes(hexText)))).toBe(code);
  });

  it('may have many segments', () => {
    const segments = Buffer.concat([bytes('2480'), Buffer.alloc(3 * 99_000, bytes('040141')), bytes('0000')]);
    expect(toDefiniteLengths(segments)).toHaveLength(99_000 + 5);
  });

  it('is refused with more values than anybody needs', () => {
    const many = Buffer.concat([bytes('3080'), Buffer.alloc(300_000, bytes('0500')), bytes('0000')]);
    expect(codeOf(() => toDefiniteLengths(many))).toBe('LIMIT_EXCEEDED');
  });
});
