import { type Dictionary, PdfArray } from '../syntax/values.js';
import type { ObjectView } from './objects.js';

/** A /Rect in default user space, its corners sorted. */
export interface UserRectangle {
  readonly left: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
}

/** /Rect of an annotation (ISO 32000-2, 7.9.5); undefined where it has no area, which makes a widget invisible. */
export async function readRectangle(view: ObjectView, widget: Dictionary): Promise<UserRectangle | undefined> {
  const value = await view.resolve(widget.get('Rect'));
  const items = value instanceof PdfArray ? value.items : [];
  const [x1, y1, x2, y2] = [
    await view.resolve(items[0]),
    await view.resolve(items[1]),
    await view.resolve(items[2]),
    await view.resolve(items[3]),
  ];
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number') {
    return undefined;
  }
  const [width, height] = [Math.abs(x2 - x1), Math.abs(y2 - y1)];
  return width > 0 && height > 0 ? { left: Math.min(x1, x2), bottom: Math.min(y1, y2), width, height } : undefined;
}
