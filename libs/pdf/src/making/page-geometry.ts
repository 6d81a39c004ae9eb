import type { Orientation, PagePart, Resolution, ScanPage } from './scan-page.js';

const a4ShortPt = (210 / 25.4) * 72;
const a4LongPt = (297 / 25.4) * 72;
/** A0 and a little: no scanner that is used for documents takes more. */
const maxSidePt = (1200 / 25.4) * 72;
/** Smaller than any receipt. */
const minSidePt = 36;
/** What cameras and image editors write when they know nothing. */
const screenPpi = 96;
/** A3 and a little: a page beyond it at a screen's resolution is a photograph whose resolution means nothing. */
const maxScreenSidePt = (430 / 25.4) * 72;

/** X = xu·u + xv·v (+ the picture's width or height where the factor is negative), the same for Y; all downwards. */
interface Turn {
  readonly xu: number;
  readonly xv: number;
  readonly yu: number;
  readonly yv: number;
}
const turns: Readonly<Record<Orientation, Turn>> = {
  1: { xu: 1, xv: 0, yu: 0, yv: 1 },
  2: { xu: -1, xv: 0, yu: 0, yv: 1 },
  3: { xu: -1, xv: 0, yu: 0, yv: -1 },
  4: { xu: 1, xv: 0, yu: 0, yv: -1 },
  5: { xu: 0, xv: 1, yu: 1, yv: 0 },
  6: { xu: 0, xv: -1, yu: 1, yv: 0 },
  7: { xu: 0, xv: -1, yu: -1, yv: 0 },
  8: { xu: 0, xv: 1, yu: -1, yv: 0 },
};

/** Six numbers of a `cm` operator (ISO 32000-2, 8.3.4). */
export type Matrix = readonly [number, number, number, number, number, number];

/** A page and the way from the pixels as stored to its points. */
export interface PageGeometry {
  readonly widthPt: number;
  readonly heightPt: number;
  /** For an image XObject that covers this rectangle of pixels, counted from the upper left corner as stored. */
  matrix(leftPx: number, topPx: number, widthPx: number, heightPx: number): Matrix;
}

/**
 * The page for a picture: as large as its resolution says; where that is missing or absurd an A4 page, upright or lying as
 * the picture is, with the picture in its middle and as large as it can be. The orientation goes into the matrix: /Rotate
 * has no mirrors, and a page that isn't turned has one system of coordinates for everybody who places something on it.
 */
export function pageGeometry(
  page: Pick<ScanPage, 'widthPx' | 'heightPx' | 'resolution' | 'orientation'>,
): PageGeometry {
  const { widthPx, heightPx } = page;
  const turn = turns[page.orientation];
  const swapped = turn.xu === 0;
  const believed = believable(page);
  const scale = believed ?? fitToA4(swapped ? heightPx : widthPx, swapped ? widthPx : heightPx);
  const [u, v] = [widthPx * scale.xPt, heightPx * scale.yPt];
  const [shownWidth, shownHeight] = swapped ? [v, u] : [u, v];
  const lying = shownWidth > shownHeight;
  const widthPt = believed === undefined ? (lying ? a4LongPt : a4ShortPt) : shownWidth;
  const heightPt = believed === undefined ? (lying ? a4ShortPt : a4LongPt) : shownHeight;
  const [xMargin, yMargin] = [(widthPt - shownWidth) / 2, (heightPt - shownHeight) / 2];
  const { xu, xv, yu, yv } = turn;
  const x0 = xMargin + (xu + xv < 0 ? shownWidth : 0);
  const y0 = yMargin + (yu + yv < 0 ? shownHeight : 0);
  return {
    widthPt,
    heightPt,
    matrix: (leftPx, topPx, partWidthPx, partHeightPx) => {
      const [left, bottom] = [leftPx * scale.xPt, (topPx + partHeightPx) * scale.yPt];
      const [width, height] = [partWidthPx * scale.xPt, partHeightPx * scale.yPt];
      // The unit square's y goes up, the rows go down, and so does Y until the last step.
      const x = x0 + xu * left + xv * bottom;
      const y = y0 + yu * left + yv * bottom;
      return [xu * width, -yu * width, -xv * height, yv * height, x, heightPt - y];
    },
  };
}

/** Points per pixel where the file states a resolution that can be true. */
function believable({ widthPx, heightPx, resolution }: Pick<ScanPage, 'widthPx' | 'heightPx' | 'resolution'>) {
  if (resolution === undefined) return undefined;
  const scale = scaleOf(resolution);
  const sides = [widthPx * scale.xPt, heightPx * scale.yPt];
  const most = Math.max(resolution.xPpi, resolution.yPpi) <= screenPpi ? maxScreenSidePt : maxSidePt;
  return sides.every((side) => side >= minSidePt && side <= most) ? scale : undefined;
}

function scaleOf({ xPpi, yPpi }: Resolution) {
  return { xPt: 72 / xPpi, yPt: 72 / yPpi };
}

function fitToA4(shownWidthPx: number, shownHeightPx: number) {
  const lying = shownWidthPx > shownHeightPx;
  const pt = Math.min((lying ? a4LongPt : a4ShortPt) / shownWidthPx, (lying ? a4ShortPt : a4LongPt) / shownHeightPx);
  return { xPt: pt, yPt: pt };
}

/** Whether the part reaches over the edge of the page's pixels, as tiles on the right and at the bottom do. */
export function overhangs(page: Pick<ScanPage, 'widthPx' | 'heightPx'>, { leftPx, topPx, image }: PagePart): boolean {
  return leftPx + image.widthPx > page.widthPx || topPx + image.heightPx > page.heightPx;
}
