/**
 * An indirect object: the bytes between `N 0 obj\n` and `\nendobj` in parts; or a stream by the entries of its dictionary
 * without /Length, and its encoded data, which is shared by all documents (an encrypted one encrypts it for itself).
 */
export type AppearanceObject =
  | { readonly objectNumber: number; readonly body: readonly Uint8Array[] }
  | { readonly objectNumber: number; readonly entries: string; readonly data: Uint8Array };

/** PDF syntax outside of strings and streams is ASCII. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** A number in PDF syntax: at most three decimals (1/3 µm), never an exponent (ISO 32000-2, 7.3.3). */
export function number(value: number): string {
  const thousandths = Math.round(value * 1000);
  return Number.isInteger(thousandths / 1000) ? String(thousandths / 1000) : (thousandths / 1000).toFixed(3);
}

/**
 * Turns the appearance against the page's /Rotate, so that it stands upright on the page as displayed. The annotation's
 * /Rect has width and height exchanged at 90 and 270 degrees (ISO 32000-2, 12.5.5, algorithm "Appearance streams").
 */
export function uprightMatrix(place: {
  readonly widthPt: number;
  readonly heightPt: number;
  readonly rotate: 0 | 90 | 180 | 270;
}): string {
  const { widthPt, heightPt, rotate } = place;
  const [width, height] = [number(widthPt), number(heightPt)];
  switch (rotate) {
    case 0:
      return '';
    case 90:
      return `/Matrix[0 1 -1 0 ${height} 0]`;
    case 180:
      return `/Matrix[-1 0 0 -1 ${width} ${height}]`;
    case 270:
      return `/Matrix[0 -1 1 0 0 ${width}]`;
  }
}
