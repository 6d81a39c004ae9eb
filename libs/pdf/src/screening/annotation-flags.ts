import { type Dictionary, PdfArray } from '../syntax/values.js';

/** ISO 32000-2, table 167. */
const hidden = 1 << 1;
const print = 1 << 2;
const noView = 1 << 5;

function flagsOf(annotation: Dictionary): number {
  const flags = annotation.get('F');
  return typeof flags === 'number' ? flags : 0;
}

export function isHidden(annotation: Dictionary): boolean {
  return (flagsOf(annotation) & hidden) !== 0;
}

/** Lower left and upper right corner; undefined without an area, where nothing is drawn. */
export function areaOf(annotation: Dictionary): readonly [number, number, number, number] | undefined {
  const rect = annotation.get('Rect');
  const [x1, y1, x2, y2] = rect instanceof PdfArray ? rect.items : [];
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number') {
    return undefined;
  }
  const area = [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)] as const;
  return area[2] > area[0] && area[3] > area[1] ? area : undefined;
}

/** True for an annotation that is seen on the screen or on paper, and not on both. */
export function printsOtherwise(annotation: Dictionary): boolean {
  if (isHidden(annotation) || areaOf(annotation) === undefined) {
    return false;
  }
  const flags = flagsOf(annotation);
  return ((flags & noView) === 0) !== ((flags & print) !== 0);
}
