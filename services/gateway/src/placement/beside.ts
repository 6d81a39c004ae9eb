import type { AnchorPlacement } from '@kyso/contracts';
import type { PdfPage, Rectangle } from '@kyso/pdf';

/** How far a signature stays from the text that it stands beside, in points. */
const gapPt = 3;

type Size = Pick<Rectangle, 'widthPt' | 'heightPt'>;

/** Beside a text, or between it and the one above it; moved as little as it takes to lie on the page. All in points. */
export function besideText(
  page: PdfPage,
  { text, above }: { readonly text: Rectangle; readonly above: Rectangle | undefined },
  placement: Pick<AnchorPlacement, 'side' | 'offset' | 'widthPt' | 'heightPt'>,
): Rectangle {
  const { side, offset, widthPt, heightPt } = placement;
  const size = { widthPt, heightPt };
  const at = above === undefined ? onSide(text, side, size) : between(text, above, size);
  return {
    xPt: within(at.xPt + (offset?.xPt ?? 0), page.widthPt - widthPt),
    yPt: within(at.yPt + (offset?.yPt ?? 0), page.heightPt - heightPt),
    ...size,
  };
}

/**
 * The seal over the left third of a signature, both centred on one height (Nghị định 30/2020/NĐ-CP, annex I); moved as
 * little as it takes to lie on the page.
 */
export function overLeftThird(page: PdfPage, signature: Rectangle, { widthPt, heightPt }: Size): Rectangle {
  return {
    xPt: within(signature.xPt + signature.widthPt / 3 - widthPt, page.widthPt - widthPt),
    yPt: within(signature.yPt + (signature.heightPt - heightPt) / 2, page.heightPt - heightPt),
    widthPt,
    heightPt,
  };
}

function onSide(
  text: Rectangle,
  side: AnchorPlacement['side'],
  { widthPt, heightPt }: Size,
): { xPt: number; yPt: number } {
  const xPt = text.xPt + (text.widthPt - widthPt) / 2;
  const yPt = text.yPt + (text.heightPt - heightPt) / 2;
  switch (side) {
    case 'above':
      return { xPt, yPt: text.yPt + text.heightPt + gapPt };
    case 'below':
      return { xPt, yPt: text.yPt - heightPt - gapPt };
    case 'over':
      return { xPt, yPt };
    case 'left':
      return { xPt: text.xPt - widthPt - gapPt, yPt };
    case 'right':
      return { xPt: text.xPt + text.widthPt + gapPt, yPt };
  }
}

/** Centred under the lower text's middle, as high as the middle of the space between both. */
function between(text: Rectangle, above: Rectangle, { widthPt, heightPt }: Size): { xPt: number; yPt: number } {
  const middle = (text.yPt + text.heightPt + above.yPt) / 2;
  return { xPt: text.xPt + (text.widthPt - widthPt) / 2, yPt: middle - heightPt / 2 };
}

function within(value: number, largest: number): number {
  return Math.max(0, Math.min(value, largest));
}
