/** Spoils a sound file in one way; gives it back as it was where it has nothing of the kind. */
export type Fault = (pdf: Buffer) => Buffer;

const text = (pdf: Buffer): string => pdf.toString('latin1');
const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');
const edit =
  (change: (value: string) => string): Fault =>
  (pdf) =>
    bytes(change(text(pdf)));

/** Where the last cross-reference section of a classic file, or the object of one's stream, begins. */
function lastSection(pdf: Buffer): number {
  const value = text(pdf);
  const table = value.lastIndexOf('\nxref');
  const stream = value.lastIndexOf('/Type /XRef');
  return Math.max(table + 1, stream < 0 ? 0 : value.lastIndexOf('\n', value.lastIndexOf(' obj', stream)) + 1);
}

/** Faults that files in the field have, by what a person would call them. Streams may be binary. */
export const faults: Readonly<Record<string, Fault>> = {
  'cut off in the last line': (pdf) => pdf.subarray(0, -4),
  'cut off before startxref': (pdf) => pdf.subarray(0, pdf.lastIndexOf('startxref')),
  'cut off within the cross-reference data': (pdf) => pdf.subarray(0, lastSection(pdf) + 60),
  'cut off before the cross-reference data': (pdf) => pdf.subarray(0, lastSection(pdf)),
  'shifted by a comment behind the header': (pdf) => {
    const at = pdf.indexOf('\n') + 1;
    return Buffer.concat([pdf.subarray(0, at), bytes('% put in by a gateway for mail\n'), pdf.subarray(at)]);
  },
  'shifted in the middle': (pdf) => {
    const at = pdf.indexOf('endobj', pdf.length / 3) + 6;
    return Buffer.concat([pdf.subarray(0, at), bytes('\n\n% three\n\n\n'), pdf.subarray(at)]);
  },
  'a startxref to nowhere': edit((value) => value.replace(/startxref\s+\d+(?=\s+%%EOF\s*$)/, 'startxref\n99999999')),
  'a startxref of 0': edit((value) => value.replace(/startxref\s+\d+(?=\s+%%EOF\s*$)/, 'startxref\n0')),
  'a startxref that is a little off': edit((value) =>
    value.replace(/startxref\s+(\d+)(?=\s+%%EOF\s*$)/, (_, offset) => `startxref\n${Number(offset) + 7}`),
  ),
  'no startxref': edit((value) => value.replace(/startxref\s+\d+\s+%%EOF\s*$/, '%%EOF\n')),
  'offsets of zeros': edit((value) => value.replaceAll(/\d{10} 00000 n/g, '0000000000 00000 n')),
  'offsets of nines': edit((value) => value.replaceAll(/\d{10} 00000 n/g, '9999999999 00000 n')),
  'cross-reference data that is noise': (pdf) => {
    const at = lastSection(pdf);
    const end = pdf.lastIndexOf('startxref');
    const noise = Buffer.from(pdf.subarray(at, end)).map((_, index) => 0x61 + (index % 26));
    return Buffer.concat([pdf.subarray(0, at), noise, bytes('\n'), pdf.subarray(end)]);
  },
  'three kilobytes of rubbish behind it': (pdf) => Buffer.concat([pdf, bytes('rubbish '.repeat(400))]),
  'objects on one line': edit((value) => value.replaceAll('endobj\n', 'endobj ').replaceAll('>>\nendobj', '>>endobj')),
  'no endobj': edit((value) => value.replaceAll(/(>>|\])\s*endobj\n/g, '$1\n')),
  'streams with a /Length too short': edit((value) => wrongLengths(value, () => 3)),
  'streams with a /Length too long': edit((value) => wrongLengths(value, (length) => length + 9000)),
  'an older copy of each object in front': (pdf) => {
    const at = pdf.indexOf('\n', 9) + 1;
    const old = bytes('3 0 obj\n<< /Type /Page /Old true >>\nendobj\n2 0 obj\n(old)\nendobj\n');
    return Buffer.concat([pdf.subarray(0, at), old, pdf.subarray(at)]);
  },
};

/** Of plain streams only: a wrong /Length of cross-reference data is another fault. The offsets are off with it. */
function wrongLengths(value: string, change: (length: number) => number): string {
  return value.replaceAll(/\/Length (\d+)(?= )/g, (_, length) => `/Length ${change(Number(length))}`);
}
