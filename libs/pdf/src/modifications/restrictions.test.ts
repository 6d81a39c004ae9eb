import { describe, expect, it } from '@jest/globals';
import { appendRevision, makePdf, simpleObjects, stream } from '../testing/pdf-maker.js';
import { addEvidence, findings, refusal, sign, timestamp } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const widget = '/Type /Annot /Subtype /Widget /P 3 0 R';

const objects = (lock = ''): Map<number, string> => {
  const all = simpleObjects({
    page: '/Annots [20 0 R 21 0 R 22 0 R 24 0 R 25 0 R]',
    catalog: '/AcroForm << /Fields [20 0 R 21 0 R 22 0 R] /SigFlags 3 >>',
  });
  all.set(20, `<< ${widget} /FT /Sig /T (Author) /Rect [0 0 0 0] ${lock} >>`);
  all.set(21, `<< ${widget} /FT /Sig /T (Seal) /Rect [0 0 0 0] >>`);
  all.set(22, `<< ${widget} /FT /Tx /T (Number) /Rect [9 9 99 30] >>`);
  all.set(23, stream('BT ET', '/Type /XObject /Subtype /Form /BBox [0 0 90 21]'));
  all.set(24, '<< /Type /Annot /Subtype /Text /Rect [300 300 320 320] /Contents (note) /AP << /N 23 0 R >> >>');
  all.set(25, '<< /Type /Annot /Subtype /Link /Rect [9 9 20 20] >>');
  return all;
};
const certified = (certify: 1 | 2 | 3): Promise<Buffer> =>
  sign(makePdf({ objects: objects() }), { fieldName: 'Author', certify });
const locked = (lock: string): Promise<Buffer> =>
  sign(makePdf({ objects: objects(`/Lock << ${lock} >>`) }), { fieldName: 'Author' });

const body = (pdf: Buffer, objectNumber: number): string =>
  [...text(pdf).matchAll(new RegExp(`\\n${objectNumber} 0 obj\\n(.*?)\\nendobj`, 'gs'))].at(-1)?.[1] ?? '';
const edit = (pdf: Buffer, objectNumber: number, [from, to]: readonly [string, string]): Buffer =>
  appendRevision(pdf, new Map([[objectNumber, body(pdf, objectNumber).replace(from, to)]]));
const fillNumber = (pdf: Buffer): Buffer => edit(pdf, 22, ['/T (Number)', '/T (Number) /V (666)']);
const signSeal = (pdf: Buffer): Buffer => {
  const value = '<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents <3000> >>';
  const changes = new Map([
    [21, body(pdf, 21).replace('/T (Seal)', '/T (Seal) /V 90 0 R')],
    [90, value],
  ]);
  return appendRevision(pdf, changes);
};

