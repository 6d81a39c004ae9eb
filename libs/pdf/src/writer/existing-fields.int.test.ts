import { describe, expect, it } from '@jest/globals';
import { bufferSource, PdfDocument } from '../index.js';
import { pdfsig, pdftotext, qpdfComplaints, render } from '../testing/judges.js';
import { appendRevision, makePdf, simpleObjects, stream } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign, signForReal } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const visible = { appearance: { lines: ['Người ký: Nguyễn Văn Ánh'], fontSizePt: 10 } };

const widget = '/Type /Annot /Subtype /Widget /P 3 0 R /F 4';
const withForm = (objects: Record<number, string>, fields: string): Buffer => {
  const all = simpleObjects({ page: '/Annots [11 0 R 12 0 R]', catalog: `/AcroForm << /Fields [${fields}] >>` });
  for (const [objectNumber, body] of Object.entries(objects)) {
    all.set(Number(objectNumber), body);
  }
  return makePdf({ objects: all });
};

const withText = (field: string, form = ''): Buffer => {
  const objects = simpleObjects({ page: '/Annots [10 0 R]', catalog: `/AcroForm << /Fields [10 0 R] ${form} >>` });
  objects.set(4, stream(''));
  objects.set(10, `<< /Type /Annot /Subtype /Widget /P 3 0 R /F 4 /T (N) /Rect [100 100 300 130] ${field} >>`);
  return makePdf({ objects });
};
const filled = (pdf: Buffer, value: string): Promise<Buffer> => sign(pdf, { fill: [{ fieldName: 'N', value }] });

describe('an existing field', () => {
  it('with several widgets is drawn in each one', async () => {
    const pdf = withForm(
      {
        10: '<< /FT /Sig /T (Seal) /Kids [11 0 R 12 0 R] >>',
        11: `<< ${widget} /Parent 10 0 R /Rect [100 100 260 140] >>`,
        12: `<< ${widget} /Parent 10 0 R /Rect [100 300 260 340] >>`,
      },
      '10 0 R',
    );
    const signed = await signForReal(pdf, { fieldName: 'Seal', visible });
    expect(pdftotext(signed).match(/Nguyễn Văn Ánh/g)).toHaveLength(2);
    expect(qpdfComplaints(signed)).toBe('');
    expect(await findings(signed)).toEqual([]);
    expect((await (await open(signed)).signatureFields())[0]).toMatchObject({ widgetCount: 2, state: 'signed' });
  });

  it('deep in a hierarchy is filled under its whole name', async () => {
    const pdf = withForm(
      {
        10: '<< /FT /Sig /T (approval) /Kids [11 0 R 12 0 R] >>',
        11: `<< ${widget} /T (leader) /Parent 10 0 R /Rect [100 100 260 140] >>`,
        12: `<< ${widget} /T (clerk) /Parent 10 0 R /Rect [100 300 260 340] >>`,
      },
      '10 0 R',
    );
    let signed = await signForReal(pdf, { fieldName: 'approval.leader', visible });
    signed = await signForReal(signed, { fieldName: 'approval.clerk', visible });
    expect(qpdfComplaints(signed)).toBe('');
    expect(pdfsig(signed).match(/Signature is Valid/g)).toHaveLength(2);
    expect(await findings(signed)).toEqual([]);
  });

  it('that is no indirect object is filled where it stands, unless the document is signed', async () => {
    const direct = withForm({ 11: 'null', 12: 'null' }, '<< /FT /Sig /T (A) /Rect [0 0 0 0] >> << /FT /Sig /T (B) >>');
    const signed = await sign(direct, { fieldName: 'B' });
    expect(text(signed)).toMatch(
      /\/Fields \[<< \/FT \/Sig \/T \(A\) \/Rect \[0 0 0 0\] >> << \/FT \/Sig \/T \(B\) {2}\/V 13 0 R >>\]/,
    );
    expect(qpdfComplaints(signed)).toBe('');
    expect(await findings(signed)).toEqual([]);
    expect(await refusal(sign(signed, { fieldName: 'A' }))).toBe('FIELD_UNUSABLE');
  });

  it('with its widget directly in /Kids is filled and drawn', async () => {
    const pdf = withForm(
      { 10: `<< /FT /Sig /T (A) /Kids [<< ${widget} /Rect [100 100 260 140] >>] >>`, 11: 'null', 12: 'null' },
      '10 0 R',
    );
    const signed = await sign(pdf, { fieldName: 'A', visible });
    expect(text(signed)).toMatch(/\/Rect \[100 100 260 140\] {2}\/AP << \/N \d+ 0 R >> >>\] {2}\/V 13 0 R >>/);
    expect(qpdfComplaints(signed)).toBe('');
  });
});

const font = (entries: string): string => `/DR << /Font << /TiIt << /Type /Font ${entries} >> >> >> /DA (/TiIt 12 Tf)`;
const descriptor = (entries: string): string => `/FontDescriptor << /Type /FontDescriptor ${entries} >>`;

