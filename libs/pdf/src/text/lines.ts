import type { Glyph } from './glyphs.js';

/** What stands between a character and the one before it. */
export type Gap = 'none' | 'narrow' | 'wide';

/** A character with the accents that belong to it, in the frame of its writing direction. */
export interface Character {
  text: string;
  /** Along the line, from and to; across it, the baseline; all in points. */
  readonly from: number;
  readonly to: number;
  readonly base: number;
  readonly top: number;
  readonly bottom: number;
  readonly size: number;
  gap: Gap;
}

/** Characters of one line that follow each other without a gap as between columns. */
export interface Segment {
  readonly characters: readonly Character[];
  readonly angle: number;
  readonly from: number;
  readonly to: number;
  readonly base: number;
  readonly size: number;
  /** The segment of the next line that goes on under this one. */
  next: Segment | undefined;
}

/** As shares of the font's size. */
const [sameLine, narrowGap, wideGap, columnGap, sameGlyph] = [0.3, 0.12, 0.6, 3, 0.15];
const [leastLeading, mostLeading] = [0.5, 2.2];
/** Lines looked at for the one that goes on: more than stand within `mostLeading` on any page. */
const linesAhead = 40;

/**
 * Puts the glyphs of a page together as people read them: by direction, in lines from top to bottom, in each line from left to
 * right, whatever the order in which they were drawn. Glyphs drawn twice to look bold count once.
 */
export function pageSegments(glyphs: readonly Glyph[]): Segment[] {
  const byAngle = new Map<number, Glyph[]>();
  for (const glyph of glyphs) {
    const angle = angleOf(glyph);
    byAngle.set(angle, push(byAngle.get(angle), glyph));
  }
  const angles = [...byAngle.keys()].sort((a, b) => a - b);
  return angles.flatMap((angle) => segmentsOf(byAngle.get(angle) ?? [], angle));
}

function push(list: Glyph[] | undefined, glyph: Glyph): Glyph[] {
  if (list === undefined) return [glyph];
  list.push(glyph);
  return list;
}

