/**
 * What a document can hold that makes it show, do or become something else than what a signer looked at.
 *
 * - `script`: ECMAScript in an action, the name tree /JavaScript or a rendition (ISO 32000-2, 12.6.4.17).
 * - `launch`: an action that starts a program or opens a file (12.6.4.6).
 * - `submit-form`: an action that sends the form away (12.7.6.2). `import-data`: one that fills it from a file (12.7.6.4).
 * - `outside-link`: a link to another file, or a URI that is neither http, https, mailto nor tel (12.6.4.3, 12.6.4.8).
 * - `view-action`: an action that hides or shows annotations or layers (12.6.4.11, 12.6.4.13).
 * - `multimedia`: Movie, Sound, Screen, 3D and RichMedia annotations, and actions that play them (clause 13).
 * - `xfa`: a form that some readers build from XML in place of the pages (12.7.8).
 * - `portfolio`: /Collection: readers show embedded files in place of the pages (7.11.6).
 * - `open-form-field`: a field that anyone can fill in after signing without breaking the signature (12.7.4).
 * - `generated-appearance`: /NeedAppearances: each reader draws the fields anew (12.7.3).
 * - `hidden-layer`: optional content that is off at first, or that hangs on zoom, language or user (8.11).
 * - `screen-print-difference`: a layer, annotation, field or image that is on the screen or on paper, not on both.
 * - `annotation`: a stamp, text box, drawing or other annotation with a look of its own above the page (12.5.6).
 * - `annotation-over-signature`: one that is drawn above a filled signature field.
 * - `embedded-file`: embedded, attached or associated files (7.11.4, 12.5.6.15, 14.13).
 * - `external-content`: content that is read from another file: stream /F, reference XObjects, OPI (7.3.8.2, 8.10.4).
 * - `shadow-object`: an object that stands twice in one revision, or a catalog that no trailer names: the prepared half of
 *   the published shadow attacks.
 * - `unreferenced-page`: a page or page tree node outside of the page tree of every revision.
 * - `unlisted-object`: an object in the file that no cross-reference section speaks of.
 * - `hybrid`: a cross-reference table with /XRefStm, of which two readers may see two documents (7.5.8.4).
 * - `unlisted-update`: an update, or cross-reference data, that the newest trailer does not lead to.
 * - `stray-bytes`: other bytes behind the last `%%EOF`.
 * - `ambiguous-dictionary`: a key stands twice in the catalog, the form, a page or an annotation: readers choose differently.
 * - `not-screened`: a part that could not be read, or lies beyond a limit.
 */
export const screeningKinds = [
  'script',
  'launch',
  'submit-form',
  'import-data',
  'outside-link',
  'view-action',
  'multimedia',
  'xfa',
  'portfolio',
  'open-form-field',
  'generated-appearance',
  'hidden-layer',
  'screen-print-difference',
  'annotation',
  'annotation-over-signature',
  'embedded-file',
  'external-content',
  'shadow-object',
  'unreferenced-page',
  'unlisted-object',
  'hybrid',
  'unlisted-update',
  'stray-bytes',
  'ambiguous-dictionary',
  'not-screened',
] as const;

/** One of `screeningKinds`. */
export type ScreeningKind = (typeof screeningKinds)[number];

/** All occurrences of one thing in a document. */
export interface ScreeningFinding {
  readonly kind: ScreeningKind;
  /** What it is, in English; one of a fixed set of sentences, never text of the document. */
  readonly detail: string;
  /** The first occurrence's object, where it is one. */
  readonly objectNumber?: number;
  /** The first occurrence's page; 1 is the first page. */
  readonly page?: number;
  /** How many there are, at least 1. */
  readonly count: number;
}
