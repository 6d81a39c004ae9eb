import { PdfError } from './errors.js';
import type { PageGeometry } from './reader/pages.js';
import type { NamedPlace, PdfPage, Rectangle } from './types.js';

const millimetrePt = 72 / 25.4;
/** Annex I of Nghị định 30/2020/NĐ-CP: left 30–35, the other sides at least 15–20 mm. */
const leftMarginPt = 30 * millimetrePt;
const otherMarginPt = 20 * millimetrePt;
/** What rounding of sizes given in millimetres may cost. */
const tolerancePt = 0.01;

/** Rectangle of a named place inside margins of 20 mm (left 30 mm), as the decree's annex sets the page. All in points. */
export function placeOnPage(page: PdfPage, place: NamedPlace, widthPt: number, heightPt: number): Rectangle {
  const right = page.widthPt - otherMarginPt - widthPt;
  const top = page.heightPt - otherMarginPt - heightPt;
  const xPt = place.endsWith('left') ? leftMarginPt : place.endsWith('right') ? right : (leftMarginPt + right) / 2;
  const yPt = place.startsWith('bottom') ? otherMarginPt : place.startsWith('top') ? top : (otherMarginPt + top) / 2;
  return { xPt, yPt, widthPt, heightPt };
}

/** Throws PdfError RECTANGLE_OFF_PAGE unless the rectangle has an area and lies on the page as displayed. */
export function assertOnPage(page: PdfPage, rectangle: Rectangle): void {
  const { xPt, yPt, widthPt, heightPt } = rectangle;
  const fits =
    widthPt > 0 &&
    heightPt > 0 &&
    xPt >= -tolerancePt &&
    yPt >= -tolerancePt &&
    xPt + widthPt <= page.widthPt + tolerancePt &&
    yPt + heightPt <= page.heightPt + tolerancePt;
  if (!fits) {
    throw new PdfError(
      'RECTANGLE_OFF_PAGE',
      `a rectangle on page ${page.index + 1} of ${round(page.widthPt)} × ${round(page.heightPt)} pt`,
      `${round(widthPt)} × ${round(heightPt)} pt at (${round(xPt)}, ${round(yPt)})`,
    );
  }
}

/**
 * The /Rect of an annotation in default user space (ISO 32000-2, 8.3.2.3) for a rectangle on the page as displayed:
 * lower left and upper right corner.
 */
export function toUserSpace(geometry: PageGeometry, rectangle: Rectangle): readonly [number, number, number, number] {
  const { left, bottom, right, top, rotate, userUnit } = geometry;
  const x1 = rectangle.xPt / userUnit;
  const y1 = rectangle.yPt / userUnit;
  const x2 = (rectangle.xPt + rectangle.widthPt) / userUnit;
  const y2 = (rectangle.yPt + rectangle.heightPt) / userUnit;
  switch (rotate) {
    case 0:
      return [left + x1, bottom + y1, left + x2, bottom + y2];
    // The page is turned clockwise: its left side is on top.
    case 90:
      return [right - y2, bottom + x1, right - y1, bottom + x2];
    case 180:
      return [right - x2, top - y2, right - x1, top - y1];
    case 270:
      return [left + y1, top - x2, left + y2, top - x1];
  }
}

/** The inverse of `toUserSpace`: where a rectangle of default user space stands on the page as displayed. */
export function toDisplayed(
  geometry: PageGeometry,
  { left, bottom, width, height }: { left: number; bottom: number; width: number; height: number },
): Rectangle {
  const { rotate, userUnit } = geometry;
  const turned = rotate % 180 !== 0;
  const x =
    rotate === 0
      ? left - geometry.left
      : rotate === 90
        ? bottom - geometry.bottom
        : rotate === 180
          ? geometry.right - left - width
          : geometry.top - bottom - height;
  const y =
    rotate === 0
      ? bottom - geometry.bottom
      : rotate === 90
        ? geometry.right - left - width
        : rotate === 180
          ? geometry.top - bottom - height
          : left - geometry.left;
  return {
    xPt: x * userUnit,
    yPt: y * userUnit,
    widthPt: (turned ? height : width) * userUnit,
    heightPt: (turned ? width : height) * userUnit,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
