import { PdfError } from '../errors.js';
import type { AppearanceSpec, FontStyle } from '../types.js';
import { fontOf, type Font } from './font.js';
import { fontObjects } from './font-objects.js';
import { imageObjects, prepareImage } from './image-objects.js';
import type { Masking, PreparedImage } from './image-objects.js';
import { layOut, measureLine } from './layout.js';
import type { Content, Layout } from './layout.js';
import type { AppearanceObject } from './pdf-syntax.js';
import { latin1, number, uprightMatrix } from './pdf-syntax.js';

/** Where an appearance is drawn. */
export interface AppearancePlace {
  /** Of the rectangle on the page as displayed, in points. */
  readonly widthPt: number;
  readonly heightPt: number;
  /** /Rotate of the page, clockwise. */
  readonly rotate: 0 | 90 | 180 | 270;
  /** Gives the next free object number. */
  readonly allocate: () => number;
  /** The embedded font where the same increment has it already; absent: it comes with the objects. */
  readonly fontRef?: (style: FontStyle) => number;
}

/** An appearance whose text is measured and whose image is compressed. */
export interface AppearanceObjects {
  /**
   * The objects to be written; `appearanceRef` is the number of the form XObject for /AP /N (ISO 32000-2, 12.5.5).
   *
   * @throws PdfError `TEXT_NOT_DRAWABLE` when the lines don't fit the rectangle at 4 pt.
   */
  build(input: AppearancePlace): { objects: readonly AppearanceObject[]; appearanceRef: number };
}

/**
 * Prepares what a signature shows. Decoded images are cached by their SHA-256; the bytes of `imagePng` must not be changed
 * afterwards.
 *
 * @throws PdfError `IMAGE_INVALID`, `TEXT_NOT_DRAWABLE`
 */
export function createAppearance(spec: AppearanceSpec, masking: Masking = 'soft'): AppearanceObjects {
  if (spec.imagePng === undefined && spec.lines.length === 0) {
    throw new PdfError('TEXT_NOT_DRAWABLE', 'an image, lines of text, or both', 'neither');
  }
  if (spec.lines.length > 0 && !(spec.fontSizePt >= 4 && spec.fontSizePt <= 72)) {
    throw new PdfError('TEXT_NOT_DRAWABLE', 'a font size from 4 to 72 pt', `${spec.fontSizePt}`);
  }
  const color = colorOperator(spec.color);
  const image = spec.imagePng === undefined ? undefined : prepareImage(spec.imagePng, masking);
  const { lines, fontSizePt, align, fontStyle = 'upright' } = spec;
  const font = fontOf(fontStyle);
  return {
    build: (place) => {
      const layout = layoutOf({ image, lines, fontSizePt, align, font }, place);
      return buildObjects({ layout, color, fontStyle }, image, place);
    },
  };
}

/** The operator for sRGB `RRGGBB`; black, also undefined, in DeviceGray. */
export function colorOperator(color: string | undefined): string {
  if (color === undefined || color === '000000') return '0 g';
  if (!/^[0-9A-Fa-f]{6}$/.test(color))
    throw new PdfError('TEXT_NOT_DRAWABLE', 'a colour RRGGBB', JSON.stringify(color));
  const parts = [0, 2, 4].map((at) => number(Number.parseInt(color.slice(at, at + 2), 16) / 255));
  return `${parts.join(' ')} rg`;
}

/** An official's name and office in the rectangle of a template come again and again. */
const layouts = new Map<string, Layout>();
const maxLayouts = 500;
/** Characters of a key that is kept; no official's name and office are longer. */
const maxKeyLength = 4_096;

function layoutOf(
  {
    image,
    lines,
    fontSizePt,
    align,
    font,
  }: Omit<Content, 'lines' | 'font'> & {
    readonly lines: readonly string[];
    readonly font: Font;
  },
  { widthPt, heightPt }: AppearancePlace,
): Layout {
  const imageSize = image === undefined ? [] : [image.widthPx, image.heightPx];
  const key = JSON.stringify([widthPt, heightPt, fontSizePt, imageSize, lines, align, font.style]);
  let layout = layouts.get(key);
  if (layout === undefined) {
    layout = layOut(
      { image, lines: lines.map((line) => measureLine(line, font)), fontSizePt, align, font },
      widthPt,
      heightPt,
    );
    if (layouts.size >= maxLayouts) layouts.clear();
    if (key.length <= maxKeyLength) layouts.set(key, layout);
  }
  return layout;
}

function buildObjects(
  { layout, color, fontStyle }: { readonly layout: Layout; readonly color: string; readonly fontStyle: FontStyle },
  image: PreparedImage | undefined,
  place: AppearancePlace,
) {
  const { allocate } = place;
  const appearanceRef = allocate();
  const objects: AppearanceObject[] = [];
  let resources = '';
  if (image !== undefined) {
    const built = imageObjects(image, allocate);
    objects.push(...built.objects);
    resources += `/XObject<</Im ${built.imageRef} 0 R>>`;
  }
  if (layout.text !== undefined) {
    resources += `/Font<</F ${place.fontRef === undefined ? embedFont(objects, allocate, fontStyle) : place.fontRef(fontStyle)} 0 R>>`;
  }
  const entries =
    `/Type/XObject/Subtype/Form/BBox[0 0 ${number(place.widthPt)} ${number(place.heightPt)}]` +
    `${uprightMatrix(place)}/Resources<<${resources}>>`;
  objects.unshift({ objectNumber: appearanceRef, entries, data: latin1(drawing(layout, color)) });
  return { objects, appearanceRef };
}

function embedFont(objects: AppearanceObject[], allocate: () => number, style: FontStyle): number {
  const built = fontObjects(allocate, style);
  objects.push(...built.objects);
  return built.fontRef;
}

/** The content stream: the image first, then the text over it. */
function drawing({ image, text }: Layout, color: string): string {
  let content = '';
  if (image !== undefined) {
    content += `q ${number(image.width)} 0 0 ${number(image.height)} ${number(image.x)} ${number(image.y)} cm /Im Do Q\n`;
  }
  if (text !== undefined) {
    content += `BT ${color} /F ${number(text.fontSizePt)} Tf\n`;
    for (const { x, y, hex } of text.lines) content += `1 0 0 1 ${number(x)} ${number(y)} Tm <${hex}> Tj\n`;
    content += 'ET\n';
  }
  return content;
}
