import { type AppearanceObject, fontObjects } from '../appearance/index.js';
import type { FontStyle } from '../types.js';
import type { Increment } from './increment.js';

export function addAppearanceObjects(increment: Increment, objects: readonly AppearanceObject[]): void {
  for (const object of objects) {
    if ('data' in object) {
      increment.addStream(object.objectNumber, object.entries, object.data);
    } else {
      increment.add(object.objectNumber, object.body);
    }
  }
}

/** Gives the number of the embedded font of a style, which comes into the increment when it is first asked for. */
export function sharedFont(increment: Increment): (style?: FontStyle) => number {
  const known = new Map<FontStyle, number>();
  return (style = 'upright') => {
    let fontRef = known.get(style);
    if (fontRef === undefined) {
      const built = fontObjects(increment.allocate, style);
      addAppearanceObjects(increment, built.objects);
      fontRef = built.fontRef;
      known.set(style, fontRef);
    }
    return fontRef;
  };
}
