import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { dataOf, objectBody } from '../testing/appearance-objects.js';
import type { AppearancePlace } from './appearance.js';
import { createAppearance } from './appearance.js';
import type { AppearanceObject } from './pdf-syntax.js';

const vectors = new URL('../../src/appearance/png-vectors/', import.meta.url);
const png = (name: string) => readFileSync(new URL(name, vectors));
const lines = ['Người ký: Nguyễn Thị Ánh Hường', 'Cơ quan: Uỷ ban nhân dân tỉnh Hưng Yên'];

function place(given: Partial<AppearancePlace> = {}): AppearancePlace {
  let next = 100;
  return { widthPt: 200, heightPt: 80, rotate: 0, allocate: () => next++, ...given };
}
const textOf = (object: AppearanceObject | undefined) =>
  object === undefined ? '' : Buffer.concat(objectBody(object)).toString('latin1');
function form(spec: Parameters<typeof createAppearance>[0], given: Partial<AppearancePlace> = {}): string {
  const { objects, appearanceRef } = createAppearance(spec).build(place(given));
  return textOf(objects.find(({ objectNumber }) => objectNumber === appearanceRef));
}
const bigParts = (objects: readonly AppearanceObject[]) =>
  objects.flatMap((object) => objectBody(object).filter((part) => part.length > 1000));
