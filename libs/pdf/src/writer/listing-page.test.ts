import { describe, expect, it } from '@jest/globals';
import { makePdf, simpleObjects } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign } from '../testing/signing.js';

const newer = (pdf: Buffer, signed: Buffer): string => signed.subarray(pdf.length).toString('latin1');

const shownOn = (pageIndex: number) => ({
  visible: {
    pageIndex,
    rectangle: { xPt: 36, yPt: 36, widthPt: 200, heightPt: 80 },
    appearance: { lines: ['Đã ký'], fontSizePt: 10 },
  },
});

const timesIn = (times: number): Buffer => {
  const objects = simpleObjects({ count: 1 });
  const kids = Array.from({ length: times }, () => '3 0 R').join(' ');
  objects.set(2, `<< /Type /Pages /Count ${times + 1} /Kids [${kids} 8 0 R] /MediaBox [0 0 595 842] >>`);
  return makePdf({ objects: objects.set(8, String(objects.get(3))) });
};

describe('a page that is to list a new field', () => {
  it('gets a list of its own where several pages may share one', async () => {
    const objects = simpleObjects({ count: 2, page: '/Annots 20 0 R' });
    objects.set(5, String(objects.get(5)).replace('/Parent', '/Annots 20 0 R /Parent'));
    objects.set(20, '[21 0 R null]');
    objects.set(21, '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] >>');
    const pdf = makePdf({ objects });
    const signed = await sign(pdf);
    expect(newer(pdf, signed)).toMatch(/\n3 0 obj\n<< .*\/Annots \[21 0 R null \d+ 0 R\]/);
    expect(newer(pdf, signed)).not.toContain('20 0 obj');
    const twice = await sign(signed, { fieldName: 'Signature2', ...shownOn(0) });
    expect([await findings(twice, 0), await findings(twice, 1)]).toEqual([[], []]);
  });

  it('keeps the list where it stands once the document is signed', async () => {
    const objects = simpleObjects({ count: 2 });
    objects.set(5, String(objects.get(5)).replace('/Parent', '/Annots 20 0 R /Parent'));
    const first = await sign(makePdf({ objects: objects.set(20, '[]') }));
    const second = await sign(first, { fieldName: 'Signature2', ...shownOn(1) });
    expect(newer(first, second)).toMatch(/\n20 0 obj\n\[ \d+ 0 R\]/);
  });

  it('keeps a list in which annotations stand directly', async () => {
    const objects = simpleObjects({ page: '/Annots 20 0 R' });
    objects.set(20, '[<< /Type /Annot /Subtype /Text /Contents (Note) /Rect [0 0 9 9] >>]');
    const pdf = makePdf({ objects });
    expect(newer(pdf, await sign(pdf))).toMatch(/\n20 0 obj\n\[<< .*>> \d+ 0 R\]/);
  });

  it.each([0, 1])('is the only one of its kind afterwards (page index %d)', async (pageIndex) => {
    const pdf = timesIn(2);
    const signed = await sign(pdf, shownOn(pageIndex));
    const document = await open(signed);
    expect(await document.pageCount()).toBe(3);
    const [kids] = /\/Kids \[[^\]]*\]/.exec(newer(pdf, signed)) ?? [];
    const [kept, copied] = pageIndex === 0 ? [0, 1] : [1, 0];
    const listed = [...(kids ?? '').matchAll(/(\d+) 0 R/g)].map(([, number]) => Number(number));
    expect([listed[kept], listed[2]]).toEqual([3, 8]);
    expect(listed[copied]).toBeGreaterThan(8);
    expect(newer(pdf, signed)).toMatch(new RegExp(`\\n${listed[copied]} 0 obj\\n<< /Type /Page (?!.*/Annots)`));
    expect(newer(pdf, signed).match(/\/Annots/g)).toHaveLength(1);
  });

  it('is refused where the page tree lists it more often than any real one', async () => {
    expect(await refusal(sign(timesIn(102)))).toBe('LIMIT_EXCEEDED');
    expect(await refusal(sign(timesIn(101)))).toBeUndefined();
  });
});
