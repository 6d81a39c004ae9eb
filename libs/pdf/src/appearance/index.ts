/** What a visible signature shows: image, Vietnamese text, or both, as the objects of a form XObject. */
export { createAppearance } from './appearance.js';
export type { AppearanceObjects, AppearancePlace } from './appearance.js';
export type { Masking } from './image-objects.js';
export { assertDrawable } from './font.js';
export type { AppearanceObject } from './pdf-syntax.js';
export { inspectPng } from './png-chunks.js';