/** Whole degrees from 0 to 359: turned scans of text are turned by a fraction here and there. */
function angleOf({ advance, up }: Glyph): number {
  const [x, y] = Math.hypot(...advance) > 1e-6 ? advance : [up[1], -up[0]];
  return (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360;
}

function segmentsOf(glyphs: readonly Glyph[], angle: number): Segment[] {
  const characters = withAccents(glyphs.map((glyph) => toCharacter(glyph, angle)).filter(({ size }) => size > 0.1));
  const lines = linesOf(characters);
  const segments = lines.map((line) => splitLine(line, angle));
  for (const [index, line] of segments.entries()) {
    for (const segment of line) segment.next = continuation(segment, segments.slice(index + 1, index + linesAhead));
  }
  return segments.flat();
}

function toCharacter({ text, xPt, yPt, advance, up, down }: Glyph, angle: number): Character {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const along = ([x, y]: readonly [number, number]): number => x * cos + y * sin;
  const across = ([x, y]: readonly [number, number]): number => y * cos - x * sin;
  const [from, base] = [along([xPt, yPt]), across([xPt, yPt])];
  const to = from + along(advance);
  const [top, bottom] = [base + across(up), base + across(down)];
  const clean = text.normalize('NFC').replaceAll(/[\u00ad\u200b-\u200d\ufeff]/g, '');
  return {
    text: clean.replaceAll(/[\ufb00-\ufb06]/g, (ligature) => ligature.normalize('NFKC')),
    from: Math.min(from, to),
    to: Math.max(from, to),
    base,
    top: Math.max(top, bottom),
    bottom: Math.min(top, bottom),
    size: Math.abs(top - bottom),
    gap: 'none',
  };
}

/** Accents that have a place of their own; drawn over a letter they belong to it. */
const spacingAccents: Readonly<Record<string, string>> = { '^': '\u0302', '~': '\u0303', '`': '\u0300', ˆ: '\u0302', '˜': '\u0303', ˋ: '\u0300', ˊ: '\u0301', ʼ: '\u031b', '’': '\u031b' }; // prettier-ignore

function combining(text: string): string | undefined {
  if (/^\p{M}+$/u.test(text)) return text;
  const decomposed = text.normalize('NFKD');
  return /^ \p{M}$/u.test(decomposed) ? decomposed.slice(1) : spacingAccents[text];
}

/** Gives accents that are drawn apart to the letter under or over which they stand: one drawn just before or after. */
function withAccents(characters: readonly Character[]): Character[] {
  const taken = new Set<Character>();
  for (const [index, accent] of characters.entries()) {
    const mark = combining(accent.text);
    if (mark === undefined) continue;
    const around = [-1, 1, -2, 2].map((step) => characters[index + step]);
    const base = around.find((other) => other !== undefined && !taken.has(other) && carries(other, accent));
    const carrier = base ?? (/^\p{M}/u.test(accent.text) ? characters[index - 1] : undefined);
    if (carrier === undefined) continue;
    carrier.text = (carrier.text + mark).normalize('NFC');
    taken.add(accent);
  }
  return characters.filter((character) => !taken.has(character) && character.text !== '');
}

function carries(letter: Character, accent: Character): boolean {
  if (!/^\p{L}/u.test(letter.text) || Math.abs(letter.base - accent.base) > letter.size) return false;
  const width = accent.to - accent.from;
  const overlap = Math.min(letter.to, accent.to) - Math.max(letter.from, accent.from);
  if (width > 0.05 * letter.size) return overlap > 0.5 * Math.min(width, letter.to - letter.from);
  return accent.from >= letter.from - 0.1 * letter.size && accent.from <= letter.to + 0.1 * letter.size;
}

function linesOf(characters: readonly Character[]): Character[][] {
  const lines: Character[][] = [];
  for (const character of [...characters].sort((a, b) => b.base - a.base)) {
    const line = lines.at(-1);
    const first = line?.[0];
    if (
      line !== undefined &&
      first !== undefined &&
      first.base - character.base < sameLine * Math.min(first.size, character.size)
    ) {
      line.push(character);
    } else lines.push([character]);
  }
  return lines;
}

function splitLine(line: readonly Character[], angle: number): Segment[] {
  const groups: Character[][] = [];
  let spaceSeen = false;
  for (const character of [...line].sort((a, b) => a.from - b.from)) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (/^\s+$/u.test(character.text)) {
      spaceSeen = true;
      continue;
    }
    if (group === undefined || before === undefined) {
      groups.push([character]);
    } else if (!isRepeated(group, character)) {
      const distance = character.from - before.to;
      const size = Math.max(before.size, character.size);
      character.gap = spaceSeen || distance > wideGap * size ? 'wide' : distance > narrowGap * size ? 'narrow' : 'none';
      if (distance > columnGap * size) groups.push([character]);
      else group.push(character);
    }
    spaceSeen = false;
  }
  return groups.map((characters) => ({
    characters,
    angle,
    from: characters[0]?.from ?? 0,
    to: Math.max(...characters.slice(-3).map(({ to }) => to)),
    base: characters[0]?.base ?? 0,
    size: characters[0]?.size ?? 0,
    next: undefined,
  }));
}

function isRepeated(group: readonly Character[], { text, from, size }: Character): boolean {
  return group.slice(-3).some((other) => other.text === text && Math.abs(other.from - from) < sameGlyph * size);
}

function continuation(segment: Segment, lines: readonly (readonly Segment[])[]): Segment | undefined {
  let best: Segment | undefined;
  for (const line of lines) {
    for (const candidate of line) {
      const leading = segment.base - candidate.base;
      if (leading > mostLeading * segment.size) return best;
      const overlaps = candidate.from < segment.to && candidate.to > segment.from;
      if (overlaps && leading > leastLeading * segment.size && best === undefined) best = candidate;
    }
  }
  return best;
}
