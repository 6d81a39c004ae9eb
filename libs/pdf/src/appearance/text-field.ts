import { PdfError } from '../errors.js';
import type { FontStyle } from '../types.js';
import { fontOf, type Font, type TextRun } from './font.js';
import { layOut, measureLine } from './layout.js';
import { number } from './pdf-syntax.js';

/** What the value of a text field looks like (ISO 32000-2, 12.7.4.3 and 12.7.5.3). Lengths in units of user space. */
export interface FieldText {
  readonly text: string;
  readonly width: number;
  readonly height: number;
  /** 0: as large as fits, at most `autoSize`. */
  readonly fontSize: number;
  readonly align: 'left' | 'center' | 'right';
  readonly multiline: boolean;
  /** Cells of equal width, one character in each. */
  readonly combCells?: number;
  /** Default upright. */
  readonly fontStyle?: FontStyle;
  /** Operators that set the colour of the text. */
  readonly color: string;
  /** Operators that draw background and border; the current point of nothing is left over. */
  readonly underlay: string;
  readonly borderWidth: number;
}

const autoSize = 12;
/** Smaller print can't be read on paper. */
const minSize = 4;
const sizeStep = 0.25;
/** Between the border and the text. */
const padding = 2;

interface Line {
  readonly x: number;
  readonly y: number;
  readonly hex: string;
}

/**
 * The content stream of the appearance, its font named /F. The size is reduced until everything is inside, since a viewer
 * cuts off what isn't and nobody would see that something is missing. Throws PdfError TEXT_NOT_DRAWABLE.
 */
export function drawFieldText(field: FieldText): string {
  const { width, height, borderWidth, color, underlay, text } = field;
  if (text === '') {
    return `${underlay}/Tx BMC\nEMC`;
  }
  const inset = Math.max(borderWidth, 0);
  const { size, lines } = field.multiline ? placeParagraphs(field, inset) : placeLine(field, inset);
  const clip = `${number(inset)} ${number(inset)} ${number(width - 2 * inset)} ${number(height - 2 * inset)} re W n`;
  const shown = lines.map(({ x, y, hex }) => `1 0 0 1 ${number(x)} ${number(y)} Tm <${hex}> Tj\n`).join('');
  return `${underlay}/Tx BMC\nq ${clip}\nBT ${color} /F ${number(size)} Tf\n${shown}ET\nQ\nEMC`;
}

function placeLine(field: FieldText, inset: number): { size: number; lines: Line[] } {
  const { text, width, height, combCells } = field;
  if (/[\r\n]/.test(text)) {
    throw new PdfError('TEXT_NOT_DRAWABLE', 'one line of text for a field of one line', 'a line break');
  }
  const font = fontOf(field.fontStyle);
  const [, lowest, , highest] = font.measures.boundingBox;
  const innerHeight = height - 2 * inset;
  const heightLimit = (innerHeight * 1000) / (highest - lowest);
  const centre = (size: number): number => inset + (innerHeight - ((highest - lowest) * size) / 1000) / 2;
  const baseline = (size: number): number => centre(size) - (lowest * size) / 1000;
  if (combCells !== undefined) {
    return placeComb(field, combCells, { heightLimit, baseline });
  }
  const run = font.textRun(text);
  const innerWidth = width - 2 * (inset + padding);
  const size = fitSize(field, Math.min(heightLimit, (innerWidth * 1000) / Math.max(1, run.width)));
  const x = inset + padding + shift(field, innerWidth, (run.width * size) / 1000);
  return { size, lines: [{ x, y: baseline(size), hex: run.hex }] };
}

function placeComb(
  field: FieldText,
  cells: number,
  limits: { readonly heightLimit: number; readonly baseline: (size: number) => number },
): { size: number; lines: Line[] } {
  const runs: TextRun[] = Array.from(field.text.normalize('NFC'), (character) =>
    fontOf(field.fontStyle).textRun(character),
  );
  const cell = field.width / cells;
  const widest = Math.max(1, ...runs.map((run) => run.width));
  const size = fitSize(field, Math.min(limits.heightLimit, (cell * 1000) / widest));
  const first = field.align === 'left' ? 0 : (cells - runs.length) / (field.align === 'right' ? 1 : 2);
  const lines = runs.map((run, index) => ({
    x: (Math.floor(first) + index + 0.5) * cell - (run.width * size) / 2000,
    y: limits.baseline(size),
    hex: run.hex,
  }));
  return { size, lines };
}

function placeParagraphs(field: FieldText, inset: number): { size: number; lines: Line[] } {
  const margin = inset + padding;
  const [innerWidth, innerHeight] = [field.width - 2 * margin, field.height - 2 * margin];
  const font = fontOf(field.fontStyle);
  const lines = field.text.split(/\r\n|[\r\n]/).map((line) => measureLine(line, font));
  const fontSizePt = field.fontSize === 0 ? autoSize : field.fontSize;
  const { text } = layOut({ image: undefined, lines, fontSizePt, font }, innerWidth, innerHeight);
  const size = text?.fontSizePt ?? fontSizePt;
  const placed = (text?.lines ?? []).map(({ x, y, hex }) => ({
    x: margin + x + shift(field, innerWidth, (widthOf(hex, font) * size) / 1000),
    y: margin + y,
    hex,
  }));
  return { size, lines: placed };
}

function fitSize({ fontSize, width, height }: FieldText, limit: number): number {
  const asked = fontSize === 0 ? autoSize : fontSize;
  const size = asked <= limit ? asked : Math.floor(limit / sizeStep) * sizeStep;
  if (size < Math.min(minSize, asked)) {
    const found = `${Math.floor(width)} × ${Math.floor(height)}`;
    throw new PdfError('TEXT_NOT_DRAWABLE', `a field in which the value fits at size ${minSize}`, found);
  }
  return size;
}

function shift({ align }: FieldText, room: number, width: number): number {
  return align === 'left' ? 0 : (room - width) / (align === 'right' ? 1 : 2);
}

/** By font, by the hexadecimal digits of a glyph. */
const widths = new Map<Font, ReadonlyMap<string, number>>();

function widthOf(hex: string, font: Font): number {
  let widthByHex = widths.get(font);
  if (widthByHex === undefined) {
    widthByHex = new Map([...font.glyphs.values()].map((glyph) => [glyph.hex, glyph.width]));
    widths.set(font, widthByHex);
  }
  let width = 0;
  for (let at = 0; at < hex.length; at += 4) {
    width += widthByHex.get(hex.slice(at, at + 4)) ?? 0;
  }
  return width;
}
