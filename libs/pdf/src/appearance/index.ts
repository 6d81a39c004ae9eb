/** What a visible signature shows: image, Vietnamese text, or both, as the objects of a form XObject. */
export { colorOperator, createAppearance } from './appearance.js';
export type { AppearanceObjects, AppearancePlace } from './appearance.js';
export type { Masking } from './image-objects.js';
export { fontObjects } from './font-objects.js';
export { assertDrawable } from './font.js';
export { latin1, number, uprightMatrix } from './pdf-syntax.js';
export type { AppearanceObject } from './pdf-syntax.js';
export { inspectPng } from './png-chunks.js';
export { drawFieldText } from './text-field.js';
export type { FieldText } from './text-field.js';
