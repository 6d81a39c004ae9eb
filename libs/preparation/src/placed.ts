import type { FixedPlacement } from '@kyso/contracts';
import { assertOnPage, placeOnPage, type PdfDocument, type Rectangle } from '@kyso/pdf';

/** A rectangle on a page, counted from 0. */
export interface Placed {
  readonly pageIndex: number;
  readonly rectangle: Rectangle;
}

/** Where a placement lies in this document. Throws PdfError PAGE_UNKNOWN, RECTANGLE_OFF_PAGE. */
export async function placedIn(document: PdfDocument, placement: FixedPlacement): Promise<Placed> {
  const pageIndex = placement.page === 'last' ? (await document.pageCount()) - 1 : placement.page - 1;
  const page = await document.page(pageIndex);
  const rectangle =
    'rectangle' in placement
      ? placement.rectangle
      : placeOnPage(page, placement.place, placement.widthPt, placement.heightPt);
  assertOnPage(page, rectangle);
  return { pageIndex, rectangle };
}
