import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { bufferSource, PdfDocument } from '../index.js';
import { hybridPdf, makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign } from '../testing/signing.js';
import { newPatience, regularText, tolerantDictionary } from './tolerant-parser.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');
const newer = (pdf: Buffer, signed: Buffer): string => text(signed.subarray(pdf.length));
const regular = (value: string): string => {
  const dictionary = tolerantDictionary(bytes(value), 100, newPatience());
  return dictionary === undefined ? 'none' : text(regularText(dictionary));
};

/** Without the checksum. */
const deflateInPart = (data: string): string => text(deflateSync(bytes(data)).subarray(0, -4));

describe('a dictionary that no strict reader takes', () => {
  it.each([
    ['<< /A 1 /B (x) >>', '<< /A 1 /B (x) >>'],
    ['<< /X 1 0 R 0 R /Pages 2 0 R >>', '<< /X 1 0 R /Pages 2 0 R >>'],
    ['<< /L << /Nums [0 << /P (x) >> >> >>', '<< /L << /Nums [0 << /P (x) >>] >> >>'],
    ['<< /Kids 8 0 R ] /Count 1 >>', '<< /Kids 8 0 R /Count 1 >>'],
    ['<< /A foo /B 2 >>', '<< /B 2 >>'],
    ['<< /A [1 foo 2.50 (x) /N#20 true] >>', '<< /A [1 null 2.5 (x) /N#20 true] >>'],
    ['<< /A [1 /B 2', '<< /A [1 /B 2] >>'],
    ['<< /A /B /C', '<< /A /B >>'],
    ['<< /A (open', '<< >>'],
    ['<< /A 1 /A 2 >>', '<< /A 2 >>'],
    ['<< /A << /B 1 endobj 9 0 obj << /C 1 >>', '<< /A << /B 1 >> >>'],
    ['42', 'none'],
  ])('%s is read as %s', (written, read) => {
    expect(regular(written)).toBe(read);
  });

  it('ends, however deep it goes', () => {
    expect(() => tolerantDictionary(bytes('<< /A '.repeat(200)), 100, newPatience())).toThrow('nesting');
  });

  it('is given up where ever more has to be passed over, also from one object to the next', () => {
    const patience = newPatience();
    const dictionary = bytes(`<< ${'( '.repeat(600)}`);
    expect(tolerantDictionary(dictionary, 100, patience)?.entries.size).toBe(0);
    expect(() => tolerantDictionary(dictionary, 100, patience)).toThrow('DAMAGED');
    expect(() => tolerantDictionary(bytes('<< /A ('), 100, patience)).toThrow('DAMAGED');
  });
});

describe('a damaged file is written anew', () => {
  it('where its catalog or its page tree can be read by tolerant readers only', async () => {
    const objects = simpleObjects({ count: 2, catalog: '/PageLabels << /Nums [0 << /P (x) >> >>' });
    objects.set(2, '<< /Type /Pages /Count 2 /Kids [3 0 R 5 0 R ) /MediaBox [0 0 595 842] >>');
    const pdf = makePdf({ objects });
    const signed = await sign(pdf);
    expect(newer(pdf, signed)).toMatch(/\n1 0 obj\n<< .*\/Nums \[0 << \/P \(x\) >>\] >>/);
    const strict = await PdfDocument.open(bufferSource(signed), { repair: 'refuse' });
    expect(await strict.pageCount()).toBe(2);
    const twice = await sign(signed, { fieldName: 'Signature2' });
    expect([await findings(twice, 0), await findings(twice, 1)]).toEqual([[], []]);
  });

  it('where what its object streams hold can be read in part only', async () => {
    const pdf = hybridPdf(simpleObjects({ count: 2 }), [3, 1], '/Filter /FlateDecode', deflateInPart);
    const signed = await sign(pdf);
    expect(newer(pdf, signed)).toMatch(/\n1 0 obj\n<< \/Type \/Catalog/);
    const strict = await PdfDocument.open(bufferSource(signed), { repair: 'refuse' });
    expect(await strict.pageCount()).toBe(2);
    await expect(sign(signed, { fieldName: 'Signature2' })).resolves.toBeDefined();
  });

  it('where an object stream calls itself something else', async () => {
    const pdf = bytes(text(hybridPdf(simpleObjects(), [1, 3])).replace('/ObjStm', '/Potato'));
    const strict = await PdfDocument.open(bufferSource(await sign(pdf)), { repair: 'refuse' });
    expect(await strict.pageCount()).toBe(1);
  });

  it('but not what is drawn, where every reader finds it by the file’s own table', async () => {
    const objects = simpleObjects({ catalog: '/Metadata 9 0 R' });
    const wrong = String(objects.get(4)).replace(/\/Length \d+/, '/Length 5');
    const pdf = makePdf({ objects: objects.set(4, wrong).set(9, stream('x')) });
    const spoilt = bytes(text(pdf).replace('/Type /Catalog /Pages 2 0 R', '/Pages 2 0 R ]/Type/Catalog'));
    const cut = spoilt.subarray(0, spoilt.lastIndexOf('xref\n0'));
    expect(newer(spoilt, await sign(spoilt))).not.toContain('4 0 obj');
    expect(newer(cut, await sign(cut))).toContain('4 0 obj');
  });
});

describe('a damaged file keeps as it is', () => {
  it('a stream that is its own /Length, of which readers show nothing', async () => {
    const objects = simpleObjects();
    const pdf = makePdf({ objects: objects.set(4, String(objects.get(4)).replace(/\/Length \d+/, '/Length 4 0 R')) });
    const cut = pdf.subarray(0, pdf.lastIndexOf('xref\n0'));
    expect(newer(cut, await sign(cut))).not.toContain('4 0 obj');
  });
});

describe('an encrypted file is refused', () => {
  const encrypt = `<< /Filter /Standard /V 1 /R 2 /O (${'o'.repeat(32)}) /U (${'u'.repeat(32)}) /P -4 >>`;
  const pdf = text(simplePdf({ trailer: '/Encrypt 9 0 R /ID [<00> <00>]', root: '1 0 R' }).subarray()).replace(
    'xref\n',
    `9 0 obj\n${encrypt}\nendobj\nxref\n`,
  );

  it('when the trailer that says so is cut off, or gone', async () => {
    const cut = pdf.slice(0, pdf.lastIndexOf('<00>') + 2);
    const gone = pdf.slice(0, pdf.indexOf('xref\n'));
    for (const damagedFile of [cut, gone]) {
      await expect(open(bytes(damagedFile))).rejects.toMatchObject({
        code: 'DAMAGED',
        expected: 'a trailer that says how the file is encrypted',
      });
    }
    expect(await refusal(open(bytes(pdf)))).toBe('PASSWORD_NEEDED');
  });
});