describe('the font of a text field', () => {
  it.each([
    ['the name of the font', 'italic', font('/Subtype /Type1 /BaseFont /Times-Italic')],
    ['the name of an oblique one', 'italic', font('/Subtype /Type1 /BaseFont /Helvetica-BoldOblique')],
    ['its flags', 'italic', font(`/Subtype /TrueType /BaseFont /TimesI ${descriptor('/Flags 98 /ItalicAngle 0')}`)],
    ['its angle', 'italic', font(`/Subtype /TrueType /BaseFont /TimesI ${descriptor('/Flags 34 /ItalicAngle -15.5')}`)],
    [
      'the descendant of a composite one',
      'italic',
      font(`/Subtype /Type0 /BaseFont /A /DescendantFonts [<< /BaseFont /A ${descriptor('/Flags 68')} >>]`),
    ],
    [
      'its name in the default appearance, written with a code',
      'italic',
      '/DR << /Font << /T#23I << /BaseFont /Times-Italic >> >> >> /DA (/T#23I 12 Tf)',
    ],
    [
      'an upright one',
      'upright',
      font(`/Subtype /TrueType /BaseFont /Times ${descriptor('/Flags 34 /ItalicAngle 0')}`),
    ],
    ['none', 'upright', '/DA (/TiIt 12 Tf)'],
    ['a font that is no dictionary', 'upright', '/DR << /Font << /TiIt (Times-Italic) >> >> /DA (/TiIt 12 Tf)'],
  ])('by %s is %s', async (_, style, form) => {
    const signed = await filled(withText('/FT /Tx', form), 'Quyết');
    const ours = /\/BaseFont ?\/KYSOVN\+(KysoSerif[A-Za-z-]*)/.exec(text(signed))?.[1];
    expect(ours).toBe(style === 'italic' ? 'KysoSerif-Italic' : 'KysoSerif');
    expect(pdftotext(signed)).toContain('Quyết');
    expect(qpdfComplaints(signed)).toBe('');
  });
});

describe('the value of a text field', () => {
  it.each([
    ['left', '/FT /Tx /DA (/Helv 12 Tf 1 0 0 rg)', 100, 200],
    ['centred', '/FT /Tx /Q 1', 160, 240],
    ['right', '/FT /Tx /Q 2', 200, 300],
    ['framed', '/FT /Tx /MK << /BC [0] /BG [0.9] >>', 99, 301],
    ['comb', '/FT /Tx /Ff 16777216 /MaxLen 10', 100, 300],
  ])('is drawn %s', async (_, field, from, to) => {
    const signed = await filled(withText(field), 'Quyết 9');
    const { ink } = render(signed);
    expect(ink?.left).toBeGreaterThanOrEqual(from);
    expect(ink?.right).toBeLessThanOrEqual(to);
    expect(pdftotext(signed).replaceAll(/\s/g, '')).toContain('Quyết9');
    expect(qpdfComplaints(signed)).toBe('');
    expect(await findings(signed)).toEqual([]);
  });

  it('of several lines is broken at spaces and line breaks', async () => {
    const signed = await filled(withText('/FT /Tx /Ff 4096 /Q 1', '/DA (/F 9 Tf 0 g)'), 'Nơi nhận:\nnhư trên');
    expect(pdftotext(signed)).toMatch(/Nơi nhận:\nnhư trên/);
  });

  it('is made smaller until it fits, and refused where nobody could read it', async () => {
    const signed = await filled(withText('/FT /Tx', '/DA (/F 20 Tf)'), 'Ủy ban nhân dân tỉnh Hưng Yên, Việt Nam');
    expect(render(signed).ink?.right).toBeLessThanOrEqual(300);
    expect(await refusal(filled(withText('/FT /Tx'), 'Ủy ban '.repeat(60)))).toBe('TEXT_NOT_DRAWABLE');
    expect(await refusal(filled(withText('/FT /Tx'), '中文'))).toBe('TEXT_NOT_DRAWABLE');
    expect(await refusal(filled(withText('/FT /Tx'), 'a\nb'))).toBe('TEXT_NOT_DRAWABLE');
  });

  it.each([
    ['of another type', '/FT /Ch'],
    ['that is read-only', '/FT /Tx /Ff 1'],
    ['for a password', '/FT /Tx /Ff 8192'],
    ['with rich text', '/FT /Tx /RV (x)'],
    ['that is too short', '/FT /Tx /MaxLen 2'],
  ])('is refused in a field %s', async (_, field) => {
    expect(await refusal(filled(withText(field), 'abc'))).toBe('FIELD_UNUSABLE');
  });

  it('is refused for a field that is not there, or twice', async () => {
    const pdf = withText('/FT /Tx');
    expect(await refusal(sign(pdf, { fill: [{ fieldName: 'X', value: 'a' }] }))).toBe('FIELD_UNUSABLE');
    const twice = [
      { fieldName: 'N', value: 'a' },
      { fieldName: 'N', value: 'b' },
    ];
    expect(await refusal(sign(pdf, { fill: twice }))).toBe('FIELD_UNUSABLE');
  });

  it('takes nothing but colours from the default appearance of the file', async () => {
    const signed = await filled(withText('/FT /Tx /DA (/F 9 Tf ET /Evil Do 0 0 1 rg)'), 'x');
    expect(text(signed)).not.toMatch(/Evil Do[^)]*Tj/);
    expect(text(signed)).toContain('BT 0 0 1 rg /F 9 Tf');
  });

  it('leaves NeedAppearances as it is', async () => {
    const pdf = withText('/FT /Tx', '/NeedAppearances true');
    const signed = await filled(pdf, 'x');
    expect(text(signed.subarray(pdf.length))).toContain('/NeedAppearances true');
  });

  it('is in the bytes that the signature covers, together with a later revision by another tool', async () => {
    const signed = await signForReal(withText('/FT /Tx'), { fill: [{ fieldName: 'N', value: 'Số 1' }] });
    const forged = appendRevision(
      signed,
      new Map([[10, `<< /Type /Annot /Subtype /Widget /FT /Tx /T (N) /Rect [0 0 500 500] /V (x) >>`]]),
    );
    expect(await findings(forged)).toContain('FIELD_CHANGED');
    const document = await PdfDocument.open(bufferSource(signed));
    expect((await document.signatures())[0]?.revisionEnd).toBe(signed.length);
  });
});
