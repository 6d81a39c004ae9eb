/** An indirect object: the bytes between `N 0 obj\n` and `\nendobj`, in parts, of which the big ones are shared. */
export interface AppearanceObject {
  readonly objectNumber: number;
  readonly body: readonly Uint8Array[];
}

/** PDF syntax outside of strings and streams is ASCII. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** A stream object (ISO 32000-2, 7.3.8): `entries` of its dictionary without /Length, and the encoded data. */
export function streamBody(entries: string, data: Uint8Array): Uint8Array {
  return Buffer.concat([...streamParts(entries, data)]);
}

/** The same in parts, with `data` shared rather than copied. */
export function streamParts(entries: string, data: Uint8Array): readonly Uint8Array[] {
  return [latin1(`<<${entries}/Length ${data.length}>>stream\n`), data, endOfStream];
}
const endOfStream = latin1('\nendstream');

/** A number in PDF syntax: at most three decimals (1/3 µm), never an exponent (ISO 32000-2, 7.3.3). */
export function number(value: number): string {
  const thousandths = Math.round(value * 1000);
  return Number.isInteger(thousandths / 1000) ? String(thousandths / 1000) : (thousandths / 1000).toFixed(3);
}
