import { describe, expect, it } from '@jest/globals';
import type { ByteSource } from '../byte-source.js';
import { bufferSource, concatSource, PdfDocument } from '../index.js';
import { faults } from '../testing/faults.js';
import { hybridPdf, makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { open, refusal, sign } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const bytes = (value: string): Buffer => Buffer.from(value, 'latin1');
/** Without its cross-reference data. */
const headless = (pdf: Buffer): Buffer => pdf.subarray(0, pdf.lastIndexOf('xref\n0'));
const signable = async (pdf: Buffer): Promise<string | undefined> => refusal((await open(pdf)).assertSignable());

const repeated = (piece: string): ByteSource =>
  bufferSource(Buffer.concat([bytes('%PDF-1.7\n'), Buffer.alloc(8_000_000, piece, 'latin1')]));

describe('a damaged file', () => {
  it('says why it was repaired, and a sound one says nothing', async () => {
    expect((await open(simplePdf())).repaired).toBeUndefined();
    const cut = await open(headless(simplePdf()));
    expect(cut.repaired?.reason).toMatch(/expected startxref .* found none/);
    // The page is not where the table says.
    const pdf = bytes(text(simplePdf()).replace(/(f \n\d{10} 00000 n \n\d{10} 00000 n \n)\d{10}/, '$10000000017'));
    const later = await open(pdf);
    expect(later.repaired).toBeUndefined();
    expect(await later.pageCount()).toBe(1);
    expect(await later.page(0)).toMatchObject({ widthPt: 595 });
    await later.assertSignable();
    expect(later.repaired?.reason).toMatch(/^expected .*, found .*/);
  });

  it('is read as its last definitions have it', async () => {
    const newer = '<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 9 8] >>';
    const pdf = headless(simplePdf());
    const whole = Buffer.concat([pdf, bytes(`2 0 obj\n${newer}\nendobj\n`)]);
    expect(await (await open(whole)).page(0)).toMatchObject({ widthPt: 9 });
    const cutOff = Buffer.concat([pdf, bytes(`2 0 obj\n${newer.slice(0, -3)}`)]);
    expect(await (await open(cutOff)).page(0)).toMatchObject({ widthPt: 595 });
  });

  it('gets a table of every live object, and no /Prev', async () => {
    const pdf = headless(simplePdf({ count: 2 }));
    const written = text((await sign(pdf)).subarray(pdf.length));
    expect(written).toMatch(/xref\n0 \d+\n0000000000 65535 f\r\n(\d{10} \d{5} n\r\n)+trailer/);
    expect(written).not.toContain('/Prev');
    expect(written).toMatch(/^%%EOF\n/);
  });

  it('gets a cross-reference stream when some of its objects stand in object streams', async () => {
    const pdf = headless(hybridPdf(simpleObjects({ count: 2 }), [1, 3]));
    const signed = await sign(pdf);
    expect(text(signed.subarray(pdf.length))).toContain('/Type /XRef');
    expect(await (await open(signed)).pageCount()).toBe(2);
    expect((await open(signed)).repaired).toBeUndefined();
  });

  it('gets a cross-reference stream rather than a table of a million free numbers', async () => {
    const objects = simpleObjects();
    objects.set(1_000_000, '(far)');
    const signed = await sign(bytes(text(makePdf({ objects })).replace(/xref\n0 [^]*$/, '')));
    expect(signed.length).toBeLessThan(5000);
    expect(await (await open(signed)).pageCount()).toBe(1);
  });

  it('keeps /Info, /ID and the generations of its objects', async () => {
    const pdf = text(simplePdf({ trailer: '/Info 4 0 R /ID [<00112233> (abc)]' }))
      .replaceAll('1 0 obj', '1 3 obj')
      .replaceAll('1 0 R', '1 3 R');
    const signed = await sign(bytes(pdf));
    expect(text(signed)).toMatch(/\/Root 1 3 R \/Info 4 0 R \/ID \[<00112233> <[0-9a-f]{32}>\]/);
    expect((await open(signed)).repaired).toBeUndefined();
  });

  it('is found to be one at the page that is asked for', async () => {
    const pdf = text(simplePdf({ count: 3 }));
    const at = pdf.indexOf('5 0 obj');
    const document = await open(bytes(pdf.slice(0, at - 1) + pdf.slice(at).replace(/(\n0{10} 65535 f \n)/, ' $1')));
    expect(await document.page(2)).toMatchObject({ widthPt: 595 });
    expect(document.repaired).toBeDefined();
  });

  it('does not take the objects of a PDF that is attached to it for its own', async () => {
    for (const length of ['direct', 'indirect']) {
      const objects = simpleObjects({ count: 2 });
      const attached = text(simplePdf({ box: '0 0 9 9' }));
      const own = stream(attached, '/Type /EmbeddedFile');
      objects.set(8, length === 'direct' ? own : own.replace(/\/Length \d+/, '/Length 9 0 R'));
      objects.set(9, String(attached.length));
      const document = await open(headless(makePdf({ objects })));
      expect(await document.pageCount()).toBe(2);
      expect((await document.page(0)).widthPt).toBe(595);
    }
  });

  it('is written again where no strict reader could read it', async () => {
    const spoilt = faults['no endobj']?.(simplePdf({ count: 2 })) ?? simplePdf();
    const signed = await sign(spoilt);
    expect(text(signed.subarray(spoilt.length))).toMatch(/2 0 obj\s*<< \/Type \/Pages/);
    const strict = await PdfDocument.open(bufferSource(signed), { repair: 'refuse' });
    expect(await strict.pageCount()).toBe(2);
    expect(await strict.signatures()).toHaveLength(1);
  });

  it('is not repaired for whoever refuses that', async () => {
    const pdf = bufferSource(headless(simplePdf()));
    expect(await refusal(PdfDocument.open(pdf, { repair: 'refuse' }))).toBe('DAMAGED');
  });

  it('leaves out an update that was cut off, as viewers do, and says so', async () => {
    const updated = Buffer.concat([simplePdf(), bytes('2 0 obj\n<< /Type /Pages /Kids [')]);
    const document = await open(updated);
    await document.assertSignable();
    expect(document.repaired?.reason).toContain('cut off');
    expect(await document.pageCount()).toBe(1);
    expect(await (await open(await sign(updated))).pageCount()).toBe(1);
  });

  it('that counts its table from 1 gets one that all readers understand', async () => {
    const pdf = bytes(text(simplePdf()).replace('xref\n0 ', 'xref\n1 '));
    const signed = await sign(pdf);
    expect(text(signed.subarray(pdf.length))).not.toContain('/Prev');
  });
});

describe('a damaged file is refused', () => {
  it('when it is signed, whatever part of the signature is left', async () => {
    const signed = await sign(simplePdf());
    expect(await signable(signed.subarray(0, -30))).toBe('DAMAGED');
    expect(await signable(signed.subarray(0, signed.indexOf('/ByteRange') + 30))).toBe('DAMAGED');
    const shifted = bytes(text(signed).replace('%\xe2\xe3\xcf\xd3', '%\xe2\xe3\xcf\xd3 shifted'));
    await expect(open(shifted).then((document) => document.assertSignable())).rejects.toMatchObject({
      code: 'DAMAGED',
      expected: expect.stringContaining('a signed file is not repaired') as unknown,
    });
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields [10 0 R] >>' });
    objects.set(10, '<< /FT /Sig /T (S) /V 11 0 R >>');
    expect(await refusal(open(headless(makePdf({ objects }))))).toBe('DAMAGED');
  });

  it('when no catalog is left, and when no page is', async () => {
    expect(await refusal(open(bytes('%PDF-1.7\n')))).toBe('DAMAGED');
    expect(await refusal(open(simplePdf().subarray(0, 60)))).toBe('DAMAGED');
    const pages = headless(simplePdf());
    expect(await signable(pages.subarray(0, pages.indexOf('3 0 obj')))).toBe('NO_PAGES');
  });

  it('once only, however often it is asked', async () => {
    let bytesRead = 0;
    const whole = simplePdf();
    const pdf = whole.subarray(0, whole.indexOf('3 0 obj'));
    const counting: ByteSource = {
      size: pdf.length,
      read: (offset, length) => {
        const read = pdf.subarray(offset, offset + length);
        bytesRead += read.length;
        return Promise.resolve(read);
      },
    };
    const document = await PdfDocument.open(counting);
    const once = bytesRead;
    for (let round = 0; round < 20; round += 1) {
      expect(await refusal(document.assertSignable())).toBe('NO_PAGES');
    }
    expect(bytesRead).toBeLessThan(once * 2);
  });
});

describe('a scan', () => {
  it.each([
    '1 0 obj ',
    '1 0 obj null endobj\n',
    '1 0 obj (',
    '1 0 obj <<',
    '1 0 obj [',
    '1 0 obj <aa',
    '1 0 obj %',
    '1 0 obj<</Length 99>>stream\n',
    '1 0 obj<</Length 9999999>>stream\n',
    '1 0 obj<</Length 2 0 R>>stream\n',
    '1 0 obj<</Type/ObjStm/N 9/First 9/Length 3>>stream\nabc\nendstream endobj\n',
    'xref ',
    'trailer ',
    'trailer <<',
    'trailer << /Root 1 0 R >> ',
    'objobj',
    '0 0 0 0 0 obj',
  ])('of a file that is nothing but "%s" ends soon', async (piece) => {
    const limits = { maxRepairObjects: 20_000 };
    const before = process.cpuUsage();
    expect(await refusal(PdfDocument.open(repeated(piece), { limits }))).toMatch(/^(DAMAGED|LIMIT_EXCEEDED)$/);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(6000);
  });

  it('stops at each of its limits', async () => {
    const pdf = bufferSource(headless(hybridPdf(simpleObjects({ count: 20 }), [1, 3, 5])));
    for (const limits of [
      { maxRepairBytes: 100 },
      { maxRepairObjects: 10 },
      { maxRepairInflatedBytes: 10 },
      { repairDeadlineMs: -1 },
    ]) {
      expect({ limits, code: await refusal(PdfDocument.open(pdf, { limits })) }).toEqual({
        limits,
        code: 'LIMIT_EXCEEDED',
      });
    }
  });

  it('steps over the data of a large stream, and reads a file in parts as if it were whole', async () => {
    const gap = 3_000_000_000;
    const zeros: ByteSource = {
      size: gap,
      read: (offset, length) => Promise.resolve(Buffer.alloc(Math.max(0, Math.min(length, gap - offset)))),
    };
    const head = text(headless(simplePdf())) + `9 0 obj\n<< /Length ${gap} >>\nstream\n`;
    const tail =
      '\nendstream\nendobj\n2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 7 7] >>\nendobj\n';
    const document = await PdfDocument.open(concatSource(bufferSource(bytes(head)), zeros, bufferSource(bytes(tail))));
    expect((await document.page(0)).widthPt).toBe(7);
  });

  it('numbers no objects up to a reference that leads nowhere', async () => {
    for (const beyond of ['4294967296 0 R', '8388607 0 R']) {
      const cut = headless(makePdf({ objects: simpleObjects({ page: `/Beads ${beyond}` }) }));
      const signed = await sign(await sign(cut), { fieldName: 'Signature2' });
      expect(signed.length).toBeLessThan(cut.length + 8000);
      expect(await (await open(signed)).signatures()).toHaveLength(2);
    }
  });
});
