import { describe, expect, it } from '@jest/globals';
import { besideText, overLeftThird } from './beside.js';

const page = { index: 0, widthPt: 595, heightPt: 842 };
const name = { xPt: 400, yPt: 100, widthPt: 80, heightPt: 14 };
const title = { xPt: 380, yPt: 200, widthPt: 120, heightPt: 14 };
const size = { widthPt: 100, heightPt: 50 };
const beside = (side: 'above' | 'below' | 'over' | 'left' | 'right', offset?: { xPt: number; yPt: number }) =>
  besideText(page, { text: name, above: undefined }, { side, ...size, ...(offset && { offset }) });

describe('a place beside a text', () => {
  it('is centred on it, above, below and over', () => {
    expect(beside('above')).toEqual({ xPt: 390, yPt: 117, ...size });
    expect(beside('below')).toEqual({ xPt: 390, yPt: 47, ...size });
    expect(beside('over')).toEqual({ xPt: 390, yPt: 82, ...size });
  });

  it('is as high as it, left and right', () => {
    expect(beside('left')).toEqual({ xPt: 297, yPt: 82, ...size });
    expect(beside('right')).toEqual({ xPt: 483, yPt: 82, ...size });
  });

  it('is moved by the offset', () => {
    expect(beside('above', { xPt: -10, yPt: 5 })).toEqual({ xPt: 380, yPt: 122, ...size });
  });

  it('is moved no further than to the edge of the page', () => {
    expect(beside('right', { xPt: 90, yPt: -400 })).toEqual({ xPt: 495, yPt: 0, ...size });
  });

  it('lies in the middle between the text and the one above it', () => {
    const placed = besideText(page, { text: name, above: title }, { side: 'above', ...size });
    expect(placed).toEqual({ xPt: 390, yPt: 132, ...size });
    expect(placed.yPt - (name.yPt + name.heightPt)).toBe(title.yPt - (placed.yPt + placed.heightPt));
  });
});

describe('a seal over a signature', () => {
  it('covers the left third of it, on one height', () => {
    const seal = overLeftThird(
      page,
      { xPt: 300, yPt: 100, widthPt: 150, heightPt: 60 },
      { widthPt: 102, heightPt: 102 },
    );
    expect(seal.xPt + seal.widthPt).toBe(350);
    expect(seal.yPt + seal.heightPt / 2).toBe(130);
  });

  it('stays on the page', () => {
    const seal = overLeftThird(page, { xPt: 5, yPt: 0, widthPt: 60, heightPt: 20 }, { widthPt: 102, heightPt: 102 });
    expect(seal).toEqual({ xPt: 0, yPt: 0, widthPt: 102, heightPt: 102 });
  });
});
