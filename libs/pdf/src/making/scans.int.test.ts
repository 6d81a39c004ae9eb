import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { bufferSource } from '../sources.js';
import { inFolder, qpdfComplaints, render } from '../testing/judges.js';
import { madePdf, vector } from './testing.js';

interface Extracted {
  readonly kind: string;
  readonly pixels: Buffer;
}

/** The images of a PDF as poppler takes them out: PBM, PGM or PPM, or JPEG as it is. */
function extracted(pdf: Uint8Array, ...options: string[]): Extracted[] {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'in.pdf'), pdf);
    execFileSync('pdfimages', [...options, join(folder, 'in.pdf'), join(folder, 'image')]);
    const names = readdirSync(folder)
      .filter((name) => name.startsWith('image'))
      .sort();
    return names.map((name) => {
      const bytes = readFileSync(join(folder, name));
      const header = /^(P[456])\s+\d+\s+\d+\s+(?:255\s)?/.exec(bytes.toString('latin1', 0, 40));
      return { kind: header?.[1] ?? name.slice(-3), pixels: bytes.subarray(header?.[0].length ?? 0) };
    });
  });
}

/** One byte a pixel, also where poppler gives grey as RGB. */
function greyOf(image: Extracted | undefined): Buffer {
  const pixels = image?.pixels ?? Buffer.alloc(0);
  return Buffer.from(image?.kind === 'P6' ? pixels.filter((_, index) => index % 3 === 0) : pixels);
}

const reference = decode(vector('rgb.png')).data as Uint8Array;
const grey = decode(vector('grey.png')).data as Uint8Array;
/** PBM, 1 is black, as the bilevel vectors were made. */
const bilevel = Buffer.alloc(10 * 100);
for (const [index, value] of grey.entries()) {
  const [x, y] = [index % 75, Math.floor(index / 75)];
  if (value <= 140) bilevel[y * 10 + (x >> 3)]! |= 0x80 >> (x & 7);
}
const alphaOnly = grey.map((value) => 255 - Math.floor(value / 2));

describe('every kind of image', () => {
  const all = readdirSync(new URL('../../src/making/vectors/', import.meta.url)).filter(
    (name) => !name.endsWith('.py'),
  );
  test.each(all)('%s becomes a sound PDF of the size that its resolution says', async (name) => {
    const pdf = await madePdf(vector(name));
    expect(qpdfComplaints(pdf)).toBe('');
    const { width, height, ink } = render(pdf);
    const turned = /exif[5-8]|orient[5-8]/.test(name);
    expect([width, height]).toEqual(turned ? [72, 54] : [54, 72]);
    expect(ink).toBeDefined();
  });
});

describe('JPEG', () => {
  test.each(['baseline', 'progressive', 'grey', 'cmyk-adobe', 'profile', 'exif6'])(
    '%s.jpg is in the PDF byte for byte',
    async (name) => {
      const jpeg = vector(`${name}.jpg`);
      const [image] = extracted(await madePdf(jpeg), '-all');
      expect(image?.kind).toBe('jpg');
      expect(image?.pixels.equals(jpeg)).toBe(true);
    },
  );

  test('CMYK as Adobe writes it, inverted, is white where the picture is white', async () => {
    expect(render(await madePdf(vector('cmyk-adobe.jpg'))).at(50, 5)).toBeGreaterThan(245);
  });

  test('what stands behind the end of the image is left out', async () => {
    const jpeg = vector('baseline.jpg');
    const [image] = extracted(await madePdf(Buffer.concat([jpeg, Buffer.from('a trailer')])), '-all');
    expect(image?.pixels.equals(jpeg)).toBe(true);
  });
});

describe('orientation', () => {
  // The vectors are one picture, stored alike, with the tag from 1 to 8: where its dark upper left corner has to be.
  const corners = ['', 'top-left', 'top-right', 'bottom-right', 'bottom-left', 'top-left', 'top-right', 'bottom-right', 'bottom-left']; // prettier-ignore
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF %i is honoured by the matrix', async (value) => {
    const picture = render(await madePdf(vector(`exif${value}.jpg`)));
    const dark = (x: number, y: number): boolean => picture.at(x, y) < 130;
    const [right, bottom] = [picture.width - 6, picture.height - 6];
    const found = [
      [dark(5, 5), 'top-left'],
      [dark(right, 5), 'top-right'],
      [dark(5, bottom), 'bottom-left'],
      [dark(right, bottom), 'bottom-right'],
    ].filter(([isDark]) => isDark);
    expect(found.map(([, corner]) => corner)).toEqual([corners[value]]);
  });

  test.each([5, 6, 7, 8])(
    'EXIF %i tells a turn from a mirror: the long bar runs along the top or bottom',
    async (value) => {
      const picture = render(await madePdf(vector(`exif${value}.jpg`)));
      const y = value === 5 || value === 6 ? 5 : picture.height - 6;
      const at = (x: number): number => picture.at(value === 5 || value === 8 ? x : picture.width - 1 - x, y);
      expect([at(20), at(40)].every((darkness) => darkness < 130)).toBe(true);
    },
  );
});

