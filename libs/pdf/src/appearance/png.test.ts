import { readFileSync, readdirSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { PdfError } from '../errors.js';
import { inspectPng } from './png-chunks.js';
import { decodePng } from './png-pixels.js';

const vectors = new URL('../../src/appearance/png-vectors/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', vectors), 'utf8')) as Record<string, string>;
const vector = (name: string) => readFileSync(new URL(name, vectors));
const files = readdirSync(vectors).filter((name) => name.endsWith('.png'));

describe('a PNG', () => {
  it('has a vector for every expected result, and the other way round', () => {
    expect(files.toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  it.each(files)('is decoded as ImageMagick decodes it: %s', (name) => {
    const { channels, colour, alpha, widthPx, heightPx } = decodePng(vector(name));
    const rgba = Buffer.alloc(widthPx * heightPx * 4);
    for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
      for (let c = 0; c < 3; c++) rgba[4 * pixel + c] = colour[pixel * channels + (channels === 1 ? 0 : c)]!;
      rgba[4 * pixel + 3] = alpha?.[pixel] ?? 255;
    }
    expect(rgba.toString('hex')).toBe(expected[name]);
  });

  it.each(files)('is inspected without decoding: %s', (name) => {
    const size = name === 'rgb-8-all-filters.png' ? { widthPx: 14, heightPx: 14 } : { widthPx: 9, heightPx: 7 };
    expect(inspectPng(vector(name))).toEqual({ ...size, hasAlpha: /alpha|rgba|transparent/.test(name) });
  });

  it('is read from a view into a larger buffer', () => {
    const bytes = vector('rgb-8.png');
    const padded = Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]);
    expect(decodePng(padded.subarray(5, 5 + bytes.length)).colour).toEqual(decodePng(bytes).colour);
  });
});

describe('a PNG that must be refused', () => {
  const cases: [string, Buffer, string][] = [
    ['is empty', Buffer.alloc(0), 'signature'],
    ['is a JPEG', Buffer.from('ffd8ffe000104a46494600010100', 'hex'), 'signature'],
    ['is over 3.5 MB', Buffer.alloc(3_500_001), '3500000 bytes'],
    ['is cut off', vector('rgba-8.png').subarray(0, 200), 'bytes'],
    ['ends without IEND', vector('rgba-8.png').subarray(0, -12), 'IEND'],
    ['has a bit changed', flipped(vector('rgba-8.png'), 100), 'checksum'],
    ['is wider than 4,000 pixels', png({ width: 4001 }), '4000 pixels'],
    ['is 4,294,967,295 pixels high', png({ height: 0xffff_ffff }), '4000 pixels'],
    ['has no pixels', png({ width: 0 }), '4000 pixels'],
    ['has a depth that RGB cannot have', png({ depth: 4 }), 'colour type'],
    ['has an unknown colour type', png({ colourType: 5 }), 'colour type'],
    ['has an unknown interlace method', png({ interlace: 2 }), 'interlace 2'],
    ['has no image data', png({ idat: undefined }), 'IDAT'],
    ['has no palette though it needs one', png({ colourType: 3 }), 'palette'],
    ['has an unknown critical chunk', png({ extra: chunk('ABCD', Buffer.alloc(3)) }), 'ABCD'],
    ['states a chunk longer than the file', png({ extra: Buffer.from('7fffffff49444154', 'hex') }), '2147483647'],
  ];
  const decodedOnly: [string, Buffer, string][] = [
    ['is a decompression bomb', png({ idat: deflateSync(Buffer.alloc(50_000_000)) }), 'inflates to 4 bytes'],
    ['inflates to less than its size', png({ width: 4000, height: 4000 }), 'bytes'],
    ['holds no Deflate data', png({ idat: Buffer.from('not deflate') }), 'inflates'],
    ['uses line filter 5', png({ idat: deflateSync(Buffer.from([5, 1, 2, 3])) }), 'filter'],
    ['points beyond its palette', png({ colourType: 3, palette: 1, idat: deflateSync(Buffer.from([0, 9])) }), 'index'],
  ];

  it.each(cases)('on inspection: it %s', (_, bytes, words) => {
    expect(failure(() => inspectPng(bytes))).toContain(words);
  });
  it.each([...cases, ...decodedOnly])('on decoding: it %s', (_, bytes, words) => {
    expect(failure(() => decodePng(bytes))).toContain(words);
  });

  it('costs a bomb no more memory than its own size', () => {
    const bomb = png({ idat: deflateSync(Buffer.alloc(100_000_000), { level: 1 }) });
    const before = process.memoryUsage().arrayBuffers;
    expect(failure(() => decodePng(bomb))).toContain('inflates to 4 bytes');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });
});

function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PdfError && error.code === 'IMAGE_INVALID') return error.message;
    throw error;
  }
  return 'nothing was thrown';
}

function flipped(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index]! ^= 0x10;
  return copy;
}

/** One RGB pixel, but for what is given. */
function png(given: {
  width?: number;
  height?: number;
  depth?: number;
  colourType?: number;
  interlace?: number;
  palette?: number;
  idat?: Buffer | undefined;
  extra?: Buffer;
}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(given.width ?? 1, 0);
  header.writeUInt32BE(given.height ?? 1, 4);
  header.set([given.depth ?? 8, given.colourType ?? 2, 0, 0, given.interlace ?? 0], 8);
  const idat = 'idat' in given ? given.idat : deflateSync(Buffer.from([0, 1, 2, 3]));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    given.palette === undefined ? Buffer.alloc(0) : chunk('PLTE', Buffer.alloc(3 * given.palette)),
    given.extra ?? Buffer.alloc(0),
    idat === undefined ? Buffer.alloc(0) : chunk('IDAT', idat),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
