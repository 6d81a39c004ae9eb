import { describe, expect, it } from '@jest/globals';
import { deflateSync } from 'node:zlib';
import { bufferSource, concatSource, PdfDocument } from './index.js';
import { appendRevision, hybridPdf, makePdf, simpleObjects, simplePdf } from './testing/pdf-maker.js';
import { fakeCms, open, refusal, sign, signingTime } from './testing/signing.js';
import { prepareSignature } from './writer/prepare.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');

const formWith = (field: string, catalog = ''): Buffer => {
  const objects = simpleObjects({ page: '/Annots [10 0 R]', catalog: `/AcroForm << /Fields [10 0 R] >> ${catalog}` });
  objects.set(10, `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /Rect [0 0 0 0] ${field} >>`);
  objects.set(11, '<< /Type /Sig /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>] >>');
  objects.set(12, '<< /Type /Sig /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>] >>');
  objects.set(14, '<< /Type /Sig /Contents <3000> >>');
  objects.set(13, '<< /Type /Sig /Reference [<< /TransformMethod /DocMDP >>] >>');
  return makePdf({ objects });
};
const openStrictly = (pdf: Buffer): Promise<PdfDocument> => PdfDocument.open(bufferSource(pdf), { repair: 'refuse' });
const signable = async (pdf: Buffer): Promise<string | undefined> => refusal((await open(pdf)).assertSignable());
const prepared = async (pdf: Buffer, fieldName: string): Promise<string | undefined> =>
  refusal(prepareSignature(await open(pdf), { fieldName, reservedBytes: 10, signingTime }));