describe('PNG and TIFF keep every pixel', () => {
  const rgb = ['rgb.png', 'rgb-trns.png', 'rgb-raw.tif', 'rgb-lzw.tif', 'rgb-adobe-deflate.tif', 'rgb-packbits.tif'];
  const more = [
    'rgb-lzw-pred-strips.tif',
    'planar-rgb.tif',
    'tiles-rgb-deflate.tif',
    'be-rgb16-pred-lzw.tif',
    'multi.tif',
  ];
  test.each([...rgb, ...more, 'rgba.png', 'rgba-unassoc.tif', 'palette.png', 'palette-lzw.tif'])('%s', async (name) => {
    const [image] = extracted(await madePdf(vector(name)));
    expect(image?.kind).toBe('P6');
    expect(image?.pixels.equals(reference)).toBe(true);
  });

  test.each([
    'grey.png',
    'grey16.png',
    'grey-adobe-deflate.tif',
    'big-be-grey16.tif',
    'le-grey16-pred.tif',
    'tiles-grey-packbits.tif',
  ])('%s', async (name) => {
    const [image] = extracted(await madePdf(vector(name)));
    expect(greyOf(image).equals(grey)).toBe(true);
  });

  const bilevels = ['group3', 'group3-strips', 'g32d', 'g32d-strips', 'group4', 'group4-strips', 'ccitt', 'ccitt-strips', 'lzw-strips', 'black-is-zero', 'white-is-zero', 'white-is-zero-raw']; // prettier-ignore
  test.each(bilevels)('bilevel-%s.tif', async (name) => {
    const [image] = extracted(await madePdf(vector(`bilevel-${name}.tif`)));
    expect(image?.kind).toBe('P4');
    // A row of 75 pixels ends in five bits that mean nothing.
    const pixels = Buffer.from(image?.pixels ?? []).map((byte, index) => (index % 10 === 9 ? byte & 0xe0 : byte));
    expect(Buffer.from(pixels).equals(bilevel)).toBe(true);
  });

  test('CCITT data of one strip is in the PDF byte for byte', async () => {
    const pdf = await madePdf(vector('bilevel-group4.tif'));
    const data = inFolder((folder) => {
      writeFileSync(join(folder, 'in.pdf'), pdf);
      execFileSync('pdfimages', ['-ccitt', join(folder, 'in.pdf'), join(folder, 'image')]);
      return readFileSync(join(folder, 'image-000.ccitt'));
    });
    expect(vector('bilevel-group4.tif').indexOf(data)).toBeGreaterThan(0);
  });

  test.each(['rgba.png', 'rgba-unassoc.tif', 'rgba-assoc.tif'])('%s keeps its transparency', async (name) => {
    const [, mask] = extracted(await madePdf(vector(name)));
    expect(greyOf(mask).equals(alphaOnly)).toBe(true);
  });
});

test('several files become the pages of one PDF, and a TIFF as many as it has', async () => {
  const pdf = await madePdf(vector('baseline.jpg'), vector('multi.tif'), vector('grey.png'));
  expect(qpdfComplaints(pdf)).toBe('');
  expect(extracted(pdf)).toHaveLength(5);
});

test('the same images give the same bytes, with no date and no title unless they are given', async () => {
  const [first, second] = [await madePdf(vector('multi.tif')), await madePdf(vector('multi.tif'))];
  expect(first.equals(second)).toBe(true);
  expect(first.includes('/Info')).toBe(false);
  const { scansToPdf } = await import('./scans-to-pdf.js');
  const chunks: Uint8Array[] = [];
  const options = { title: 'Quyết định', createdAt: new Date('2026-01-02T03:04:05Z') };
  for await (const chunk of scansToPdf([bufferSource(vector('grey.png'))], options)) chunks.push(chunk);
  const info = inFolder((folder) => {
    writeFileSync(join(folder, 'in.pdf'), Buffer.concat(chunks));
    return execFileSync('pdfinfo', ['-rawdates', join(folder, 'in.pdf')], { encoding: 'utf8' });
  });
  expect(info).toContain('Quyết định');
  expect(info).toContain('D:20260102030405Z');
});
