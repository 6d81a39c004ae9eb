import { describe, expect, it } from '@jest/globals';
import { findModifications } from '../index.js';
import { appendRevision, makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { addEvidence, findings, open, sign, timestamp } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');

const objects = simpleObjects({
  page: '/Annots [20 0 R 22 0 R]',
  catalog: '/AcroForm 21 0 R /Metadata 25 0 R /Dangling 70 0 R',
});
objects.set(
  20,
  '<< /Type /Annot /Subtype /Widget /FT /Tx /T (Number) /V () /Rect [9 9 99 30] /P 3 0 R /AP << /N 24 0 R >> >>',
);
objects.set(21, '<< /Fields [20 0 R] /DA (/F1 0 Tf) >>');
objects.set(22, '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.vn) >> >>');
objects.set(23, '(nobody refers to this)');
objects.set(24, stream('', '/Type /XObject /Subtype /Form /BBox [0 0 90 21]'));
objects.set(25, stream('<x/>', '/Type /Metadata /Subtype /XML'));
const original = makePdf({ objects, trailer: '/Info 26 0 R' });
const signed = await sign(original);
const body = (objectNumber: number, pdf: Buffer = signed): string =>
  [...text(pdf).matchAll(new RegExp(`\\n${objectNumber} 0 obj\\n(.*?)\\nendobj`, 'gs'))].at(-1)?.[1] ?? '';
const edit = (objectNumber: number, from: string | RegExp, to: string): Map<number, string> =>
  new Map([[objectNumber, body(objectNumber).replace(from, to)]]);
const catalog = 1;
const page = 3;
const form = 21;
const after = (
  changes: ReadonlyMap<number, string>,
  options?: Parameters<typeof appendRevision>[2],
): Promise<string[]> => findings(appendRevision(signed, changes, options));

/** Findings for the signature with this /Reference put in, after a field was filled. */
const withReference = async (reference: string): Promise<string[]> => {
  const base = text(signed);
  const at = base.indexOf('/M (');
  const changed = `${base.slice(0, at)}/Reference [<< ${reference} >>] ${base.slice(at)}`;
  const filled = appendRevision(rebuild(changed), edit(20, '/V ()', '/V (x)'));
  return findings(filled);
};

describe('later revisions that are permitted', () => {
  it('add signatures, evidence and time-stamps', async () => {
    let pdf = await sign(signed, { fieldName: 'Seal' });
    pdf = await addEvidence(pdf, { certificates: [Buffer.alloc(90, 1)], crls: [Buffer.alloc(90, 2)] });
    pdf = await timestamp(pdf);
    pdf = await addEvidence(pdf, { ocspResponses: [Buffer.alloc(90, 3)], crls: [Buffer.alloc(90, 4)] });
    pdf = await timestamp(pdf, 'Timestamp2');
    for (const index of [0, 1, 2, 3]) {
      expect(await findings(pdf, index)).toEqual([]);
    }
  });

  it('fill in a field and draw its value', async () => {
    const changes = edit(20, '/V ()', '/V (123/QĐ)');
    changes.set(24, stream('BT ET', '/Type /XObject /Subtype /Form /BBox [0 0 90 21]'));
    expect(await after(changes)).toEqual([]);
  });

  it('write metadata and the information dictionary anew', async () => {
    const changes = new Map([
      [25, stream('<y/>', '/Type /Metadata /Subtype /XML')],
      [26, '<< /ModDate (D:2027) >>'],
    ]);
    expect(await after(changes, { trailer: '/Info 26 0 R' })).toEqual([]);
  });

  it('write objects again as they were, with other white space', async () => {
    const changes = new Map([
      [page, body(page).replaceAll(' /', '\n/')],
      [4, body(4)],
      [catalog, body(catalog)],
    ]);
    expect(await after(changes)).toEqual([]);
  });

  it('change what the signed revision never used', async () => {
    expect(
      await after(
        new Map([
          [23, '(now)'],
          [80, '(new)'],
        ]),
      ),
    ).toEqual([]);
    expect(await after(new Map(), { freed: [23] })).toEqual([]);
  });

  it('add an empty signature field that draws nothing', async () => {
    const changes = edit(form, ']', ' 80 0 R]');
    changes.set(80, '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Later) /Rect [0 0 0 0] >>');
    expect(await after(changes)).toEqual([]);
  });
});

describe('later revisions that are not permitted', () => {
  it.each<[string, Map<number, string>, string]>([
    ['other page content', new Map([[4, stream('BT /F1 24 Tf 72 700 Td (Forged) Tj ET')]]), 'OBJECT_REDEFINED'],
    ['more page content', edit(page, '/Contents 4 0 R', '/Contents [4 0 R 80 0 R]'), 'PAGE_CHANGED'],
    ['other resources', edit(page, 'Helvetica', 'Symbol'), 'PAGE_CHANGED'],
    ['a turned page', edit(page, '/Type', '/Rotate 90 /Type'), 'PAGE_CHANGED'],
    ['another page tree', edit(2, '595', '300'), 'OBJECT_REDEFINED'],
    [
      'an action on opening',
      edit(catalog, '/Type', '/OpenAction << /S /JavaScript /JS (x) >> /Type'),
      'CATALOG_CHANGED',
    ],
    ['a certification', edit(catalog, '/Type', '/Perms << /DocMDP 80 0 R >> /Type'), 'CATALOG_CHANGED'],
    ['metadata that are none', edit(catalog, '/Metadata 25 0 R', '/Metadata 4 0 R'), 'CATALOG_CHANGED'],
    [
      'another annotation',
      edit(page, '/Annots [', '/Annots [<< /Subtype /FreeText /Rect [0 0 500 500] >> '),
      'ANNOTATION_ADDED',
    ],
    ['an annotation less', edit(page, '22 0 R', ''), 'ANNOTATION_CHANGED'],
    ['a changed annotation', edit(22, 'example.vn', 'example.com'), 'OBJECT_REDEFINED'],
    ['a field less', edit(form, '20 0 R', ''), 'FORM_CHANGED'],
    ['NeedAppearances', edit(form, '/DA', '/NeedAppearances true /DA'), 'FORM_CHANGED'],
    ['another default appearance', edit(form, '0 Tf', '9 Tf'), 'FORM_CHANGED'],
    ['a form that is not append-only', edit(form, '/SigFlags 3', '/SigFlags 1'), 'FORM_CHANGED'],
    ['a field in another place', edit(20, '/Rect [9 9 99 30]', '/Rect [9 9 599 830]'), 'FIELD_CHANGED'],
    ['a field with an action', edit(20, '/P', '/AA << >> /P'), 'FIELD_CHANGED'],
    ['a signed field in another place', edit(72, '/Rect [0 0 0 0]', '/Rect [0 0 500 500]'), 'FIELD_CHANGED'],
    ['an object behind a dangling reference', new Map([[70, '(alive)']]), 'DANGLING_REFERENCE'],
  ])('are found: %s', async (_, changes, code) => {
    expect(await after(changes)).toContain(code);
  });

  it('are found when they cannot be read', async () => {
    expect(await after(new Map([[80, '<< /A']]))).toEqual(['UPDATE_UNREADABLE']);
  });

  it('are found when an object that is used was freed', async () => {
    expect(await after(new Map(), { freed: [4] })).toEqual(['OBJECT_REDEFINED']);
  });

  it('are found when another field than a signature was added', async () => {
    for (const field of [
      '/FT /Tx /T (X) /Rect [0 0 500 500]',
      '/FT /Sig /T (Signature1)',
      '/FT /Sig /T (X) /AA << >>',
      '/FT /Sig /T (X) /Rect [0 0 500 500] /AP << /N 24 0 R >>',
    ]) {
      const changes = edit(form, ']', ' 80 0 R]');
      changes.set(80, `<< /Type /Annot /Subtype /Widget ${field} >>`);
      expect(await after(changes)).toEqual(['FIELD_ADDED']);
    }
  });

  it('are found when an appearance that the page draws too is replaced with a field', async () => {
    const shared = new Map(objects)
      .set(4, stream('/Fm Do'))
      .set(3, body(3, original).replace('/Font', '/XObject << /Fm 24 0 R >> /Font'));
    const base = await sign(makePdf({ objects: shared }));
    const changes = new Map([
      [20, body(20, base).replace('/V ()', '/V (x)')],
      [24, stream('0 0 500 500 re f', '/Type /XObject /Subtype /Form /BBox [0 0 90 21]')],
    ]);
    expect(await findings(appendRevision(base, changes))).toEqual(['OBJECT_REDEFINED']);
  });

  it('are found when evidence is taken out of the store', async () => {
    const stored = await addEvidence(signed, { certificates: [Buffer.alloc(90, 1)] });
    const stamped = await timestamp(stored);
    const store = /\/DSS (\d+) 0 R/.exec(text(stamped))?.[1];
    const reduced = appendRevision(stamped, new Map([[Number(store), '<< /Type /DSS >>']]));
    expect(await findings(reduced, 1)).toEqual(['STORE_REDUCED']);
    expect(await findings(reduced, 0)).toEqual([]);
  });

  it('are found in a field that the signature locks, or on a document certified against it', async () => {
    expect(await withReference('/TransformMethod /FieldMDP /TransformParams << /Action /All >>')).toContain(
      'FIELD_CHANGED',
    );
    const named = '/TransformMethod /FieldMDP /TransformParams << /Action /Include /Fields [(Number)] >>';
    expect(await withReference(named)).toContain('FIELD_CHANGED');
    const others = '/TransformMethod /FieldMDP /TransformParams << /Action /Exclude /Fields [(Number)] >>';
    expect(await withReference(others)).not.toContain('FIELD_CHANGED');
    expect(await withReference('/TransformMethod /DocMDP /TransformParams << /P 1 >>')).toContain(
      'CERTIFICATION_BROKEN',
    );
    expect(await withReference('/TransformMethod /DocMDP /TransformParams << /P 2 >>')).not.toContain(
      'CERTIFICATION_BROKEN',
    );
  });
});

/** Offsets of the last table set right after bytes were put in before it; the ByteRange stays wrong. */
function rebuild(pdf: string): Buffer {
  const start = pdf.lastIndexOf('\nxref\n') + 1;
  const table = pdf
    .slice(start)
    .replaceAll(/(\d+) (\d+)\n((?:\d{10} \d{5} n\r\n)+)/g, (_, first: string, count: string) => {
      const lines = Array.from({ length: Number(count) }, (__, index) => {
        const offset = pdf.lastIndexOf(`\n${Number(first) + index} 0 obj`) + 1;
        return `${String(offset).padStart(10, '0')} 00000 n\r\n`;
      });
      return `${first} ${count}\n${lines.join('')}`;
    });
  return bytes(pdf.slice(0, start) + table.replace(/startxref\n\d+/, `startxref\n${start}`));
}

describe('published attacks', () => {
  it('incremental saving without cross-reference data is found (ISA)', async () => {
    const forged = '4 0 obj\n<< /Length 1 >>\nstream\n \nendstream\nendobj\n';
    expect(await findings(Buffer.concat([signed, bytes(forged)]))).toEqual(['UNACCOUNTED_BYTES']);
    expect(await findings(Buffer.concat([signed, bytes(`${forged}%%EOF\n`)]))).toEqual(['UNACCOUNTED_BYTES']);
    const between = appendRevision(Buffer.concat([signed, bytes(forged)]), new Map([[80, 'null']]));
    expect(await findings(between)).toEqual(['UNACCOUNTED_BYTES']);
  });

  it('white space behind the end is none, a comment is', async () => {
    expect(await findings(Buffer.concat([signed, bytes('\r\n\n\0')]))).toEqual([]);
    expect(await findings(Buffer.concat([signed, bytes('\r\n%%EOF\n\0')]))).toEqual(['UNACCOUNTED_BYTES']);
    expect(await findings(Buffer.concat([signed, bytes('% sent by a portal\n')]))).toEqual(['UNACCOUNTED_BYTES']);
  });

  it('signature wrapping is found (SWA)', async () => {
    // The second range is moved away, and a forged object stands in the gap behind the real /Contents.
    const at = text(signed).indexOf('> /M (') + 1;
    const forged = rebuild(`${text(signed).slice(0, at)} /X (forged)${text(signed).slice(at)}`);
    const moved = bytes(
      text(forged).replace(/\/ByteRange \[0 (\d+) (\d+) (\d+)/, (_, gap: string, second: string, rest: string) => {
        return `/ByteRange [0 ${gap} ${Number(second) + ' /X (forged)'.length} ${rest}`;
      }),
    );
    expect(await findings(moved)).toContain('CONTENTS_NOT_THE_GAP');
  });

  it.each([
    ['null as ByteRange', /\/ByteRange \[[^\]]*\]/, (found: string) => '/ByteRange null'.padEnd(found.length)],
    ['a ByteRange that stops early', /(?<=\/ByteRange \[0 \d+ \d+ )\d+/, (found: string) => '1'.padEnd(found.length)],
    ['a first range that starts late', /\/ByteRange \[0/, () => '/ByteRange [1'],
    ['null as Contents', /\/Contents <[0-9A-F]*>/i, (found: string) => '/Contents null'.padEnd(found.length)],
    ['other characters in Contents', /\/Contents <30/, () => '/Contents <3 '],
  ])('universal signature forgery is found (USF): %s', async (_, pattern, replace) => {
    const forged = bytes(text(signed).replace(pattern, replace));
    expect(forged).toHaveLength(signed.length);
    expect(await findings(forged)).not.toEqual([]);
  });

  it('a signature value written anew by an update is found', async () => {
    const forged = appendRevision(signed, new Map([[71, body(71)]]));
    const document = await open(forged);
    const [signature] = await document.signatures();
    // Written byte for byte as it was, it still stands outside of its own ByteRange.
    expect(signature?.revision).toBe(3);
    const found = signature === undefined ? [] : await findModifications(document, signature);
    expect(found.map(({ code }) => code)).toContain('BYTE_RANGE_NOT_A_REVISION');
  });

  it('shadow: content that was hidden below an image is found', async () => {
    const shadow = new Map(simpleObjects({ page: '/X << >>' }))
      .set(3, (simpleObjects().get(3) ?? '').replace('<< /Font', '<< /XObject << /Im 10 0 R >> /Font'))
      .set(
        10,
        stream('x', '/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8'),
      );
    const base = await sign(makePdf({ objects: shadow }));
    expect(await findings(appendRevision(base, new Map(), { freed: [10] }))).toEqual(['OBJECT_REDEFINED']);
    const empty = stream('', '/Type /XObject /Subtype /Form /BBox [0 0 0 0]');
    expect(await findings(appendRevision(base, new Map([[10, empty]])))).toEqual(['OBJECT_REDEFINED']);
  });

  it('shadow: a cross-reference entry turned to other signed bytes is found', async () => {
    // Two definitions of object 4 are signed; the update only says that the other one counts.
    const evil = '4 0 obj\n<< /Length 27 >>\nstream\nBT /F1 9 Tf (Forged!) Tj ET \nendstream\nendobj\n';
    const hiding = await sign(appendRevision(bytes(text(simplePdf())), new Map([[30, `(${evil})`]])));
    const offset = text(hiding).indexOf(evil);
    const previous = /startxref\n(\d+)\n%%EOF\n$/.exec(text(hiding))?.[1];
    const table = `xref\n4 1\n${String(offset).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 40 /Root 1 0 R /Prev ${previous} >>\n`;
    const turned = bytes(`${text(hiding)}${table}startxref\n${hiding.length}\n%%EOF\n`);
    expect(await findings(turned)).toEqual(['OBJECT_REDEFINED']);
  });

  it('flags of more than 32 bits are kept as the bits that they are', async () => {
    const pdf = makePdf({ objects: simpleObjects({ catalog: '/AcroForm << /Fields [] /SigFlags 99999999999 >>' }) });
    const twice = await sign(await sign(pdf), { fieldName: 'Signature2' });
    expect(await findings(twice)).toEqual([]);
  });

  it('shadow: another catalog is found', async () => {
    const pdf = text(appendRevision(signed, new Map([[80, body(catalog)]])));
    const at = pdf.lastIndexOf('/Root 1 0 R');
    expect(await findings(bytes(`${pdf.slice(0, at)}/Root 80 0 R${pdf.slice(at + 11)}`))).toEqual(['CATALOG_CHANGED']);
  });
});
