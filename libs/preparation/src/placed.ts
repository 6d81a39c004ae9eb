import type { FixedPlacement } from '@kyso/contracts';
import { assertOnPage, placeOnPage, type PdfDocument, type PdfPage, type Rectangle } from '@kyso/pdf';

/** A rectangle on a page, counted from 0. */
export interface Placed {
  readonly pageIndex: number;
  readonly rectangle: Rectangle;
}

/** Where a placement lies in this document. Throws PdfError PAGE_UNKNOWN, RECTANGLE_OFF_PAGE. */
export async function placedIn(document: PdfDocument, placement: FixedPlacement): Promise<Placed> {
  const pageIndex = placement.page === 'last' ? (await document.pageCount()) - 1 : placement.page - 1;
  const page = await document.page(pageIndex);
  const rectangle = rectangleOn(page, placement);
  assertOnPage(page, rectangle);
  return { pageIndex, rectangle };
}

/** The rectangle of a placement on its page, which it may leave. */
export function rectangleOn(page: PdfPage, placement: FixedPlacement): Rectangle {
  if ('rectangle' in placement) return placement.rectangle;
  const { place, offset, widthPt, heightPt } = placement;
  const named = placeOnPage(page, place, widthPt, heightPt);
  return { ...named, xPt: named.xPt + (offset?.xPt ?? 0), yPt: named.yPt + (offset?.yPt ?? 0) };
}
