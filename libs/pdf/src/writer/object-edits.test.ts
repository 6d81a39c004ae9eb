import { describe, expect, it } from '@jest/globals';
import { makePdf, simpleObjects } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign } from '../testing/signing.js';

const newer = (pdf: Buffer, signed: Buffer): string => signed.subarray(pdf.length).toString('latin1');

const visible = {
  pageIndex: 0,
  rectangle: { xPt: 36, yPt: 36, widthPt: 200, heightPt: 80 },
  appearance: { lines: ['Đã ký'], fontSizePt: 10 },
};

describe('an object in which a key stands twice', () => {
  it('is written with the last one of each, also deep inside, and takes further signatures', async () => {
    const objects = simpleObjects({
      page: '/Rotate 90 /B << /C [<< /D 1 /#44 << /E 2 /E 3 >> >>] >> /Rotate(x)/Rotate 0',
      catalog: '/PageMode /UseNone /PageMode /UseOutlines',
    });
    const pdf = makePdf({ objects });
    const signed = await sign(pdf, { visible });
    expect(newer(pdf, signed)).toMatch(
      /\n3 0 obj\n<< .* {2}\/B << \/C \[<< {2}\/#44 << {2}\/E 3 >> >>\] >> \/Rotate 0 /,
    );
    expect(newer(pdf, signed)).toMatch(/\n1 0 obj\n<< .* {2}\/PageMode \/UseOutlines /);
    const twice = await sign(signed, { fieldName: 'Signature2', visible });
    expect([await findings(twice, 0), await findings(twice, 1)]).toEqual([[], []]);
  });

  it('is written anew with the first signature even where only the form changes', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm 9 0 R /Lang (a) /Lang (b)' });
    const pdf = makePdf({ objects: objects.set(9, '<< /Fields [] /SigFlags 0 /SigFlags 1 >>') });
    const signed = newer(pdf, await sign(pdf));
    expect(signed).toMatch(/\n1 0 obj\n<< .*\/AcroForm 9 0 R {2}\/Lang \(b\) >>/);
    expect(signed).toMatch(/\n9 0 obj\n<< \/Fields \[ \d+ 0 R\] {2}\/SigFlags 3 >>/);
  });

  it('is not touched once the document is signed', async () => {
    const first = await sign(makePdf({ objects: simpleObjects({ count: 2 }) }));
    const page = '<< /Type /Page /Parent 2 0 R /Rotate 90 /Rotate 0 >>';
    const made = first
      .toString('latin1')
      .replace(/\n5 0 obj\n.*\n/, (old) => `\n5 0 obj\n${page.padEnd(old.length - 10)}\n`);
    const document = await open(Buffer.from(made, 'latin1'));
    expect((await document.page(1)).widthPt).toBe(595);
    const onPage2 = { fieldName: 'Signature2', visible: { ...visible, pageIndex: 1 } };
    expect(await refusal(sign(Buffer.from(made, 'latin1'), onPage2))).toBe('DAMAGED');
  });
});
