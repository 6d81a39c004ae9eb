import { describe, expect, it } from '@jest/globals';
import { deflateSync } from 'node:zlib';
import { bufferSource, findModifications, PdfDocument, screenPdf, type ScreeningFinding } from '../index.js';
import { appendRevision, hybridPdf, makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { open, sign } from '../testing/signing.js';

const screen = async (pdf: Buffer): Promise<ScreeningFinding[]> => screenPdf(await open(pdf));
const found = async (pdf: Buffer): Promise<string[]> =>
  (await screen(pdf)).map(({ kind, detail }) => `${kind}: ${detail}`);

/** A second body of `objectNumber` right in front of the cross-reference table, which does not list it. */
function withSecondBody(
  pdf: Buffer,
  objectNumber: number,
  body: string,
): { readonly pdf: Buffer; readonly at: number } {
  const text = pdf.toString('latin1');
  const at = text.lastIndexOf('xref\n0 ');
  const added = `${objectNumber} 0 obj\n${body}\nendobj\n`;
  const moved = text.slice(0, at) + added + text.slice(at).replace(/startxref\n\d+/, `startxref\n${at + added.length}`);
  return { pdf: Buffer.from(moved, 'latin1'), at };
}

/** The attacker's update: only a table that leads an object to another place. */
function redirect(pdf: Buffer, objectNumber: number, at: number): Buffer {
  const text = pdf.toString('latin1');
  const update = appendRevision(pdf, new Map([[objectNumber, 'null']]))
    .toString('latin1')
    .slice(text.length);
  const table = update
    .slice(update.indexOf('xref'))
    .replace(/\d{10} 00000 n/, `${String(at).padStart(10, '0')} 00000 n`)
    .replace(/startxref\n\d+/, `startxref\n${text.length}`);
  return Buffer.from(text + table, 'latin1');
}

/** An object stream with these members. */
const objectStream = (pairs: readonly (readonly [number, string])[]): string => {
  let head = '';
  let body = '';
  for (const [objectNumber, text] of pairs) {
    head += `${objectNumber} ${body.length} `;
    body += `${text} `;
  }
  const data = deflateSync(Buffer.from(head + body, 'latin1')).toString('latin1');
  return stream(data, `/Type /ObjStm /N ${pairs.length} /First ${head.length} /Filter /FlateDecode`);
};

describe('shadow attacks (Mainka, Mladenov, Rohlmann, 2021), before the signature', () => {
  it('hide-and-replace: the page’s content stands twice in the file', async () => {
    const { pdf, at } = withSecondBody(simplePdf(), 4, stream('BT /F1 24 Tf 72 700 Td (Another text) Tj ET'));
    expect(await found(pdf)).toEqual(['shadow-object: an object that stands twice in one revision']);
    // What the screening is for: the signer would have signed it, and only the update tells.
    const signed = await sign(pdf);
    const attacked = await open(redirect(signed, 4, at));
    const [signature] = await attacked.signatures();
    expect(signature && (await findModifications(attacked, signature)).length).toBeGreaterThan(0);
  });

  it('hide-and-replace: a second document with a catalog of its own', async () => {
    const objects = simpleObjects();
    objects.set(10, '<< /Type /Catalog /Pages 11 0 R >>');
    objects.set(11, '<< /Type /Pages /Count 1 /Kids [12 0 R] /MediaBox [0 0 595 842] >>');
    objects.set(12, '<< /Type /Page /Parent 11 0 R /Contents 4 0 R >>');
    const findings = await screen(makePdf({ objects }));
    expect(findings).toEqual([
      { kind: 'shadow-object', detail: 'a catalog that no trailer names', objectNumber: 10, count: 1 },
      { kind: 'unreferenced-page', detail: 'a page outside of the page tree', objectNumber: 11, count: 2 },
    ]);
  });

  it('a page that waits for its place in the tree', async () => {
    const objects = simpleObjects();
    objects.set(10, '<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>');
    expect(await found(makePdf({ objects }))).toEqual(['unreferenced-page: a page outside of the page tree']);
  });

  it('a page that waits and was brought in by an update of its own', async () => {
    const pdf = appendRevision(simplePdf(), new Map([[10, '<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>']]));
    expect(await found(pdf)).toEqual(['unreferenced-page: a page outside of the page tree']);
  });

  it('an object that no table lists yet', async () => {
    const { pdf } = withSecondBody(simplePdf(), 9, stream('BT (Hidden) Tj ET'));
    expect(await found(pdf)).toEqual(['unlisted-object: an object that no cross-reference section lists']);
  });

  it('hide: a stamp above the text, which is taken away later', async () => {
    const objects = simpleObjects({ page: '/Annots [10 0 R]' });
    objects.set(10, '<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 595 842] /AP << /N 11 0 R >> >>');
    objects.set(11, stream('1 g 0 0 595 842 re f', '/Subtype /Form /BBox [0 0 595 842]'));
    expect(await found(makePdf({ objects }))).toEqual(['annotation: an annotation drawn above the page']);
  });

  it('replace: a field whose text is exchanged later', async () => {
    const objects = simpleObjects({ page: '/Annots [10 0 R]', catalog: '/AcroForm << /Fields [10 0 R] >>' });
    objects.set(
      10,
      '<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (1) /F 4 /Rect [9 9 99 99] /AP << /N 11 0 R >> >>',
    );
    objects.set(11, stream('BT (1) Tj ET', '/Subtype /Form /BBox [0 0 90 90]'));
    expect(await found(makePdf({ objects }))).toEqual(['open-form-field: a form field that can still be filled in']);
  });

  it('a member of an object stream that the table leads elsewhere', async () => {
    const objects = simpleObjects();
    objects.set(
      10,
      objectStream([
        [4, '<< /Shadow true >>'],
        [9, '(nobody)'],
      ]),
    );
    expect(await found(makePdf({ objects }))).toEqual([
      'shadow-object: an object that stands twice in one revision',
      'unlisted-object: an object that no cross-reference section lists',
    ]);
  });
});

describe('what producers do and no attack needs', () => {
  it('offsets that point to the white space in front of the objects, as printer drivers write them', async () => {
    const text = simplePdf().toString('latin1');
    const early = text.replaceAll(/\d{10}(?= 00000 n)/g, (offset) => String(Number(offset) - 1).padStart(10, '0'));
    expect(early).not.toBe(text);
    expect(await found(Buffer.from(early, 'latin1'))).toEqual([]);
  });

  it('hybrid files, also those whose second table stands behind an end of its own, as word processors write them', async () => {
    const objects = simpleObjects({ count: 2 });
    const pdf = hybridPdf(objects, [5]);
    expect(await found(pdf)).toEqual(['hybrid: a cross-reference table with a hidden stream']);
    const text = pdf.toString('latin1');
    const table = text.lastIndexOf('xref\n0 ');
    const main = text.slice(table).replace(/\/XRefStm \d+/, '');
    const second = text.slice(table).replace('/XRefStm', `/Prev ${table} /XRefStm`);
    const word = text.slice(0, table) + main + second.replace(/startxref\n\d+/, `startxref\n${table + main.length}`);
    expect(await found(Buffer.from(word, 'latin1'))).toEqual(['hybrid: a cross-reference table with a hidden stream']);
  });

  it('a catalog left behind when the file was written anew with the same pages', async () => {
    const objects = simpleObjects();
    objects.set(10, '<< /Type /Catalog /Pages 2 0 R >>');
    expect(await found(makePdf({ objects }))).toEqual(['unreferenced-page: another catalog of the same pages']);
  });
});

describe('updates that the newest trailer does not lead to', () => {
  it('a startxref that names the revision before', async () => {
    const first = simplePdf();
    const start = /startxref\n(\d+)/.exec(first.toString('latin1'))?.[1] ?? '';
    const updated = appendRevision(first, new Map([[4, stream('BT ET')]])).toString('latin1');
    const at = updated.lastIndexOf('startxref');
    const pdf = Buffer.from(updated.slice(0, at) + updated.slice(at).replace(/\d+/, start), 'latin1');
    expect(await found(pdf)).toEqual(['unlisted-update: something behind the revision that startxref names']);
  });

  it('a revision whose startxref names another place than its trailer', async () => {
    const first = simplePdf()
      .toString('latin1')
      .replace(/startxref\n\d+/, 'startxref\n17');
    const broken = Buffer.from(first, 'latin1');
    const at = first.indexOf('xref\n0');
    const update = appendRevision(broken, new Map([[4, stream('BT ET')]])).toString('latin1');
    const pdf = Buffer.from(update.replace(/\/Prev \d+/, `/Prev ${at}`), 'latin1');
    expect(await found(pdf)).toEqual(['unlisted-update: a startxref that names another place than the trailers']);
  });

  it('a second %%EOF is no finding as long as the revisions lead there', async () => {
    const updated = appendRevision(
      appendRevision(simplePdf(), new Map([[4, stream('BT ET')]])),
      new Map([[4, stream('BT ET')]]),
    );
    expect(await found(updated)).toEqual([]);
  });
});

describe('limits', () => {
  it('says that it stopped where a document has more objects than are looked at', async () => {
    const source = bufferSource(simplePdf({ count: 50 }));
    const findings = await screenPdf(await PdfDocument.open(source, { limits: { maxScreenedObjects: 20 } }));
    expect(findings).toEqual([{ kind: 'not-screened', detail: 'more objects than are looked at', count: 1 }]);
  });

  it('the numbers of a signature’s objects do not hang on the screening', async () => {
    const objects = simpleObjects();
    objects.set(10, '<< /Unused 400 0 R >>');
    const pdf = makePdf({ objects });
    const screened = await open(pdf);
    await screenPdf(screened);
    expect(screened.structure.view.windows.highestReference).toBe(
      (await open(pdf)).structure.view.windows.highestReference,
    );
  });
});