/** Baselines of the lines, from the operator Tm. */
const baselines = (content: string) =>
  [...content.matchAll(/1 0 0 1 (\S+) (\S+) Tm/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
const fontSize = (content: string) => Number(/\/F (\S+) Tf/.exec(content)?.[1]);
/** Width, height, x and y of the image, from the operator cm. */
const imageBox = (content: string) => /q (\S+) 0 0 (\S+) (\S+) (\S+) cm/.exec(content)?.slice(1).map(Number);

describe('the objects of an appearance', () => {
  it('are the form, the image and its mask for an image with transparency', () => {
    const built = createAppearance({ imagePng: png('rgba-8.png'), lines: [], fontSizePt: 10 }).build(place());
    expect(built.objects.map(({ objectNumber }) => objectNumber)).toEqual([100, 101, 102]);
    expect(built.appearanceRef).toBe(100);
    expect(textOf(built.objects[0])).toContain('/Resources<</XObject<</Im 101 0 R>>>>');
    expect(textOf(built.objects[1])).toContain('/SMask 102 0 R');
    expect(textOf(built.objects[2])).toContain('/ColorSpace/DeviceGray');
  });

  it('have a mask of one bit for each pixel where soft masks are not permitted', () => {
    const spec = { imagePng: png('rgba-8.png'), lines: [], fontSizePt: 10 };
    const [, image, mask] = createAppearance(spec, 'stencil').build(place()).objects;
    expect(textOf(image)).toMatch(/\/Mask 102 0 R/);
    expect(textOf(image)).not.toContain('/SMask');
    expect(textOf(mask)).toContain('/ImageMask true/BitsPerComponent 1');
    const [, width, height] = /\/Width (\d+)\/Height (\d+)/.exec(textOf(mask))?.map(Number) ?? [];
    const bits = inflateSync(Buffer.from(dataOf(mask) ?? []));
    expect(bits.length).toBe(Math.ceil((width ?? 0) / 8) * (height ?? 0));
    // Some pixels are painted and some are not.
    expect(new Set(bits).size).toBeGreaterThan(1);
  });

  it('have no mask for an opaque image', () => {
    const built = createAppearance({ imagePng: png('rgb-8.png'), lines: [], fontSizePt: 10 }).build(place());
    expect(built.objects).toHaveLength(2);
    expect(textOf(built.objects[1])).not.toContain('/SMask');
  });

  it('refer only to objects among them', () => {
    const built = createAppearance({ imagePng: png('rgba-8.png'), lines, fontSizePt: 10 }).build(place());
    const numbers = new Set(built.objects.map(({ objectNumber }) => objectNumber));
    const referred = built.objects.flatMap((object) =>
      [...textOf(object).matchAll(/(\d+) 0 R/g)].map((m) => Number(m[1])),
    );
    expect(numbers.size).toBe(9);
    expect(new Set(referred)).toEqual(new Set([...numbers].filter((number) => number !== built.appearanceRef)));
  });

  it('share the compressed streams between documents instead of copying them', () => {
    const spec = { lines, fontSizePt: 10 };
    const first = createAppearance({ ...spec, imagePng: png('rgba-8.png') }).build(place());
    const second = createAppearance({ ...spec, imagePng: png('rgba-8.png') }).build(place());
    expect(bigParts(first.objects).length).toBeGreaterThan(1);
    for (const [index, part] of bigParts(first.objects).entries()) expect(bigParts(second.objects)[index]).toBe(part);
    expect(dataOf(second.objects[1])).toBe(dataOf(first.objects[1]));
  });

  it('state the true length of each stream', () => {
    const built = createAppearance({ imagePng: png('rgba-8.png'), lines, fontSizePt: 10 }).build(place());
    for (const object of built.objects) {
      const body = textOf(object);
      const start = body.indexOf('stream\n');
      if (start === -1) continue;
      const length = Number(/\/Length (\d+)>>stream/.exec(body)?.[1]);
      expect(body.slice(start + 7 + length)).toBe('\nendstream');
    }
  });
});

describe('the layout', () => {
  const square = png('rgb-8-all-filters.png');

  it('centres an image alone and keeps its proportions', () => {
    expect(imageBox(form({ imagePng: square, lines: [], fontSizePt: 10 }))).toEqual([80, 80, 60, 0]);
    expect(imageBox(form({ imagePng: square, lines: [], fontSizePt: 10 }, { widthPt: 40 }))).toEqual([40, 40, 0, 20]);
  });

  it('starts lines alone at the top left, in the size that was asked for', () => {
    const content = form({ lines, fontSizePt: 10 });
    expect(fontSize(content)).toBe(10);
    const [first, second] = baselines(content);
    expect(first?.x).toBe(0);
    expect(first?.y).toBeGreaterThan(68);
    expect((first?.y ?? 0) - (second?.y ?? 0)).toBeCloseTo(11.5, 2);
  });

  it('breaks long lines at spaces', () => {
    expect(baselines(form({ lines, fontSizePt: 10 }, { widthPt: 90 }))).toHaveLength(5);
  });

  it('reduces the size until the lines fit', () => {
    const content = form({ lines, fontSizePt: 20 }, { widthPt: 120, heightPt: 30 });
    expect(fontSize(content)).toBeLessThan(12);
    expect(fontSize(content)).toBeGreaterThanOrEqual(4);
    expect(Math.min(...baselines(content).map(({ y }) => y))).toBeGreaterThan(0);
  });

  it('reduces the size for a word that is wider than the rectangle', () => {
    const content = form({ lines: ['nguyenthianhhuong@hungyen.example'], fontSizePt: 12 }, { widthPt: 100 });
    expect(fontSize(content)).toBeLessThan(8);
    expect(baselines(content)).toHaveLength(1);
  });

  it('refuses lines that do not fit at 4 pt, with the size that they need', () => {
    expect(() => form({ lines, fontSizePt: 10 }, { widthPt: 30, heightPt: 10 })).toThrow(
      /TEXT_NOT_DRAWABLE: expected at least \d+ × \d+ pt .*, found 30 × 10 pt/,
    );
  });

  it('puts the image left of the lines on a wide rectangle', () => {
    const content = form({ imagePng: square, lines, fontSizePt: 10 }, { widthPt: 240 });
    const [width = 0, , x = 0] = imageBox(content) ?? [];
    for (const line of baselines(content)) expect(line.x).toBeGreaterThan(x + width);
  });

  it('puts the lines beneath the image on any other', () => {
    const content = form({ imagePng: square, lines, fontSizePt: 10 }, { widthPt: 150, heightPt: 130 });
    const [, height = 0, , y = 0] = imageBox(content) ?? [];
    expect(height).toBeGreaterThan(60);
    for (const line of baselines(content)) expect(line.y + 9).toBeLessThan(y);
  });

  it('turns against the rotation of the page', () => {
    const spec = { lines, fontSizePt: 10 };
    expect(form(spec)).not.toContain('/Matrix');
    expect(form(spec, { rotate: 90 })).toContain('/Matrix[0 1 -1 0 80 0]');
    expect(form(spec, { rotate: 180 })).toContain('/Matrix[-1 0 0 -1 200 80]');
    expect(form(spec, { rotate: 270 })).toContain('/Matrix[0 -1 1 0 0 200]');
  });
});

describe('an appearance that cannot be made', () => {
  it('is refused when it shows nothing', () => {
    expect(() => createAppearance({ lines: [], fontSizePt: 10 })).toThrow(/expected an image, lines of text, or both/);
  });
  it('is refused with a font size that is no size', () => {
    for (const fontSizePt of [0, 3.9, 73, Number.NaN, -10]) {
      expect(() => createAppearance({ lines, fontSizePt })).toThrow(/TEXT_NOT_DRAWABLE: expected a font size/);
    }
  });
  it('is refused with an image that is no PNG', () => {
    expect(() => createAppearance({ imagePng: Buffer.from('GIF89a'), lines, fontSizePt: 10 })).toThrow(/IMAGE_INVALID/);
  });
});

function styled(style: object): { readonly content: string; readonly objects: string } {
  const { objects } = createAppearance({ lines: ['Số: 05'], fontSizePt: 10, ...style }).build(place());
  return { content: textOf(objects[0]), objects: objects.map(textOf).join('\n') };
}

describe('the style of lines', () => {
  it('is black, upright and at the left by default, and no other bytes than when that is said', () => {
    const { content, objects } = styled({});
    expect(content).toContain('BT 0 g /F 10 Tf');
    expect(objects).toContain('/BaseFont/KYSOVN+KysoSerif/');
    expect(styled({ color: '000000', fontStyle: 'upright', align: 'left' })).toEqual({ content, objects });
  });

  it('has a colour', () => {
    expect(styled({ color: '0000FF' }).content).toContain('BT 0 0 1 rg /F 10 Tf');
    for (const color of ['red', '12345', '0000FF0', '0 0 1 rg']) {
      expect(() => styled({ color })).toThrow(expect.objectContaining({ code: 'TEXT_NOT_DRAWABLE' }));
    }
  });

  it('is italic with the font that is', () => {
    expect(styled({ fontStyle: 'italic' }).objects).toContain('/BaseFont/KYSOVN+KysoSerif-Italic/');
    expect(styled({ fontStyle: 'italic' }).objects).toContain('/ItalicAngle -16');
  });

  it('stands at the left, in the middle or at the right', () => {
    const [left, center, right] = (['left', 'center', 'right'] as const).map((align) =>
      Number(/1 0 0 1 (\S+) /.exec(styled({ align }).content)?.[1]),
    );
    expect(left).toBe(0);
    expect(center).toBeCloseTo((right ?? 0) / 2, 1);
    expect(right).toBeGreaterThan(150);
  });
});
