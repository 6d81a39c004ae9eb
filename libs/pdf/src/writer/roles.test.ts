import { describe, expect, it } from '@jest/globals';
import { PdfDocument } from '../document.js';
import { bufferSource } from '../sources.js';
import { appendRevision, makePdf, simpleObjects } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign } from '../testing/signing.js';

describe('a document in which one object plays two parts', () => {
  it('is refused where the form is the catalog', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm 1 0 R /Fields []' });
    expect(await refusal(sign(makePdf({ objects })))).toBe('DAMAGED');
  });

  it('is refused where the page is the form', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm 3 0 R', page: '/Fields []' });
    expect(await refusal(sign(makePdf({ objects })))).toBe('DAMAGED');
  });

  it('is refused where a page is a field', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields [3 0 R] >>', page: '/T (Page) /FT /Tx' });
    expect(await refusal(sign(makePdf({ objects })))).toBe('DAMAGED');
  });

  it('is refused where the list of annotations is something else of the page too', async () => {
    const objects = simpleObjects({ page: '/Annots 20 0 R /B 20 0 R' });
    expect(await refusal(sign(makePdf({ objects: objects.set(20, '[]') })))).toBe('DAMAGED');
  });

  it('is signed where fields and annotations are one array', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields 20 0 R >>', page: '/Annots 20 0 R' });
    const signed = await sign(makePdf({ objects: objects.set(20, '[]') }));
    const twice = await sign(signed, { fieldName: 'Signature2' });
    expect((await (await open(twice)).signatures()).map(({ fieldName }) => fieldName)).toEqual([
      'Signature1',
      'Signature2',
    ]);
  });
});

describe('what others left in a document', () => {
  it('does not spoil the comparison: a page that can not be read', async () => {
    const broken = makePdf({ objects: simpleObjects({ count: 3 }).set(5, '<< /Type /Page ] >>') });
    const twice = await sign(await sign(broken), { fieldName: 'Signature2' });
    expect(await findings(twice)).toEqual([]);
  });

  it('does not spoil the comparison: an annotation that takes the list of annotations for its page', async () => {
    const objects = simpleObjects({ page: '/Annots 20 0 R' });
    objects.set(20, '[21 0 R]').set(21, '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /P 20 0 R >>');
    const twice = await sign(await sign(makePdf({ objects })), { fieldName: 'Signature2' });
    expect(await findings(twice)).toEqual([]);
  });

  it('is a revision of its own where startxref has no number', async () => {
    const first = makePdf({ objects: simpleObjects() });
    const start = first.lastIndexOf('startxref');
    const spoiled = Buffer.from(
      first.toString('latin1').replace(/startxref\n\d+/, (text) => 'startxref\n'.padEnd(text.length, 'x')),
      'latin1',
    );
    const table = first.lastIndexOf('xref\n0');
    const later = appendRevision(first, new Map([[3, simpleObjects().get(3) ?? '']]));
    const whole = Buffer.concat([spoiled, later.subarray(spoiled.length)]);
    expect(table).toBeLessThan(start);
    const revisions = await (await PdfDocument.open(bufferSource(whole))).revisions();
    expect(revisions.map(({ number }) => number)).toEqual([1, 2]);
  });
});