describe('opening', () => {
  it.each([
    ['nothing at all', Buffer.alloc(0), 'EMPTY'],
    ['a text', bytes('Kính gửi Ủy ban nhân dân'), 'NOT_A_PDF'],
    ['a header behind the first kilobyte', bytes(' '.repeat(1100) + text(simplePdf())), 'NOT_A_PDF'],
    ['only a header', bytes('%PDF-1.7\n'), 'DAMAGED'],
    ['a file that is cut off', simplePdf().subarray(0, 400), 'DAMAGED'],
    ['a file without its last line', simplePdf({ ending: '' }).subarray(0, -2), 'DAMAGED'],
    ['a startxref beyond the end', bytes(text(simplePdf()).replace(/startxref\n\d+/, 'startxref\n99999')), 'DAMAGED'],
    ['a startxref to an object', bytes(text(simplePdf()).replace(/startxref\n\d+/, 'startxref\n15')), 'DAMAGED'],
    ['a table that was shifted', bytes(text(simplePdf()).replace('xref\n0 5', 'xref\n0 6')), 'DAMAGED'],
    ['a trailer without /Size', bytes(text(simplePdf()).replace('/Size', '/Sise')), 'DAMAGED'],
  ])('refuses %s', async (_, pdf, code) => {
    expect(await refusal(openStrictly(pdf))).toBe(code);
  });

  it('refuses a cycle of /Prev', async () => {
    const pdf = text(simplePdf());
    const start = /startxref\n(\d+)/.exec(pdf)?.[1] ?? '';
    expect(await refusal(openStrictly(bytes(pdf.replace('/Size', `/Prev ${start} /Size`))))).toBe('DAMAGED');
  });

  it('refuses a /Prev that points forward in a file that is not linearized', async () => {
    let pdf = appendRevision(appendRevision(simplePdf(), new Map()), new Map());
    const starts = [...text(pdf).matchAll(/startxref\n(\d+)/g)].map((found) => found[1] ?? '');
    pdf = bytes(text(pdf).replace(`/Prev ${starts[0]}`, `/Prev ${starts[2]}`));
    expect(await refusal(openStrictly(pdf))).toBe('DAMAGED');
  });

  it('stops at a chain of revisions beyond the limit', async () => {
    let pdf = simplePdf();
    for (let index = 0; index < 5; index += 1) {
      pdf = appendRevision(pdf, new Map());
    }
    expect(await refusal(PdfDocument.open(bufferSource(pdf), { limits: { maxRevisions: 5 } }))).toBe('LIMIT_EXCEEDED');
    expect(await refusal(PdfDocument.open(bufferSource(pdf), { limits: { maxRevisions: 6 } }))).toBeUndefined();
  });

  it('stops at a table that claims more objects than the limit', async () => {
    const pdf = bytes(text(simplePdf()).replace('xref\n0 5', 'xref\n0 4000000000'));
    expect(await refusal(open(pdf))).toBe('LIMIT_EXCEEDED');
  });

  it('stops at a bomb in a cross-reference stream', async () => {
    const bomb = deflateSync(Buffer.alloc(30_000_000));
    const head = '%PDF-1.7\n';
    const entries = `/Type /XRef /Size 5 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode /Length ${bomb.length}`;
    const pdf = Buffer.concat([
      bytes(`${head}9 0 obj\n<< ${entries} >>\nstream\n`),
      bomb,
      bytes(`\nendstream\nendobj\nstartxref\n${head.length}\n%%EOF\n`),
    ]);
    const opened = PdfDocument.open(bufferSource(pdf), { limits: { maxInflatedBytes: 1_000_000 } });
    expect(await refusal(opened)).toBe('LIMIT_EXCEEDED');
  });

  it('stops at the deadline', async () => {
    expect(await refusal(PdfDocument.open(bufferSource(simplePdf()), { limits: { deadlineMs: -1 } }))).toBe(
      'LIMIT_EXCEEDED',
    );
  });

  it('stops at an object that never ends', async () => {
    const pdf = bytes(text(simplePdf()).replace('/Type /Catalog', `/Type /Catalog /X (${'x'.repeat(9000)})`));
    const start = pdf.lastIndexOf('xref\n0 ');
    const moved = bytes(text(pdf).replace(/startxref\n\d+/, `startxref\n${start}`));
    const document = await PdfDocument.open(bufferSource(moved), { limits: { maxObjectBytes: 8000 } });
    expect(await refusal(document.pageCount())).toBe('LIMIT_EXCEEDED');
  });

  it('reads a file in parts as if it were whole', async () => {
    const pdf = simplePdf({ count: 3 });
    const parts = [pdf.subarray(0, 100), pdf.subarray(100, 600), pdf.subarray(600)].map((part) => bufferSource(part));
    const document = await PdfDocument.open(concatSource(...parts));
    expect(await document.pageCount()).toBe(3);
  });

  it('counts offsets from the header when there is junk before it', async () => {
    const junk = bytes('HTTP/1.1 200 OK\r\n\r\n');
    const document = await open(Buffer.concat([junk, simplePdf({ count: 2 })]));
    expect(await document.pageCount()).toBe(2);
    expect((await document.revisions())[0]?.end).toBe(document.source.size);
  });

  it('reads entries of 19 bytes, as some producers write them', async () => {
    const [head = '', tail = ''] = text(simplePdf({ count: 2 })).split(/(?=xref\n0)/);
    const document = await open(bytes(head + tail.replaceAll(/([nf]) \n/g, '$1\n')));
    expect(await document.pageCount()).toBe(2);
  });

  it.each([
    ['entries of 21 bytes', (tail: string) => tail.replaceAll(/ ([nf]) \n/g, ' $1 \r\n')],
    ['a table that starts at 1', (tail: string) => tail.replace('xref\n0 ', 'xref\n1 ')],
    ['no white space behind xref', (tail: string) => tail.replace('xref\n0', 'xref0')],
    ['lines that end in CR only', (tail: string) => tail.replaceAll('\n', '\r')],
    ['lines and entries that end in CR only', (tail: string) => tail.replaceAll(/ ?\n/g, '\r')],
    ['blank lines', (tail: string) => tail.replace('xref\n', 'xref\n\n\n').replace('trailer', '\n\ntrailer')],
  ])('reads a table with %s', async (_, spoil) => {
    const [head = '', tail = ''] = text(simplePdf({ count: 2 })).split(/(?=xref\n0)/);
    const pdf = bytes(head + spoil(tail));
    expect(await (await open(pdf)).pageCount()).toBe(2);
    expect(await (await open(await sign(pdf))).pageCount()).toBe(2);
  });

  it('reads object streams in chains', async () => {
    const objects = simpleObjects({ count: 2 });
    const pdf = hybridPdf(objects, [1, 2, 3], '/Extends 4 0 R');
    expect(await (await open(pdf)).pageCount()).toBe(2);
  });

  it('refuses an object that is not where the table says', async () => {
    const pdf = text(simplePdf());
    const document = await openStrictly(bytes(pdf.replace('2 0 obj', '7 0 obj')));
    expect(await refusal(document.pageCount())).toBe('DAMAGED');
  });

  it('reads the newest definition of an object', async () => {
    const pdf = appendRevision(
      simplePdf(),
      new Map([[2, '<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 9 8] >>']]),
    );
    expect(await (await open(pdf)).page(0)).toEqual({ index: 0, widthPt: 9, heightPt: 8 });
  });
});

