import type { AppearanceObject } from '../appearance/index.js';

/** The bytes between `N 0 obj\n` and `\nendobj` in a document that isn't encrypted, in parts. */
export function objectBody(object: AppearanceObject): Uint8Array[] {
  return 'data' in object
    ? [
        Buffer.from(`<<${object.entries}/Length ${object.data.length}>>stream\n`),
        object.data,
        Buffer.from('\nendstream'),
      ]
    : [...object.body];
}

export function dataOf(object: AppearanceObject | undefined): Uint8Array | undefined {
  return object !== undefined && 'data' in object ? object.data : undefined;
}
