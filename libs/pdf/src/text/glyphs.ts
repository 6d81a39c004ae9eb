import { PdfError } from '../errors.js';
import { ofPage, type Matrix, type PdfjsFont, type PdfjsPage } from '../pdfjs/pdfjs.js';

/** One glyph on the page as displayed, in points from its lower left corner. */
export interface Glyph {
  readonly text: string;
  /** Origin on the baseline. */
  readonly xPt: number;
  readonly yPt: number;
  /** To the origin's place after the glyph, without any spacing. */
  readonly advance: readonly [number, number];
  /** From the baseline to the top and to the bottom of the font. */
  readonly up: readonly [number, number];
  readonly down: readonly [number, number];
}

/** More glyphs than any page that people read; against content streams that write for ever. */
const maxGlyphs = 300_000;
const maxSaved = 10_000;

interface PdfjsGlyph {
  readonly unicode: string;
  readonly width: number;
  readonly isSpace: boolean;
  readonly vmetric?: readonly [number, number, number] | null;
}

interface State {
  ctm: Matrix;
  textMatrix: Matrix;
  font: PdfjsFont | undefined;
  size: number;
  charSpacing: number;
  wordSpacing: number;
  hScale: number;
  leading: number;
  rise: number;
  x: number;
  y: number;
  lineX: number;
  lineY: number;
}

const identity: Matrix = [1, 0, 0, 1, 0, 0];