describe('revisions', () => {
  it('end just behind their %%EOF and name what they define and free', async () => {
    const first = simplePdf();
    const second = appendRevision(first, new Map([[7, 'null']]), { freed: [4] });
    const revisions = await (await open(second)).revisions();
    expect(revisions).toEqual([
      { number: 1, end: first.length, objectNumbers: [0, 1, 2, 3, 4] },
      { number: 2, end: second.length, objectNumbers: [4, 7] },
    ]);
  });

  it('end with the file when it does not end in an end of line', async () => {
    const pdf = simplePdf({ ending: '' });
    expect((await (await open(pdf)).revisions())[0]?.end).toBe(pdf.length);
  });
});

describe('what can be signed', () => {
  it('is a plain document', async () => {
    expect(await signable(simplePdf())).toBeUndefined();
  });

  it('is not a document without pages', async () => {
    const objects = simpleObjects();
    objects.set(2, '<< /Type /Pages /Count 0 /Kids [] >>');
    expect(await signable(makePdf({ objects }))).toBe('NO_PAGES');
    expect(await refusal((await open(makePdf({ objects }))).pageCount())).toBe('NO_PAGES');
  });

  it('is a hybrid file, unless the policy refuses it', async () => {
    const objects = simpleObjects({ count: 2 });
    const pdf = hybridPdf(objects, [1, 3]);
    const document = await open(pdf);
    expect(await document.pageCount()).toBe(2);
    expect(await signable(pdf)).toBeUndefined();
    expect(await prepared(pdf, 'Signature1')).toBeUndefined();
    expect(await refusal(document.assertSignable({ hybrid: 'refuse' }))).toBe('HYBRID');
    const options = { fieldName: 'Signature1', reservedBytes: 10, signingTime, hybrid: 'refuse' } as const;
    expect(await refusal(prepareSignature(document, options))).toBe('HYBRID');
  });

  it('is not a document that was certified against any change', async () => {
    const pdf = formWith('', '/Perms << /DocMDP 11 0 R >>');
    expect(await signable(pdf)).toBe('CERTIFIED');
    expect(await prepared(pdf, 'Seal')).toBe('CERTIFIED');
  });

  it.each([12, 13])('is only an empty field on a document that permits filling in (%d)', async (certification) => {
    const pdf = formWith('', `/Perms << /DocMDP ${certification} 0 R >>`);
    expect(await signable(pdf)).toBeUndefined();
    expect(await prepared(pdf, 'Seal')).toBeUndefined();
    expect(await prepared(pdf, 'Signature1')).toBe('CERTIFIED');
    const signed = await sign(pdf, { fieldName: 'Seal' });
    expect(await signable(signed)).toBe('CERTIFIED');
  });

  it('is not a field that an earlier signature locks', async () => {
    const lock = '/V 14 0 R /Lock << /Action /All >>';
    expect(await signable(formWith(lock))).toBe('CERTIFIED');
    expect(await prepared(formWith(lock), 'Signature1')).toBe('CERTIFIED');
    const listed = '/V 14 0 R /Lock << /Action /Include /Fields [(Signature1)] >>';
    expect(await prepared(formWith(listed), 'Signature1')).toBe('CERTIFIED');
    expect(await prepared(formWith(listed), 'Signature2')).toBeUndefined();
  });

  it('is not a signed file with bytes behind its end', async () => {
    const signed = await sign(simplePdf());
    expect(await signable(Buffer.concat([signed, bytes('\r\n\0\0')]))).toBeUndefined();
    expect(await signable(Buffer.concat([signed, bytes('<!-- sent by a portal -->')]))).toBe('DAMAGED');
    expect(await signable(Buffer.concat([simplePdf(), bytes('<!-- sent by a portal -->')]))).toBeUndefined();
  });
});