describe('after a certification', () => {
  it.each<[1 | 2 | 3, string[], string[]]>([
    [1, ['CERTIFICATION_BROKEN'], ['CERTIFICATION_BROKEN']],
    [2, [], []],
    [3, [], []],
  ])('with P %d fields are filled and signed as far as it permits', async (certify, filling, signing) => {
    const pdf = await certified(certify);
    expect(await findings(fillNumber(pdf))).toEqual(filling);
    expect(await findings(signSeal(pdf))).toEqual(signing);
  });

  it.each([1, 2, 3] as const)('with P %d evidence and time-stamps may come, also into an empty field', async (p) => {
    const pdf = await addEvidence(await certified(p), { crls: [Buffer.alloc(90, 1)] });
    expect(await findings(await timestamp(pdf))).toEqual([]);
    expect(await findings(await timestamp(pdf, 'Seal'))).toEqual([]);
  });

  it('with P 1 a time-stamp may not draw on the page', async () => {
    const stamped = await timestamp(await certified(1));
    const start = text(stamped).lastIndexOf('/Subtype /Widget /FT /Sig /T (Timestamp1)');
    const number = Number(/(\d+) 0 obj\n[^\n]*$/.exec(text(stamped).slice(0, start))?.[1]);
    const drawn = body(stamped, number).replace('/Rect [0 0 0 0]', '/Rect [0 0 500 500] /AP << /N 23 0 R >>');
    expect(await findings(appendRevision(stamped, new Map([[number, drawn]])))).toContain('CERTIFICATION_BROKEN');
  });

  it.each<[string, (pdf: Buffer) => Buffer, string]>([
    ['a note comes', (pdf) => add(pdf, '/Subtype /Text /Rect [1 1 9 9]'), 'ANNOTATION_ADDED'],
    ['a note goes', (pdf) => edit(pdf, 3, [' 24 0 R', '']), 'ANNOTATION_CHANGED'],
    ['a note changes', (pdf) => edit(pdf, 24, ['(note)', '(other)']), 'OBJECT_REDEFINED'],
    [
      'a note looks different',
      (pdf) => appendRevision(pdf, new Map([[23, stream('', '/Type /XObject /Subtype /Form /BBox [0 0 1 1]')]])),
      'OBJECT_REDEFINED',
    ],
  ])('with P 3, and not with P 2: %s', async (_, change, code) => {
    expect(await findings(change(await certified(3)))).toEqual([]);
    expect(await findings(change(await certified(2)))).toEqual([code]);
  });

  it.each<[string, (pdf: Buffer) => Buffer, string]>([
    ['free text', (pdf) => add(pdf, '/Subtype /FreeText /Rect [0 0 500 500]'), 'ANNOTATION_ADDED'],
    ['a stamp', (pdf) => add(pdf, '/Subtype /Stamp /Rect [0 0 500 500]'), 'ANNOTATION_ADDED'],
    ['a redaction', (pdf) => add(pdf, '/Subtype /Redact /Rect [0 0 500 500]'), 'ANNOTATION_ADDED'],
    ['a note that acts', (pdf) => add(pdf, '/Subtype /Text /A << /S /JavaScript >>'), 'ANNOTATION_ADDED'],
    ['a note that becomes a stamp', (pdf) => edit(pdf, 24, ['/Text', '/Stamp']), 'OBJECT_REDEFINED'],
    ['a link that goes', (pdf) => edit(pdf, 3, [' 25 0 R', '']), 'ANNOTATION_CHANGED'],
    ['another link', (pdf) => edit(pdf, 25, ['/Link', '/Text']), 'OBJECT_REDEFINED'],
    ['other page content', (pdf) => edit(pdf, 4, ['Page 1', 'Page 9']), 'OBJECT_REDEFINED'],
  ])('with P 3 %s is found (evil annotations)', async (_, change, code) => {
    expect(await findings(change(await certified(3)))).toContain(code);
  });

  it('a certification that is taken out of the catalog is found', async () => {
    const pdf = await certified(1);
    expect(await findings(edit(pdf, 1, ['/Perms', '/Perma']))).toContain('CATALOG_CHANGED');
  });
});

/** A page with one more annotation. */
function add(pdf: Buffer, annotation: string): Buffer {
  const changes = new Map([
    [3, body(pdf, 3).replace('25 0 R', '25 0 R 91 0 R')],
    [91, `<< /Type /Annot ${annotation} >>`],
  ]);
  return appendRevision(pdf, changes);
}

describe('after a signature with a lock', () => {
  it.each<[string, string[], string[]]>([
    ['/Action /All', ['FIELD_CHANGED'], ['FIELD_CHANGED']],
    ['/Action /Include /Fields [(Number)]', ['FIELD_CHANGED'], []],
    ['/Action /Include /Fields [(Seal)]', [], ['FIELD_CHANGED']],
    ['/Action /Exclude /Fields [(Number)]', [], ['FIELD_CHANGED']],
    ['/Action /Include /Fields [(Seal)] /P 1', ['CERTIFICATION_BROKEN'], ['CERTIFICATION_BROKEN']],
    ['/Action /Include /Fields [(Seal)] /P 2', [], ['FIELD_CHANGED']],
  ])('%s fields are filled and signed as far as it permits', async (lock, filling, signing) => {
    const pdf = await locked(lock);
    expect(await findings(fillNumber(pdf))).toEqual(filling);
    expect(await findings(signSeal(pdf))).toEqual(signing);
  });

  it('of all fields a new signature is found, and a time-stamp is none', async () => {
    const pdf = await locked('/Action /All');
    expect(await findings(await timestamp(pdf))).toEqual([]);
    expect(await refusal(sign(pdf))).toBe('CERTIFIED');
    const later = await sign(makePdf({ objects: objects() }), { fieldName: 'Author' });
    const open = await sign(later, { fieldName: 'New' });
    expect(await findings(open)).toEqual([]);
  });

  it('the lock counts even where FieldMDP was left out by another signer', async () => {
    const base = makePdf({ objects: objects('/V 30 0 R /Lock << /Action /All >>').set(30, '<< /Type /Sig >>') });
    expect(await refusal(sign(base, { fieldName: 'Seal' }))).toBe('CERTIFIED');
  });

  it('a lock that is changed afterwards is found', async () => {
    const pdf = await locked('/Action /All');
    expect(await findings(edit(pdf, 20, ['/All', '/Include']))).toContain('FIELD_CHANGED');
  });
});
