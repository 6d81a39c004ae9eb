import { describe, expect, test } from '@jest/globals';
import { crc32, deflateSync } from 'node:zlib';
import { readdirSync } from 'node:fs';
import { PdfError } from '../errors.js';
import { madePdf, madeWithin, vector } from './testing.js';

const names = readdirSync(new URL('../../src/making/vectors/', import.meta.url)).filter(
  (name) => !name.endsWith('.py'),
);

/** The same numbers in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function refusal(make: Promise<unknown>): Promise<PdfError | undefined> {
  try {
    await make;
    return undefined;
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    return error;
  }
}

describe('damaged images', () => {
  test.each(names)(
    '%s, changed at random 25 times, is refused with a code or made, and never anything else',
    async (name) => {
      const next = random(names.indexOf(name));
      const sound = vector(name);
      for (let round = 0; round < 25; round += 1) {
        const bytes = Buffer.from(sound);
        // Headers and directories are where it hurts: half of the changes hit the first and last 200 bytes.
        for (let change = 0; change < 1 + (round % 4); change += 1) {
          const end = next() < 0.5 ? Math.floor(next() * 200) : bytes.length - 1 - Math.floor(next() * 200);
          const at = next() < 0.5 ? Math.floor(next() * bytes.length) : end;
          bytes[Math.max(0, at)] = next() < 0.3 ? 255 : Math.floor(next() * 256);
        }
        const cut = round % 5 === 4 ? bytes.subarray(0, Math.floor(next() * bytes.length)) : bytes;
        const error = await refusal(madePdf(cut));
        if (error !== undefined) expect(['IMAGE_INVALID', 'LIMIT_EXCEEDED']).toContain(error.code);
      }
    },
  );

  test.each(names.filter((name) => !name.startsWith('bilevel')))('%s cut in half is refused', async (name) => {
    const sound = vector(name);
    expect((await refusal(madePdf(sound.subarray(0, sound.length >> 1))))?.code).toBe('IMAGE_INVALID');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['a PDF', Buffer.from('%PDF-1.7\n')],
  ])('%s is refused', async (_, bytes) => {
    expect((await refusal(madePdf(bytes)))?.code).toBe('IMAGE_INVALID');
  });

  test('no image at all is refused', async () => {
    expect((await refusal(madePdf()))?.code).toBe('IMAGE_INVALID');
  });
});

/** A little-endian TIFF of one directory, which leads to `next`. */
function tiff(entries: readonly (readonly [number, number, number, number])[], next: number, data: Buffer): Buffer {
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1');
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length, 0);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * index);
    directory.writeUInt16LE(type, 4 + 12 * index);
    directory.writeUInt32LE(count, 6 + 12 * index);
    directory.writeUInt32LE(value, 10 + 12 * index);
  }
  directory.writeUInt32LE(next, 2 + 12 * entries.length);
  return Buffer.concat([head, directory, data]);
}

function greyTiff(
  width: number,
  height: number,
  options: { compression?: number; next?: number; data: Buffer },
): Buffer {
  const entries = (dataAt: number) =>
    [
      [256, 4, 1, width],
      [257, 4, 1, height],
      [258, 3, 1, 8],
      [259, 3, 1, options.compression ?? 1],
      [262, 3, 1, 1],
      [273, 4, 1, dataAt],
      [279, 4, 1, options.data.length],
    ] as const;
  const dataAt = 8 + 2 + 12 * 7 + 4;
  return tiff(entries(dataAt), options.next ?? 0, options.data);
}

describe('attacks', () => {
  test('directories that lead back to themselves are refused', async () => {
    const error = await refusal(madePdf(greyTiff(10, 10, { next: 8, data: Buffer.alloc(100) })));
    expect(error?.expected).toContain('directories that come once');
  });

  test('more pages than allowed are refused', async () => {
    const error = await refusal(madeWithin({ maxPages: 2 }, vector('multi.tif')));
    expect(error?.code === 'LIMIT_EXCEEDED' || error?.expected.includes('directories')).toBe(true);
  });

  test('more pixels than allowed are refused before anything is decoded', async () => {
    const data = deflateSync(Buffer.alloc(10));
    const error = await refusal(madePdf(greyTiff(60_000, 60_000, { compression: 8, data })));
    expect(error?.found).toBe('60000 × 60000');
  });

  test('data that inflates to more than the page has is read only as far as the page goes', async () => {
    const data = deflateSync(Buffer.alloc(50_000_000));
    const pdf = await madePdf(greyTiff(100, 100, { compression: 8, data }));
    expect(pdf.length).toBeLessThan(2000);
  });

  test('PNG data that inflates to more than its header says is refused', async () => {
    const error = await refusal(madePdf(pngOf(10, deflateSync(Buffer.alloc(40_000_000)))));
    expect(error?.found).toBe('more');
  });

  test('PNG data that inflates to less is refused', async () => {
    expect((await refusal(madePdf(pngOf(10, deflateSync(Buffer.alloc(50))))))?.found).toBe('50');
  });

  test('a PDF that grows beyond its limit is stopped', async () => {
    const error = await refusal(madeWithin({ maxOutputBytes: 1000 }, vector('baseline.jpg')));
    expect(error?.code).toBe('LIMIT_EXCEEDED');
  });

  test('a JPEG of more scans than any program writes is refused', async () => {
    const error = await refusal(madeWithin({ maxJpegScans: 3 }, vector('progressive.jpg')));
    expect(error?.expected).toBe('at most 3 scans');
  });

  test('an image that is larger than allowed is refused unread', async () => {
    expect((await refusal(madeWithin({ maxImageBytes: 100 }, vector('grey.jpg'))))?.code).toBe('LIMIT_EXCEEDED');
  });
});

function pngOf(side: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const chunks = [chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  body.copy(bytes, 4);
  bytes.writeUInt32BE(crc32(body), 8 + data.length);
  return bytes;
}
