import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { hybridPdf, simpleObjects } from '../testing/pdf-maker.js';
import { open, refusal, sign } from '../testing/signing.js';
import { decodeAscii85, decodeAsciiHex, decodeLzw, decodeRunLength } from './byte-filters.js';

const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');
const text = (data: Buffer): string => data.toString('latin1');
const many = 1024 * 1024;

/** The codes of `data`, as long as a decoder needs them to be; cleared where the table is full. */
function encodeLzw(data: string, earlyChange: number): Buffer {
  let [bits, width] = ['', 9];
  let codes = new Map<string, number>();
  const put = (code: number): void => {
    bits += code.toString(2).padStart(width, '0');
  };
  const codeOf = (known: string): number => (known.length === 1 ? known.charCodeAt(0) : (codes.get(known) ?? 0));
  put(256);
  let known = '';
  for (const character of data) {
    if (known === '' || codes.has(known + character)) {
      known += character;
      continue;
    }
    put(codeOf(known));
    codes.set(known + character, 258 + codes.size);
    if (257 + codes.size + earlyChange >= 1 << width && width < 12) width += 1;
    if (codes.size === 4096 - 258 - 1) {
      put(256);
      codes = new Map();
      width = 9;
    }
    known = character;
  }
  put(codeOf(known));
  put(257);
  return Buffer.from((bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

function encodeAscii85(data: string): string {
  let encoded = '';
  for (let at = 0; at < data.length; at += 4) {
    const part = bytes(data.slice(at, at + 4));
    let value = Buffer.concat([part, Buffer.alloc(4)]).readUInt32BE();
    let digits = '';
    for (let digit = 0; digit < 5; digit += 1) {
      digits = String.fromCharCode(33 + (value % 85)) + digits;
      value = Math.floor(value / 85);
    }
    encoded += digits.slice(0, part.length + 1);
  }
  return `${encoded}~>`;
}

/** With a checksum that is wrong. */
function deflateBadly(data: string): string {
  const deflated = deflateSync(bytes(data));
  deflated.fill(0, deflated.length - 4);
  return text(deflated);
}

describe('filters of bytes', () => {
  it('decode hexadecimal digits and those of base 85, whatever white space is between', () => {
    expect(text(decodeAsciiHex(bytes('48 65\n6C6c6F7>rest')))).toBe('Hellop');
    expect(text(decodeAscii85(bytes('87cUR\nD]i,"Ebo80~>rest')))).toBe('Hello World!');
    expect(text(decodeAscii85(bytes('z87cURDZ~>')))).toBe('\0\0\0\0Hello');
    expect(() => decodeAsciiHex(bytes('4x'))).toThrow('hexadecimal');
    expect(() => decodeAscii85(bytes('uuuuu'))).toThrow('base 85');
  });

  it('decode runs, and stop where the runs are an attack', () => {
    expect(text(decodeRunLength(Buffer.from([2, 97, 98, 99, 254, 120, 128, 0, 0]), many))).toBe('abcxxx');
    expect(() => decodeRunLength(Buffer.alloc(20_000, 129), many)).toThrow('at most');
  });

  it('decode LZW: the example of ISO 32000-2, 7.4.4.2, long data, both ways of changing the width', () => {
    const example = Buffer.from('800B6050220C0C8501', 'hex');
    expect(decodeLzw(example, 1, many).toString('hex')).toBe('2d2d2d2d2d412d2d2d42');
    const long = Array.from({ length: 30_000 }, (_, index) => String.fromCharCode((index * index * 7) % 251)).join('');
    for (const earlyChange of [0, 1]) {
      expect(text(decodeLzw(encodeLzw(long, earlyChange), earlyChange, many)) === long).toBe(true);
    }
    expect(() => decodeLzw(encodeLzw('a'.repeat(200_000), 1), 1, 100_000)).toThrow('at most');
    expect(() => decodeLzw(Buffer.from([0xff, 0xff, 0xff]), 1, many)).toThrow('an LZW code');
  });
});

describe('object streams', () => {
  const encodings: Readonly<Record<string, (data: string) => string>> = {
    '/Filter /ASCIIHexDecode': (data) => `${bytes(data).toString('hex')}>`,
    '/Filter [/ASCII85Decode /LZWDecode]': (data) => encodeAscii85(text(encodeLzw(data, 1))),
    '/Filter [/A85 /Fl]': (data) => encodeAscii85(text(deflateSync(bytes(data)))),
    '/Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>': (data) => text(encodeLzw(data, 0)),
    '/Filter /RL': (data) => data.replaceAll(/[^]/g, '\0$&'),
  };

  it.each(Object.keys(encodings))('are read with %s', async (filter) => {
    const pdf = hybridPdf(simpleObjects({ count: 2 }), [1, 3], filter, encodings[filter]);
    const document = await open(pdf);
    expect(await document.pageCount()).toBe(2);
    expect(document.repaired).toBeUndefined();
    await expect(sign(pdf)).resolves.toBeDefined();
  });

  it('are refused with filters of images, and with more filters than a writer has use for', async () => {
    const objects = simpleObjects();
    for (const [filter, code] of [
      ['/DCTDecode', 'DAMAGED'],
      [`[${'/ASCIIHexDecode '.repeat(9)}]`, 'LIMIT_EXCEEDED'],
    ]) {
      const pdf = hybridPdf(objects, [1, 3], `/Filter ${filter}`);
      expect(await refusal(open(pdf).then((document) => document.assertSignable()))).toBe(code);
    }
  });

  it('with an error in their deflated data are read as far as they go, in a file that is repaired only', async () => {
    const pdf = hybridPdf(simpleObjects({ count: 2 }), [1, 3], '/Filter /FlateDecode', deflateBadly);
    const document = await open(pdf);
    expect(await document.pageCount()).toBe(2);
    expect(document.repaired?.reason).toContain('deflated data');
  });
});