describe('signatures', () => {
  it('are read with what they claim', async () => {
    const claims = { name: 'Nguyễn Văn Ánh', reason: 'Phê duyệt (lần 1)', location: 'Hưng Yên' };
    const pdf = await sign(simplePdf(), claims);
    const [signature] = await (await open(pdf)).signatures();
    expect(signature).toMatchObject({
      ...claims,
      fieldName: 'Signature1',
      kind: 'signature',
      subFilter: 'ETSI.CAdES.detached',
      signingTime: new Date('2026-11-22T11:12:13Z'),
      revision: 2,
      revisionEnd: pdf.length,
    });
    expect(Buffer.from(signature?.cmsDer ?? []).equals(fakeCms)).toBe(true);
    const { contentsStart = 0, contentsEnd = 0 } = signature ?? {};
    expect(text(pdf.subarray(contentsStart, contentsEnd))).toMatch(/^<3003020105(00)+>$/);
    expect(signature?.byteRange).toEqual([0, contentsStart, contentsEnd, pdf.length - contentsEnd]);
  });

  it.each(['', '/ByteRange null', '/ByteRange [0 10 20]', '/ByteRange [0 10 20 -5]', '/ByteRange [0 1 2 3 4 5]'])(
    'with the malformed ByteRange "%s" are listed with an empty one',
    async (range) => {
      const objects = simpleObjects({ catalog: '/AcroForm << /Fields [10 0 R] >>' });
      objects.set(10, '<< /FT /Sig /T (S) /V 11 0 R >>');
      objects.set(11, `<< /Type /Sig /SubFilter /adbe.pkcs7.detached /Contents <3000> ${range} >>`);
      const [signature] = await (await open(makePdf({ objects }))).signatures();
      expect(signature).toMatchObject({ subFilter: 'adbe.pkcs7.detached', byteRange: [0, 0, 0, 0] });
    },
  );

  it('are found below fields that pass their type and name on', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm 9 0 R' });
    objects.set(9, '<< /Fields [10 0 R] >>');
    objects.set(10, '<< /FT /Sig /T (approval) /Kids [11 0 R 12 0 R 10 0 R] >>');
    objects.set(11, '<< /T (leader) /Parent 10 0 R /V 13 0 R >>');
    objects.set(12, '<< /T (clerk) /Parent 10 0 R >>');
    objects.set(14, '<< /Type /Sig /Contents <3000> >>');
    objects.set(13, '<< /Contents <3000> >>');
    const signatures = await (await open(makePdf({ objects }))).signatures();
    expect(signatures.map(({ fieldName }) => fieldName)).toEqual(['approval.leader']);
  });

  it('are not read beyond the limit', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields [10 0 R 12 0 R] >>' });
    for (const objectNumber of [10, 12]) {
      objects.set(objectNumber, `<< /FT /Sig /T (S${objectNumber}) /V 11 0 R >>`);
    }
    objects.set(11, '<< /Contents <3000> >>');
    const document = await PdfDocument.open(bufferSource(makePdf({ objects })), { limits: { maxSignatures: 1 } });
    expect(await refusal(document.signatures())).toBe('LIMIT_EXCEEDED');
  });
});
