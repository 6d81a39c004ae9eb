import { Buffer } from 'node:buffer';

/** What a generated PDF is made of; object 1 is the catalog, 2 the page tree, 3 the first page. */
export interface MadePdf {
  /** Bodies by object number. */
  readonly objects: ReadonlyMap<number, string>;
  readonly root?: string;
  readonly trailer?: string;
  readonly version?: string;
  /** What the file ends with after `%%EOF`. */
  readonly ending?: string;
}

/** A PDF with a classic cross-reference table. Strings are latin1. */
export function makePdf({ objects, root = '1 0 R', trailer = '', version = '1.7', ending = '\n' }: MadePdf): Buffer {
  let text = `%PDF-${version}\n%\xe2\xe3\xcf\xd3\n`;
  const offsets = new Map<number, number>();
  for (const [objectNumber, body] of objects) {
    offsets.set(objectNumber, text.length);
    text += `${objectNumber} 0 obj\n${body}\nendobj\n`;
  }
  const size = Math.max(...objects.keys()) + 1;
  const start = text.length;
  text += `xref\n0 ${size}\n0000000000 65535 f \n`;
  for (let objectNumber = 1; objectNumber < size; objectNumber += 1) {
    const offset = offsets.get(objectNumber);
    text += offset === undefined ? '0000000000 00000 f \n' : `${String(offset).padStart(10, '0')} 00000 n \n`;
  }
  text += `trailer\n<< /Size ${size} /Root ${root} ${trailer} >>\nstartxref\n${start}\n%%EOF${ending}`;
  return Buffer.from(text, 'latin1');
}

/** Appends a revision with a classic table, as another tool would write it. */
export function appendRevision(
  original: Buffer,
  objects: ReadonlyMap<number, string>,
  options: { readonly trailer?: string; readonly size?: number; readonly freed?: readonly number[] } = {},
): Buffer {
  const before = original.toString('latin1');
  const previous =
    before
      .slice(before.lastIndexOf('startxref') + 9)
      .trim()
      .split(/\s/)[0] ?? '0';
  const sizes = [...before.matchAll(/\/Size (\d+)/g)].map(([, size]) => Number(size));
  let text = before;
  let table = '';
  for (const [objectNumber, body] of objects) {
    table += `${objectNumber} 1\n${String(text.length).padStart(10, '0')} 00000 n \n`;
    text += `${objectNumber} 0 obj\n${body}\nendobj\n`;
  }
  for (const objectNumber of options.freed ?? []) {
    table += `${objectNumber} 1\n0000000000 00001 f \n`;
  }
  const size = options.size ?? Math.max(...sizes, ...[...objects.keys()].map((objectNumber) => objectNumber + 1));
  const root = /\/Root (\d+ \d+ R)/.exec(before)?.[1] ?? '1 0 R';
  const start = text.length;
  text += `xref\n${table}trailer\n<< /Size ${size} /Root ${root} /Prev ${previous} ${options.trailer ?? ''} >>\n`;
  text += `startxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/**
 * A hybrid-reference file (ISO 32000-2, 7.5.8.4): the objects of `hidden` stand in an object stream and are free in the
 * table; /XRefStm says where they are. `extra` entries go into the object stream's dictionary, `encode` is its filter.
 */
export function hybridPdf(
  objects: ReadonlyMap<number, string>,
  hidden: readonly number[],
  extra = '',
  encode: (data: string) => string = (data) => data,
): Buffer {
  const visible = new Map([...objects].filter(([objectNumber]) => !hidden.includes(objectNumber)));
  const container = Math.max(...objects.keys()) + 1;
  let header = '';
  let body = '';
  const rows = Buffer.alloc((container + 1) * 4);
  for (const [index, objectNumber] of hidden.entries()) {
    header += `${objectNumber} ${body.length} `;
    body += `${objects.get(objectNumber) ?? 'null'} `;
    rows.set([2, container >> 8, container & 0xff, index], objectNumber * 4);
  }
  const entries = `/Type /ObjStm /N ${hidden.length} /First ${header.length} ${extra}`;
  visible.set(container, stream(encode(header + body), entries));
  const plain = makePdf({ objects: visible }).toString('latin1');
  const offset = plain.indexOf(`\n${container} 0 obj`) + 1;
  rows.set([1, offset >> 8, offset & 0xff, 0], container * 4);
  const hiding = stream(rows.toString('latin1'), `/Type /XRef /Size ${container + 1} /W [1 2 1]`);
  const [head = '', tail = ''] = plain.split(/(?=xref\n0 )/);
  const moved = `${container + 1} 0 obj\n${hiding}\nendobj\n`;
  const trailer = tail
    .replace('/Root', `/XRefStm ${head.length} /Root`)
    .replace(/startxref\n\d+/, `startxref\n${head.length + moved.length}`);
  return Buffer.from(head + moved + trailer, 'latin1');
}

/** A body of a stream object. */
export function stream(data: string, entries = ''): string {
  return `<< /Length ${data.length} ${entries} >>\nstream\n${data}\nendstream`;
}

/** `count` pages with a line of text on each; `page` and `catalog` are added to the first page and to the catalog. */
export function simpleObjects(
  options: { readonly count?: number; readonly page?: string; readonly catalog?: string; readonly box?: string } = {},
): Map<number, string> {
  const { count = 1, page = '', catalog = '', box = '0 0 595 842' } = options;
  const kids = Array.from({ length: count }, (_, index) => `${3 + index * 2} 0 R`).join(' ');
  const objects = new Map<number, string>([
    [1, `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`],
    [2, `<< /Type /Pages /Count ${count} /Kids [${kids}] /MediaBox [${box}] >>`],
  ]);
  const font = '<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>';
  for (let index = 0; index < count; index += 1) {
    const own = index === 0 ? page : '';
    const contents = 4 + index * 2;
    objects.set(3 + index * 2, `<< /Type /Page /Parent 2 0 R /Contents ${contents} 0 R /Resources ${font} ${own} >>`);
    objects.set(contents, stream(`BT /F1 24 Tf 72 700 Td (Page ${index + 1}) Tj ET`));
  }
  return objects;
}

/** One page, classic table. */
export function simplePdf(options: Parameters<typeof simpleObjects>[0] & Omit<MadePdf, 'objects'> = {}): Buffer {
  return makePdf({ ...options, objects: simpleObjects(options) });
}
