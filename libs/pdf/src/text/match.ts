import type { Rectangle } from '../types.js';
import type { Character, Gap, Segment } from './lines.js';

/** How a text is looked for. */
export interface MatchOptions {
  /** Default false: NGUYỄN is found as Nguyễn. */
  readonly caseSensitive?: boolean;
  /** Default true: no letter or digit directly before or after. */
  readonly wholeWords?: boolean;
}

/** One line of a place. */
export interface PlaceLine {
  readonly text: string;
  readonly rectangle: Rectangle;
}

/** Where a text stands on a page. */
export interface MatchedPlace {
  /** The text as the page has it, NFC, lines joined by a space. */
  readonly text: string;
  /** Around all lines. */
  readonly rectangle: Rectangle;
  readonly lines: readonly PlaceLine[];
}

/** One code point on the way through a segment and those that go on from it. */
interface Step {
  readonly text: string;
  readonly character: Character;
  readonly segment: Segment;
  readonly gap: Gap | 'line';
}

/** A name goes over two lines, at most three. */
const maxLines = 3;

/** All places of the text, in reading order. */
export function matchText(segments: readonly Segment[], query: string, options: MatchOptions): MatchedPlace[] {
  const fold = (text: string): string => (options.caseSensitive === true ? text : text.toLowerCase());
  const words = fold(query.normalize('NFC')).split(/\s+/u).filter(Boolean).map((word) => Array.from(word)); // prettier-ignore
  const wholeWords = options.wholeWords !== false;
  const places: MatchedPlace[] = [];
  const first = words[0]?.[0];
  if (first === undefined) return places;
  for (const segment of segments) {
    const steps = stepsFrom(segment, fold);
    const own = steps.findIndex((step) => step.segment !== segment);
    const ownEnd = own === -1 ? steps.length : own;
    for (let start = 0; start < ownEnd; start += 1) {
      if (steps[start]?.text !== first) continue;
      const end = matchAt(steps, start, words);
      if (end === undefined || (wholeWords && !standsAlone(steps, start, end))) continue;
      places.push(placeOf(steps.slice(start, end)));
      start = Math.min(end, ownEnd) - 1;
    }
  }
  return places;
}

function stepsFrom(segment: Segment, fold: (text: string) => string): Step[] {
  const steps: Step[] = [];
  let current: Segment | undefined = segment;
  for (let line = 0; line < maxLines && current !== undefined; line += 1) {
    for (const [index, character] of current.characters.entries()) {
      const gap = index > 0 ? character.gap : 'line';
      for (const [place, text] of Array.from(fold(character.text)).entries()) {
        steps.push({ text, character, segment: current, gap: place > 0 ? 'none' : gap });
      }
    }
    current = current.next;
  }
  return steps;
}

/** Index behind the last step; undefined: not here. */
function matchAt(steps: readonly Step[], start: number, words: readonly (readonly string[])[]): number | undefined {
  let at = start;
  for (const [number, word] of words.entries()) {
    if (number > 0 && steps[at]?.gap === 'none') return undefined;
    let [wide, close] = [false, false];
    for (const [place, letter] of word.entries()) {
      const step = steps[at + place];
      if (step?.text !== letter) return undefined;
      if (place === 0) continue;
      if (step.gap === 'line') return undefined;
      if (step.gap === 'wide') wide = true;
      if (step.gap === 'none') close = true;
    }
    // Letters that are spaced out are so throughout the word; else the gap is between two words that happen to follow.
    if (wide && close) return undefined;
    at += word.length;
  }
  return at;
}

function standsAlone(steps: readonly Step[], start: number, end: number): boolean {
  const isWord = (step: Step | undefined): boolean => step !== undefined && /[\p{L}\p{N}]/u.test(step.text);
  const before = steps[start]?.gap === 'none' && isWord(steps[start - 1]) && isWord(steps[start]);
  const after = steps[end]?.gap === 'none' && isWord(steps[end]) && isWord(steps[end - 1]);
  return !before && !after;
}

function placeOf(steps: readonly Step[]): MatchedPlace {
  const bySegment = new Map<Segment, Character[]>();
  for (const { segment, character } of steps) {
    const list = bySegment.get(segment) ?? [];
    if (list.at(-1) !== character) list.push(character);
    bySegment.set(segment, list);
  }
  const lines = [...bySegment].map(([segment, characters]) => ({
    text: characters.map(({ gap, text }, index) => (index > 0 && gap !== 'none' ? ' ' : '') + text).join(''),
    rectangle: rectangleOf(characters, segment.angle),
  }));
  return { text: lines.map(({ text }) => text).join(' '), rectangle: union(lines), lines };
}

/** Around the characters, from the frame of their direction back to the page. */
function rectangleOf(characters: readonly Character[], angle: number): Rectangle {
  const [from, to] = [Math.min(...characters.map((c) => c.from)), Math.max(...characters.map((c) => c.to))];
  const [bottom, top] = [Math.min(...characters.map((c) => c.bottom)), Math.max(...characters.map((c) => c.top))];
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const corners = [from, to].flatMap((s) => [bottom, top].map((t) => [s * cos - t * sin, s * sin + t * cos] as const));
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [xPt, yPt] = [Math.min(...xs), Math.min(...ys)];
  return { xPt, yPt, widthPt: Math.max(...xs) - xPt, heightPt: Math.max(...ys) - yPt };
}

function union(lines: readonly PlaceLine[]): Rectangle {
  const rectangles = lines.map(({ rectangle }) => rectangle);
  const [xPt, yPt] = [Math.min(...rectangles.map((r) => r.xPt)), Math.min(...rectangles.map((r) => r.yPt))];
  const right = Math.max(...rectangles.map((r) => r.xPt + r.widthPt));
  const top = Math.max(...rectangles.map((r) => r.yPt + r.heightPt));
  return { xPt, yPt, widthPt: right - xPt, heightPt: top - yPt };
}
