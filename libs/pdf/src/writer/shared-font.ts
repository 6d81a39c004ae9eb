import { type AppearanceObject, fontObjects } from '../appearance/index.js';
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

/** Gives the number of the embedded font, which comes into the increment when it is first asked for. */
export function sharedFont(increment: Increment): () => number {
  let known: number | undefined;
  return () => {
    if (known === undefined) {
      const { objects, fontRef } = fontObjects(increment.allocate);
      addAppearanceObjects(increment, objects);
      known = fontRef;
    }
    return known;
  };
}
