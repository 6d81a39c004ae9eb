import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deflateSync } from 'node:zlib';
import { bufferSource, completeSignature, PdfDocument, prepareSignature } from '@kyso/pdf';

const header = '%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n';

/** One page with an uncompressed image of `imageBytes` zeros, of which the disk holds nothing: the file is sparse. */
export async function makeSparseInput(file: string, imageBytes: number): Promise<void> {
  if (await isThere(file)) return;
  const offsets: number[] = [];
  let text = header;
  for (const [index, body] of [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 595.28 841.89] >>',
    '<< /Type /Page /Parent 2 0 R /Resources << /XObject << /Im0 4 0 R >> >> >>',
  ].entries()) {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${body}\nendobj\n`;
  }
  offsets.push(text.length);
  const image = `/Type /XObject /Subtype /Image /Width 1000 /Height ${imageBytes / 1000} /ColorSpace /DeviceGray`;
  text += `4 0 obj\n<< ${image} /BitsPerComponent 8 /Length ${imageBytes} >>\nstream\n`;
  const startXref = text.length + imageBytes + '\nendstream\nendobj\n'.length;
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const tail =
    `\nendstream\nendobj\nxref\n0 5\n0000000000 65535 f \n${entries}` +
    `trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n${startXref}\n%%EOF\n`;
  const handle = await open(file, 'w');
  try {
    await handle.write(Buffer.from(text, 'latin1'), 0, undefined, 0);
    await handle.write(Buffer.from(tail, 'latin1'), 0, undefined, text.length + imageBytes);
  } finally {
    await handle.close();
  }
}

/** `base` with `count` invisible signatures, each in an increment of its own; their CMS is zeros, which nobody reads here. */
export async function makeSignedInput(file: string, base: string, count: number): Promise<void> {
  if (await isThere(file)) return;
  const cms = Buffer.alloc(2_200);
  let bytes: Buffer = await readFile(base);
  for (let number = 1; number <= count; number++) {
    const document = await PdfDocument.open(bufferSource(bytes));
    const claims = { fieldName: `Earlier${number}`, reservedBytes: cms.length, signingTime: new Date(0) };
    bytes = Buffer.concat([bytes, completeSignature(await prepareSignature(document, claims), cms)]);
  }
  await writeFile(file, bytes);
}

/** Every object in object streams of 100, with a cross-reference stream (ISO 32000-2, 7.5.7 and 7.5.8). */
export async function makeObjectStreamInput(file: string, pages: number): Promise<void> {
  if (await isThere(file)) return;
  const perStream = 100;
  const kids = Array.from({ length: pages }, (_, index) => `${3 + index} 0 R`).join(' ');
  const bodies = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages} /MediaBox [0 0 595.28 841.89] /Kids [${kids}] >>`,
    ...Array.from({ length: pages }, () => '<< /Type /Page /Parent 2 0 R /Resources << >> >>'),
  ];
  const streams = Math.ceil(bodies.length / perStream);
  const xrefNumber = bodies.length + streams + 1;
  const rows = Buffer.alloc((xrefNumber + 1) * 7);
  const row = (number: number, type: number, second: number, third: number): void => {
    rows.writeUInt8(type, number * 7);
    rows.writeUInt32BE(second, number * 7 + 1);
    rows.writeUInt16BE(third, number * 7 + 5);
  };
  const parts: Buffer[] = [Buffer.from(header, 'latin1')];
  let position = parts[0]?.length ?? 0;
  const put = (head: string, data: Buffer): void => {
    const part = Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream\nendobj\n')]);
    parts.push(part);
    position += part.length;
  };
  for (let stream = 0; stream < streams; stream++) {
    const number = bodies.length + 1 + stream;
    const members = bodies.slice(stream * perStream, (stream + 1) * perStream);
    let at = 0;
    const index = members.map((body, member) => {
      row(stream * perStream + member + 1, 2, number, member);
      const entry = `${stream * perStream + member + 1} ${at}`;
      at += body.length + 1;
      return entry;
    });
    const first = `${index.join(' ')}\n`;
    const data = deflateSync(Buffer.from(`${first}${members.join('\n')}\n`));
    row(number, 1, position, 0);
    const entries = `/Type /ObjStm /N ${members.length} /First ${first.length} /Filter /FlateDecode`;
    put(`${number} 0 obj\n<< ${entries} /Length ${data.length} >>\nstream\n`, data);
  }
  row(xrefNumber, 1, position, 0);
  const startXref = position;
  const data = deflateSync(rows);
  const entries = `/Type /XRef /Size ${xrefNumber + 1} /W [1 4 2] /Root 1 0 R /Filter /FlateDecode`;
  put(`${xrefNumber} 0 obj\n<< ${entries} /Length ${data.length} >>\nstream\n`, data);
  parts.push(Buffer.from(`startxref\n${startXref}\n%%EOF\n`));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.concat(parts));
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
