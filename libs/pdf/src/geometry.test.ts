import { describe, expect, it } from '@jest/globals';
import { assertOnPage, placeOnPage, toUserSpace } from './geometry.js';
import type { PageGeometry } from './reader/pages.js';
import type { NamedPlace } from './types.js';

const a4 = { index: 0, widthPt: 595, heightPt: 842 };
const geometry: PageGeometry = { left: 10, bottom: 20, right: 110, top: 220, rotate: 0, userUnit: 1 };
const rectangle = { xPt: 5, yPt: 7, widthPt: 30, heightPt: 11 };

describe('named places', () => {
  it.each<[NamedPlace, number, number]>([
    ['bottom-left', 85.04, 56.69],
    ['top-right', 595 - 56.69 - 100, 842 - 56.69 - 50],
    ['top-left', 85.04, 842 - 56.69 - 50],
    ['center', (85.04 + 595 - 56.69 - 100) / 2, (842 - 50) / 2],
    ['middle-right', 595 - 56.69 - 100, (842 - 50) / 2],
    ['bottom-center', (85.04 + 595 - 56.69 - 100) / 2, 56.69],
  ])('%s lies inside the margins of the decree', (place, xPt, yPt) => {
    const placed = placeOnPage(a4, place, 100, 50);
    expect(placed.xPt).toBeCloseTo(xPt, 1);
    expect(placed.yPt).toBeCloseTo(yPt, 1);
  });
});

describe('a rectangle', () => {
  it.each([
    { ...rectangle, xPt: -1 },
    { ...rectangle, yPt: 832 },
    { ...rectangle, widthPt: 600 },
    { ...rectangle, widthPt: 0 },
    { ...rectangle, heightPt: -5 },
    { ...rectangle, xPt: Number.NaN },
    { ...rectangle, widthPt: Number.POSITIVE_INFINITY },
  ])('is refused off the page: %j', (off) => {
    expect(() => assertOnPage(a4, off)).toThrow('RECTANGLE_OFF_PAGE');
  });

  it('may reach to the edge', () => {
    expect(() => assertOnPage(a4, { xPt: 0, yPt: 0, widthPt: 595, heightPt: 842 })).not.toThrow();
  });

  it('is turned with the page and moved with its box', () => {
    expect(toUserSpace(geometry, rectangle)).toEqual([15, 27, 45, 38]);
    expect(toUserSpace({ ...geometry, rotate: 90 }, rectangle)).toEqual([92, 25, 103, 55]);
    expect(toUserSpace({ ...geometry, rotate: 180 }, rectangle)).toEqual([75, 202, 105, 213]);
    expect(toUserSpace({ ...geometry, rotate: 270 }, rectangle)).toEqual([17, 185, 28, 215]);
    expect(toUserSpace({ ...geometry, userUnit: 2 }, rectangle)).toEqual([12.5, 23.5, 27.5, 29]);
  });
});