export function multiply(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

/** Optional content that isn't shown (ISO 32000-2, 8.11) is no place for anybody to sign at. */
export interface Visibility {
  isVisible(group: unknown): boolean;
}

/**
 * Every glyph that a page draws, annotations included, in the order of drawing (ISO 32000-2, 9.4). Invisible text counts: scans
 * carry what was recognised in them as such. Throws PdfError LIMIT_EXCEEDED.
 */
export async function pageGlyphs(
  page: PdfjsPage,
  OPS: Readonly<Record<string, number>>,
  visibility: Visibility,
): Promise<Glyph[]> {
  const { transform, height } = page.getViewport({ scale: 1 });
  // pdfjs counts from the upper left corner.
  const base = multiply([1, 0, 0, -1, 0, height], transform);
  const { fnArray, argsArray } = await ofPage(page.getOperatorList({ annotationMode: 1 }));
  const reader = new TextReader(page, base, visibility);
  const names = new Map(Object.entries(OPS).map(([name, code]) => [code, name]));
  for (const [index, code] of fnArray.entries()) reader.run(names.get(code) ?? '', argsArray[index] ?? []);
  return reader.glyphs;
}

class TextReader {
  readonly glyphs: Glyph[] = [];
  private state: State;
  private saved: State[] = [];
  private readonly marked: boolean[] = [];

  constructor(
    private readonly page: PdfjsPage,
    private readonly base: Matrix,
    private readonly visibility: Visibility,
  ) {
    this.state = startState(base);
  }

  run(operator: string, args: unknown[]): void {
    const s = this.state;
    const at = (index: number): number => Number(args[index]);
    switch (operator) {
      case 'save':
      case 'beginGroup':
        return this.save();
      case 'restore':
      case 'endGroup':
      case 'paintFormXObjectEnd':
        this.state = this.saved.pop() ?? s;
        return;
      case 'paintFormXObjectBegin':
        this.save();
        return this.transform(args[0]);
      case 'transform':
        return this.transform(args);
      case 'beginAnnotation':
        this.saved = [];
        this.state = startState(this.base);
        this.transform(args[2]);
        return this.transform(args[3]);
      case 'beginText':
        s.textMatrix = identity;
        s.x = s.y = s.lineX = s.lineY = 0;
        return;
      case 'setCharSpacing':
        s.charSpacing = at(0);
        return;
      case 'setWordSpacing':
        s.wordSpacing = at(0);
        return;
      case 'setHScale':
        s.hScale = at(0) / 100;
        return;
      case 'setLeading':
        s.leading = -at(0);
        return;
      case 'setTextRise':
        s.rise = at(0);
        return;
      case 'setFont':
        return this.setFont(args[0], args[1]);
      case 'setGState':
        for (const [key, value] of args[0] as [string, unknown][]) {
          if (key === 'Font') this.setFont((value as unknown[])[0], (value as unknown[])[1]);
        }
        return;
      case 'setTextMatrix':
        s.textMatrix = matrixOf(args[0]) ?? matrixOf(args) ?? identity;
        s.x = s.y = s.lineX = s.lineY = 0;
        return;
      case 'moveText':
        return this.move(at(0), at(1));
      case 'setLeadingMoveText':
        s.leading = at(1);
        return this.move(at(0), at(1));
      case 'nextLine':
        return this.move(0, s.leading);
      case 'beginMarkedContent':
        this.marked.push(true);
        return;
      case 'beginMarkedContentProps':
        this.marked.push(args[0] !== 'OC' || this.visibility.isVisible(args[1]));
        return;
      case 'endMarkedContent':
        this.marked.pop();
        return;
      case 'showText':
        return this.show(args[0] as (PdfjsGlyph | number)[]);
      default:
    }
  }

  private save(): void {
    if (this.saved.length >= maxSaved) throw new PdfError('LIMIT_EXCEEDED', `at most ${maxSaved} saved states`, 'more');
    this.saved.push({ ...this.state });
  }

  private transform(value: unknown): void {
    const matrix = matrixOf(value);
    if (matrix !== undefined) this.state.ctm = multiply(this.state.ctm, matrix);
  }

  private setFont(name: unknown, size: unknown): void {
    this.state.font = this.page.commonObjs.has(String(name)) ? this.page.commonObjs.get(String(name)) : undefined;
    this.state.size = Number(size);
  }

  private move(x: number, y: number): void {
    const s = this.state;
    s.x = s.lineX += x;
    s.y = s.lineY += y;
  }

  private show(items: readonly (PdfjsGlyph | number)[]): void {
    const s = this.state;
    const font = s.font ?? {};
    const vertical = font.vertical === true;
    const visible = this.marked.every(Boolean);
    const unit = (font.fontMatrix ?? [0.001])[0] * s.size;
    const [ascent, descent] = extent(font);
    const matrix = multiply(s.ctm, s.textMatrix);
    for (const item of items) {
      if (typeof item === 'number') {
        if (vertical) s.y -= (item * s.size) / 1000;
        else s.x -= ((item * s.size) / 1000) * s.hScale;
        continue;
      }
      const spacing = s.charSpacing + (item.isSpace ? s.wordSpacing : 0);
      const width = vertical ? 0 : item.width * unit * s.hScale;
      const fall = vertical ? (item.vmetric?.[0] ?? -1000) * unit : 0;
      if (visible && item.unicode !== '') {
        if (this.glyphs.length >= maxGlyphs) {
          throw new PdfError('LIMIT_EXCEEDED', `at most ${maxGlyphs} glyphs on a page`, 'more');
        }
        const [, , , , xPt, yPt] = multiply(matrix, [1, 0, 0, 1, s.x, s.y + s.rise]);
        const vector = (x: number, y: number): [number, number] => [
          matrix[0] * x + matrix[2] * y,
          matrix[1] * x + matrix[3] * y,
        ];
        this.glyphs.push({
          text: item.unicode,
          xPt,
          yPt,
          advance: vertical ? vector(0, fall) : vector(width, 0),
          up: vertical ? vector(s.size / 2, 0) : vector(0, ascent * s.size),
          down: vertical ? vector(-s.size / 2, 0) : vector(0, descent * s.size),
        });
      }
      if (vertical) s.y += fall - spacing;
      else s.x += width + spacing * s.hScale;
    }
  }
}

function startState(base: Matrix): State {
  return {
    ctm: base,
    textMatrix: identity,
    font: undefined,
    size: 0,
    charSpacing: 0,
    wordSpacing: 0,
    hScale: 1,
    leading: 0,
    rise: 0,
    x: 0,
    y: 0,
    lineX: 0,
    lineY: 0,
  };
}

/** Fonts state anything; what no letter can have becomes what most have. */
function extent({ ascent, descent }: PdfjsFont): readonly [number, number] {
  const top = ascent !== undefined && ascent > 0.3 && ascent < 1.5 ? ascent : 0.9;
  const bottom = descent !== undefined && descent <= 0 && descent > -0.8 ? descent : -0.2;
  return [top, bottom];
}

function matrixOf(value: unknown): Matrix | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const numbers = Array.from(value as ArrayLike<unknown>).map(Number);
  return numbers.length === 6 && numbers.every(Number.isFinite) ? (numbers as unknown as Matrix) : undefined;
}
