import { describe, expect, it } from '@jest/globals';
import { prepareFields, type PrepareOptions, type Rectangle } from '../index.js';
import { pdfsig, pdftotext, qpdf, qpdfComplaints, qpdfEncrypted } from '../testing/judges.js';
import { makePdf, simpleObjects, simplePdf } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign, signForReal, timestamp } from '../testing/signing.js';

const at = (xPt: number, yPt: number, widthPt: number, heightPt: number): Rectangle => ({
  xPt,
  yPt,
  widthPt,
  heightPt,
});
const leader: Partial<PrepareOptions> = {
  fieldName: 'Leader',
  visible: { pageIndex: 0, rectangle: at(200, 60, 90, 40), appearance: { lines: ['Nguyễn Văn An'], fontSizePt: 10 } },
};
const number = { lines: ['123/QĐ-UBND'], fontSizePt: 13 };
const date = { lines: ['ngày 22 tháng 11 năm 2026'], fontSizePt: 12, align: 'right' as const, color: '1A1A1A' };

/** A clerk's step on pages of that many. */
function clerk(pages = 1): Partial<PrepareOptions> {
  return {
    fieldName: 'Seal',
    visible: { pageIndex: 0, rectangle: at(150, 40, 80, 60), appearance: { lines: ['Dấu'], fontSizePt: 10 } },
    texts: [
      { pageIndex: pages - 1, rectangle: at(20, 150, 100, 20), appearance: number },
      { pageIndex: 0, rectangle: at(130, 150, 160, 20), appearance: date },
    ],
  };
}

function namesOfValid(pdf: Buffer): (string | undefined)[] {
  const signatures = pdfsig(pdf)
    .split(/^Signature #/m)
    .slice(1);
  expect(signatures.every((text) => text.includes('Signature is Valid'))).toBe(true);
  return signatures.map((text) => /Field Name: (.*)/.exec(text)?.[1]);
}

const kinds: Record<string, { readonly make: () => Buffer; readonly pages?: number }> = {
  'a classic table': { make: () => simplePdf() },
  'object streams': { make: () => qpdf(simplePdf(), '--object-streams=generate') },
  'two pages': { make: () => qpdf(simplePdf(), '--pages', '.', '1', '.', '1', '--'), pages: 2 },
  'a page that is displayed turned': { make: () => makePdf({ objects: simpleObjects({ page: '/Rotate 90' }) }) },
  'a user unit': { make: () => makePdf({ objects: simpleObjects({ page: '/UserUnit 2' }) }) },
  'encryption against nothing': { make: () => qpdfEncrypted(simplePdf(), '', 'owner', '256') },
};

describe.each(Object.entries(kinds))('texts beside a signature, on a signed file with %s', (_kind, { make, pages }) => {
  const original = make();

  it('change nothing of what the leader signed, for anybody', async () => {
    const approved = await signForReal(original, leader);
    const issued = await signForReal(approved, clerk(pages));
    let pdf = await signForReal(issued, { ...leader, fieldName: 'Later' });
    expect(qpdfComplaints(pdf)).toBe('');
    // poppler lists a signature once for each of its widgets.
    expect(namesOfValid(pdf)).toEqual(['Leader', 'Seal', 'Seal', 'Seal', 'Later']);
    expect(pdfsig(pdf)).not.toContain('not signed');
    pdf = await timestamp(pdf);
    for (const index of [0, 1, 2]) expect(await findings(pdf, index)).toEqual([]);
    for (const { lines } of [number, date]) expect(pdftotext(pdf)).toContain(lines[0]);
    expect(pdf.subarray(0, original.length).equals(original)).toBe(true);
  });

  it('belong to the signature, which stands where it was put', async () => {
    const pdf = await sign(await sign(original, leader), clerk(pages));
    const field = (await (await open(pdf)).signatureFields()).find(({ name }) => name === 'Seal');
    expect(field).toMatchObject({ state: 'signed', widgetCount: 3 });
    expect(field?.place?.pageIndex).toBe(0);
    expect(field?.place?.rectangle.xPt).toBeCloseTo(150, 3);
    expect(field?.place?.rectangle.heightPt).toBeCloseTo(60, 3);
  });
});

describe('texts beside a signature', () => {
  const original = simplePdf();

  it('are the only widgets of an invisible one', async () => {
    const { visible: _seal, ...invisible } = clerk();
    const pdf = await signForReal(await signForReal(original, leader), invisible);
    expect(namesOfValid(pdf)).toEqual(['Leader', 'Seal', 'Seal']);
    expect((await (await open(pdf)).signatureFields())[1]).toMatchObject({ name: 'Seal', widgetCount: 2 });
    expect(await findings(pdf, 0)).toEqual([]);
  });

  it('are refused off the page, on no page, and with a field that is there already', async () => {
    const off = { pageIndex: 0, rectangle: at(5_000, 150, 100, 20), appearance: number };
    expect(await refusal(sign(original, { ...clerk(), texts: [off] }))).toBe('RECTANGLE_OFF_PAGE');
    expect(await refusal(sign(original, { ...clerk(), texts: [{ ...off, pageIndex: 7 }] }))).toBe('PAGE_UNKNOWN');
    const many = Array.from({ length: 33 }, () => ({ ...off, rectangle: at(20, 20, 90, 20) }));
    expect(await refusal(sign(original, { ...clerk(), texts: many }))).toBe('LIMIT_EXCEEDED');
    const foreign = { pageIndex: 0, rectangle: at(20, 20, 90, 20), appearance: { lines: ['漢'], fontSizePt: 8 } };
    expect(await refusal(sign(original, { ...clerk(), texts: [foreign] }))).toBe('TEXT_NOT_DRAWABLE');
    const signatureFields = [{ name: 'Seal', place: { pageIndex: 0, rectangle: at(9, 9, 50, 50) } }];
    const prepared = Buffer.concat([original, await prepareFields(await open(original), { signatureFields })]);
    expect(await refusal(sign(prepared, { ...clerk(), visible: { appearance: number } }))).toBe('FIELD_UNUSABLE');
  });
});
