import { PdfError } from '../errors.js';
import { fontOf, type Font } from './font.js';
import type { TextRun } from './font.js';
import type { TextAlign } from '../types.js';

/** Smaller print can't be read on paper. */
const minFontSizePt = 4;
const sizeStepPt = 0.25;
/** From baseline to baseline, in font sizes. */
const leading = 1.15;
const gapPt = 4;
/** Of a wide rectangle, the part at the left that the image takes; of another, the part that text may take at most. */
const imageShareBeside = 0.4;
const maxTextShareBeneath = 0.5;
/** Width to height from which image and text stand side by side. */
const wide = 2;

/** In points, origin at the lower left of the appearance. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line as it is drawn: start of its baseline and hexadecimal glyph ids. */
export interface PlacedLine {
  readonly x: number;
  readonly y: number;
  readonly hex: string;
}
export interface PlacedText {
  readonly fontSizePt: number;
  readonly lines: readonly PlacedLine[];
}
export interface Layout {
  readonly image: Box | undefined;
  readonly text: PlacedText | undefined;
}

/** A line of the request, cut at its spaces. */
export type Words = readonly TextRun[];

/** @throws PdfError `TEXT_NOT_DRAWABLE` */
export function measureLine(line: string, font: Font = fontOf()): Words {
  return line.split(' ').map((word) => font.textRun(word));
}

export interface Content {
  readonly image: { readonly widthPx: number; readonly heightPx: number } | undefined;
  readonly lines: readonly Words[];
  readonly fontSizePt: number;
  readonly align?: TextAlign | undefined;
  /** Of which `lines` were measured; default upright. */
  readonly font?: Font | undefined;
}

/**
 * Places image and lines on a rectangle of `width` × `height` points.
 *
 * - Image alone: as big as fits, its proportions kept, centred.
 * - Lines alone: from the top left.
 * - Both, on a rectangle at least twice as wide as high: the image in the left 40 %, the lines to its right.
 * - Both, on any other: the lines centred at the foot, in at most half of the height, the image centred above them. This
 *   is how a leader's signature stands between title and name.
 *
 * `align` goes before what is said here of text. Lines are broken at spaces. The font size is reduced in steps of 0.25 pt until everything fits, to 4 pt at the least.
 *
 * @throws PdfError `TEXT_NOT_DRAWABLE` when the lines don't fit at 4 pt.
 */
export function layOut(content: Content, width: number, height: number): Layout {
  const { image } = content;
  const whole: Box = { x: 0, y: 0, width, height };
  if (content.lines.length === 0) return { image: image && fitImage(image, whole), text: undefined };
  if (image === undefined) return { image: undefined, text: fitText(content, whole, content.align ?? 'left') };
  if (width >= wide * height) {
    const imageWidth = width * imageShareBeside;
    const left = imageWidth + gapPt;
    return {
      image: fitImage(image, { ...whole, width: imageWidth }),
      text: fitText(content, { ...whole, x: left, width: width - left }, content.align ?? 'left'),
    };
  }
  const text = fitText(content, { ...whole, height: height * maxTextShareBeneath }, content.align ?? 'center');
  const foot = text.heightPt + gapPt;
  // Text from the top of its box: moved down, so that it stands at the foot of the rectangle.
  const drop = height * maxTextShareBeneath - text.heightPt;
  const lines = text.lines.map((line) => ({ ...line, y: line.y - drop }));
  return { image: fitImage(image, { ...whole, y: foot, height: height - foot }), text: { ...text, lines } };
}

function fitImage({ widthPx, heightPx }: { widthPx: number; heightPx: number }, box: Box): Box {
  const scale = Math.min(box.width / widthPx, Math.max(0, box.height) / heightPx);
  const [width, height] = [widthPx * scale, heightPx * scale];
  return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height };
}

/** The largest size, up to the one asked for, at which the wrapped lines fit into the box. */
function fitText(content: Content, box: Box, align: TextAlign): PlacedText & { heightPt: number } {
  const { fontSizePt: asked, font = fontOf() } = content;
  const widest = Math.max(1, ...content.lines.flatMap((words) => words.map((word) => word.width)));
  // No break helps a word that is wider than the box: starting below that size spares most of the steps.
  const wordLimit = Math.floor((box.width * 1000) / widest / sizeStepPt) * sizeStepPt;
  for (let size = Math.min(asked, wordLimit); size >= minFontSizePt; size -= sizeStepPt) {
    const lines = content.lines.flatMap((words) => wrap(words, (box.width * 1000) / size, font));
    const heightPt = textHeight(lines.length, size, font);
    if (heightPt <= box.height) return { fontSizePt: size, heightPt, lines: place(lines, { box, size, align, font }) };
  }
  const lines = content.lines.flatMap((words) => wrap(words, (box.width * 1000) / minFontSizePt, font));
  const neededWidth = Math.ceil((widest * minFontSizePt) / 1000);
  const neededHeight = Math.ceil(textHeight(lines.length, minFontSizePt, font));
  throw new PdfError(
    'TEXT_NOT_DRAWABLE',
    `at least ${neededWidth} × ${neededHeight} pt for the text at ${minFontSizePt} pt`,
    `${Math.floor(box.width)} × ${Math.floor(box.height)} pt`,
  );
}

/** From the highest accent of the first line to the lowest descender of the last. */
function textHeight(lineCount: number, size: number, { measures }: Font): number {
  const [, lowest, , highest] = measures.boundingBox;
  return ((highest - lowest) / 1000 + (lineCount - 1) * leading) * size;
}

/** Greedy: as many words on a line as fit into `width`, in 1/1000 of the font size. */
function wrap(words: Words, width: number, { space }: Font): TextRun[] {
  const lines: TextRun[] = [];
  let line: TextRun | undefined;
  for (const word of words) {
    const joined: TextRun =
      line === undefined
        ? word
        : { width: line.width + space.width + word.width, hex: line.hex + space.hex + word.hex };
    if (line !== undefined && joined.width > width) {
      lines.push(line);
      line = word;
    } else {
      line = joined;
    }
  }
  if (line !== undefined) lines.push(line);
  return lines;
}

function place(
  lines: readonly TextRun[],
  { box, size, align, font }: { box: Box; size: number; align: TextAlign; font: Font },
): PlacedLine[] {
  const first = box.y + box.height - (font.measures.boundingBox[3] * size) / 1000;
  return lines.map((line, index) => ({
    x: box.x + (align === 'left' ? 0 : (box.width - (line.width * size) / 1000) / (align === 'right' ? 1 : 2)),
    y: first - index * leading * size,
    hex: line.hex,
  }));
}
