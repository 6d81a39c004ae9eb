import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSource,
  completeSignature,
  concatSource,
  digestPrepared,
  fileSource,
  PdfDocument,
  prepareSignature,
} from '../index.js';
import { pdfsig, pdftotext, qpdf, qpdfComplaints, render } from '../testing/judges.js';
import { appendRevision, hybridPdf, makePdf, simpleObjects, simplePdf } from '../testing/pdf-maker.js';
import { addEvidence, findings, open, refusal, sign, signForReal, signingTime, timestamp } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const three = simplePdf({ count: 3, trailer: '/ID [<00112233> (abc)]' });
const cutTable = (spoil: (tail: string) => string): Buffer => {
  const [head = '', tail = ''] = text(three).split(/(?=xref\n0)/);
  return Buffer.from(head + spoil(tail), 'latin1');
};
const visible = {
  pageIndex: 0,
  rectangle: { xPt: 100, yPt: 60, widthPt: 150, heightPt: 40 },
  appearance: { lines: ['Người ký: Nguyễn Văn Ánh', 'Ngày 22-11-2026'], fontSizePt: 10 },
};

const kinds: Record<string, () => Buffer> = {
  'a classic table': () => three,
  'no end of line at the end': () => simplePdf({ count: 3, ending: '' }),
  'junk before the header': () => Buffer.concat([Buffer.from('junk\r\n'), three]),
  'a cross-reference stream': () => qpdf(three, '--object-streams=generate'),
  'a linearized file': () => qpdf(three, '--linearize'),
  'a linearized file with object streams': () => qpdf(three, '--linearize', '--object-streams=generate'),
  'several revisions': () => appendRevision(appendRevision(three, new Map([[40, 'null']])), new Map([[41, '(x)']])),
  'a classic revision behind a cross-reference stream': () =>
    appendRevision(qpdf(three, '--object-streams=generate'), new Map([[40, 'null']])),
  'a hybrid file': () =>
    hybridPdf(simpleObjects({ count: 3, catalog: '/Names 9 0 R' }).set(9, '<< >>').set(10, '(x)'), [9, 10]),
  'entries of 19 bytes': () => cutTable((tail) => tail.replaceAll(/([nf]) \n/g, '$1\n')),
  'entries of 21 bytes': () => cutTable((tail) => tail.replaceAll(/ ([nf]) \n/g, ' $1 \r\n')),
  'pages of odd trees': () => {
    const objects = simpleObjects({ count: 3, page: '/Rotate 360 /CropBox [500 800 20 30]' });
    objects.set(2, '<< /Type /Pages /Count 9 /Kids [20 0 R 7 0 R] /MediaBox [0 0 595 842] >>');
    objects.set(20, '<< /Type /Pages /Parent 2 0 R /Count 1 /Kids [3 0 R 5 0 R] >>');
    return makePdf({ objects });
  },
  'direct annotations': () => simplePdf({ count: 3, page: '/Annots [<</Type/Annot/Subtype/Text/Rect[9 9 9 9]>>]' }),
  'annotations and fields in objects of their own': () => {
    const objects = simpleObjects({ count: 3, page: '/Annots 20 0 R', catalog: '/AcroForm 21 0 R' });
    objects.set(20, '[ 23 0 R ]');
    objects.set(21, '<< /Fields 22 0 R /DA (/Helv 0 Tf) >>');
    objects.set(22, '[ 23 0 R ]');
    objects.set(23, '<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /Rect [0 0 0 0] /P 3 0 R >>');
    return makePdf({ objects });
  },
  'references to nothing instead of arrays': () =>
    simplePdf({ count: 3, page: '/Annots 77 0 R', catalog: '/AcroForm << /Fields 78 0 R >>' }),
};

const withField = (field: string, catalog = '/AcroForm << /Fields [10 0 R] >>'): Buffer => {
  const objects = simpleObjects({ page: '/Annots [10 0 R]', catalog });
  objects.set(10, `<< /Type /Annot /Subtype /Widget /T (Seal) /P 3 0 R ${field} >>`);
  return makePdf({ objects });
};

const increment = async (pdf: Buffer): Promise<string> => text((await sign(pdf)).subarray(pdf.length));

const words = (pdf: Buffer): string[] =>
  pdftotext(pdf)
    .split(/\s*\n\s*/)
    .filter((line) => line !== '');

describe.each(Object.keys(kinds))('signing %s', (kind) => {
  const original = kinds[kind]?.() ?? three;

  it('gives two signatures that other software accepts, and leaves text and pages as they were', async () => {
    const first = await signForReal(original, { visible, name: 'Nguyễn Văn Ánh' });
    const second = await signForReal(first, { fieldName: 'Signature2', visible: { ...visible, pageIndex: 2 } });
    expect(second.subarray(0, original.length).equals(original)).toBe(true);
    expect(second.subarray(0, first.length).equals(first)).toBe(true);
    expect(qpdfComplaints(second)).toBe(qpdfComplaints(original));
    if (kind !== 'junk before the header') {
      // pdfsig counts ByteRange from the header, against ISO 32000-2, 12.8.1.
      const said = pdfsig(second);
      expect(said.match(/Signature is Valid/g)).toHaveLength(2);
      expect(said.match(/Total document signed/g)).toHaveLength(1);
    }
    // The appearance is text too; everything else is as it was.
    const drawn = words(second).filter((line) => visible.appearance.lines.includes(line));
    expect(drawn).toEqual([...visible.appearance.lines, ...visible.appearance.lines]);
    expect(words(second).filter((line) => !drawn.includes(line))).toEqual(words(original));
    expect(await findings(second, 0)).toEqual([]);
    expect(await findings(second, 1)).toEqual([]);
    const unsigned = render(original, 2);
    const untouched = render(second, 2);
    expect(untouched.ink).toEqual(unsigned.ink);
  });

  it('stays sound with evidence and a document time-stamp on top', async () => {
    const signed = await sign(original);
    const evidence = { certificates: [Buffer.alloc(900, 1)], crls: [Buffer.alloc(700, 2)] };
    const stamped = await timestamp(await addEvidence(signed, evidence));
    const more = await addEvidence(stamped, { ocspResponses: [Buffer.alloc(80, 3)] });
    expect(qpdfComplaints(more)).toBe(qpdfComplaints(original));
    const document = await open(more);
    expect((await document.signatures()).map((signature) => signature.kind)).toEqual([
      'signature',
      'document-timestamp',
    ]);
    expect(await findings(more, 0)).toEqual([]);
    expect(await findings(more, 1)).toEqual([]);
  });
});

/** The lowest number of an object, from `from` up. */
function lowestNew(written: string, from: number): number {
  return Math.min(
    ...[...written.matchAll(/^(\d+) 0 obj/gm)].map(([, found]) => Number(found)).filter((n) => n >= from),
  );
}

describe('an increment', () => {
  it('uses the kind of cross-reference data that the newest section has', async () => {
    expect(await increment(three)).toMatch(/\nxref\n/);
    const streams = qpdf(three, '--object-streams=generate');
    expect(await increment(streams)).not.toMatch(/\nxref\n/);
    expect(await increment(streams)).toContain('/Type /XRef');
    expect(await increment(appendRevision(streams, new Map()))).toMatch(/\nxref\n/);
  });

  it('points /Prev of a linearized file to the section that the last startxref names', async () => {
    const linearized = qpdf(three, '--linearize');
    const last = /startxref\n(\d+)\n%%EOF\s*$/.exec(text(linearized))?.[1];
    expect(await increment(linearized)).toContain(`/Prev ${last} `);
    expect(Number(last)).toBeLessThan(linearized.length / 2);
  });

  it('repeats /Root, /Info and the first part of /ID, and changes the second', async () => {
    const pdf = simplePdf({ trailer: '/Info 4 0 R /ID [<00112233> (abc)]' });
    const written = await increment(pdf);
    expect(written).toMatch(/\/Root 1 0 R \/Info 4 0 R \/ID \[<00112233> <[0-9a-f]{32}>\]/);
  });

  it('touches nothing but the page and the catalog, byte for byte', async () => {
    const pdf = simplePdf({ page: '/Weird#20Key( a\\(b )/Tabs  /S', catalog: '/Lang(vi)%comment\n' });
    const written = await increment(pdf);
    expect(written).toContain('/Weird#20Key( a\\(b )/Tabs  /S  /Annots [6 0 R] >>');
    expect(written).toContain('/Lang(vi)%comment\n  /AcroForm 7 0 R >>');
    expect(written.match(/\d+ 0 obj/g)).toHaveLength(5 - 0);
    for (const key of ['/OutputIntents', '/Metadata', '/NeedAppearances', '/Extensions', '/Version']) {
      expect(written).not.toContain(key);
    }
  });

  it('touches only the page, which has a list of its own by then, and the fields when these are an object of their own', async () => {
    const pdf = kinds['annotations and fields in objects of their own']?.() ?? three;
    const signed = await sign(pdf);
    const second = text((await sign(signed, { fieldName: 'Signature2' })).subarray(signed.length));
    expect([...second.matchAll(/(\d+) 0 obj/g)].map(([, n]) => Number(n)).filter((n) => n < 24)).toEqual([3, 22]);
  });

  it('leaves NeedAppearances as it is', async () => {
    const pdf = simplePdf({ catalog: '/AcroForm << /Fields [] /NeedAppearances true /SigFlags 1 >>' });
    expect(await increment(pdf)).toMatch(/\/NeedAppearances true \/SigFlags {1,2}3/);
  });

  it('takes numbers above every /Size and every reference it has seen', async () => {
    const pdf = simplePdf({ page: '/Hidden 60 0 R' });
    expect(lowestNew(await increment(pdf), 10)).toBe(61);
    const shrunk = appendRevision(simplePdf(), new Map([[50, 'null']]), { size: 3 });
    const written = await increment(shrunk);
    expect(lowestNew(written, 10)).toBe(51);
    expect(written).toMatch(/\/Size 54 /);
  });

  it('gives the same bytes for the same document and options', async () => {
    expect((await sign(three, { visible })).equals(await sign(three, { visible }))).toBe(true);
  });

  it('has room for a ByteRange of more than ten digits', async () => {
    expect(await increment(three)).toMatch(/\/ByteRange \[0 \d+ \d+ \d+ {30,}\]/);
  });

  it('uses a cross-reference stream where ten digits are too few for an offset', async () => {
    // 10.5 GB without writing them: zeros between a small PDF and a copy of its tail.
    const head = text(simplePdf());
    const gap = 10_500_000_000;
    const tail = appendRevision(simplePdf(), new Map()).subarray(head.length);
    const zeros = {
      size: gap,
      read: (offset: number, length: number) =>
        Promise.resolve(Buffer.alloc(Math.max(0, Math.min(length, gap - offset)))),
    };
    const moved = text(tail).replace(/startxref\n\d+/, `startxref\n${head.length + gap}`);
    const source = concatSource(
      bufferSource(Buffer.from(head, 'latin1')),
      zeros,
      bufferSource(Buffer.from(moved, 'latin1')),
    );
    const document = await PdfDocument.open(source);
    const prepared = await prepareSignature(document, { fieldName: 'S', reservedBytes: 10, signingTime });
    expect(text(Buffer.from(prepared.increment))).toMatch(/\/W \[1 6 2\]/);
    const completed = completeSignature(prepared, Buffer.from('3000', 'hex'));
    const signed = await PdfDocument.open(concatSource(source, bufferSource(completed)));
    const [signature] = await signed.signatures();
    expect(signature?.contentsStart).toBeGreaterThan(gap);
    expect(signature?.byteRange).toEqual(prepared.state.byteRange);
  });

  it('keeps the generation of an object that it replaces', async () => {
    const pdf = text(three).replaceAll('1 0 obj', '1 3 obj').replaceAll('1 0 R', '1 3 R');
    const table = pdf.replace(/(\n0000000000 65535 f \n\d{10}) 00000/, '$1 00003');
    const signed = await sign(Buffer.from(table, 'latin1'));
    expect(text(signed)).toMatch(/\n1 3 obj\n.*AcroForm/);
    expect(text(signed)).toMatch(/\n\d{10} 00003 n\r\n/);
    expect(qpdfComplaints(signed)).toBe('');
  });

  it('settles a dictionary in which a key stands twice, and refuses to change one that is signed', async () => {
    const page = '/Tabs /S /Tabs /R';
    const signed = await sign(simplePdf({ page }));
    expect(signed.toString('latin1')).toMatch(/\n3 0 obj\n<< .* {2}\/Tabs \/R /);
    const spoilt = signed.toString('latin1').replaceAll(/ \/Tabs \/R /g, (found) => ` /T 1 /T 2${found.slice(10)} `);
    expect(await refusal(sign(Buffer.from(spoilt, 'latin1'), { fieldName: 'Signature2' }))).toBe('DAMAGED');
  });
});

describe('the appearance', () => {
  const rectangle = { xPt: 60, yPt: 90, widthPt: 120, heightPt: 30 };
  const place = { ...visible, rectangle };

  it.each([
    ['upright', ''],
    ['turned by 90', '/Rotate 90'],
    ['turned by 180', '/Rotate 180'],
    ['turned by 270', '/Rotate 270'],
    ['cropped off its origin', '/CropBox [50 70 450 650]'],
    ['cropped and turned by 90', '/CropBox [50 70 450 650] /Rotate 90'],
    ['cropped and turned by 270', '/CropBox [50 70 450 650] /Rotate 270'],
    ['with a box that starts below zero', '/MediaBox [-100 -200 400 400]'],
  ])('stands upright inside its rectangle on a page %s', async (_, page) => {
    const objects = simpleObjects({ page });
    objects.set(4, '<< /Length 0 >>\nstream\n\nendstream');
    const { ink, width, height } = render(await sign(makePdf({ objects }), { visible: place }));
    const size = await (await open(makePdf({ objects }))).page(0);
    expect([width, height]).toEqual([size.widthPt, size.heightPt]);
    // Rows count from the top.
    expect(ink?.left).toBeGreaterThanOrEqual(rectangle.xPt - 1);
    expect(ink?.right).toBeLessThanOrEqual(rectangle.xPt + rectangle.widthPt + 1);
    expect(ink?.top).toBeGreaterThanOrEqual(height - rectangle.yPt - rectangle.heightPt - 1);
    expect(ink?.bottom).toBeLessThanOrEqual(height - rectangle.yPt + 1);
    // Two lines of text are wider than high only when they are upright.
    expect((ink?.right ?? 0) - (ink?.left ?? 0)).toBeGreaterThan(60);
  });

  it('is refused off the page, on an unknown page, and with a bad image', async () => {
    const off = { ...visible, rectangle: { ...rectangle, xPt: 500 } };
    expect(await refusal(sign(three, { visible: off }))).toBe('RECTANGLE_OFF_PAGE');
    expect(await refusal(sign(three, { visible: { ...visible, pageIndex: 3 } }))).toBe('PAGE_UNKNOWN');
    const image = { lines: [], fontSizePt: 10, imagePng: Buffer.from('GIF89a') };
    expect(await refusal(sign(three, { visible: { ...visible, appearance: image } }))).toBe('IMAGE_INVALID');
  });
});

describe('a field', () => {
  const empty = '/FT /Sig /F 4 /Rect [100 100 200 150]';

  it('that is empty and has the name is filled where its author put it', async () => {
    const signed = await signForReal(withField(empty), { fieldName: 'Seal', visible });
    const written = text(signed.subarray(withField(empty).length));
    expect(written).toContain(`${empty}  /V 11 0 R /AP << /N `);
    expect(written).not.toContain('/Annots');
    expect(written).toContain('/SigFlags 3');
    expect(pdfsig(signed)).toContain('Signature is Valid');
    expect(await findings(signed)).toEqual([]);
  });

  it('with its widget apart is filled as well', async () => {
    const objects = simpleObjects({
      page: '/Annots [11 0 R]',
      catalog: '/AcroForm << /Fields [10 0 R] /SigFlags 3 >>',
    });
    objects.set(10, '<< /FT /Sig /T (Seal) /Kids [11 0 R] >>');
    objects.set(11, '<< /Type /Annot /Subtype /Widget /Parent 10 0 R /F 4 /Rect [100 100 200 150] >>');
    const signed = await sign(makePdf({ objects }), { fieldName: 'Seal', visible });
    // pdfsig looks for /V in the widget only, so it cannot judge this one.
    expect(text(signed)).toMatch(/\n10 0 obj\n<< \/FT \/Sig \/T \(Seal\) \/Kids \[11 0 R\] {2}\/V 12 0 R >>/);
    expect(text(signed)).toMatch(/\n11 0 obj\n.*\/AP << \/N \d+ 0 R >> >>/);
    expect(await findings(signed)).toEqual([]);
    expect(qpdfComplaints(signed)).toBe('');
    expect(render(signed).ink?.bottom).toBeGreaterThan(700);
  });

  it.each([
    ['of another type', '/FT /Tx /Rect [0 0 0 0]'],
    ['that is signed', '/FT /Sig /Rect [0 0 0 0] /V << /Contents <3000> >>'],
    ['with a lock that does not say what it locks', '/FT /Sig /Rect [0 0 99 99] /Lock << /Action /Include >>'],
    [
      'with a seed value that cannot be met',
      '/FT /Sig /Rect [0 0 99 99] /SV << /Ff 2 /SubFilter [/adbe.pkcs7.sha1] >>',
    ],
    ['without an area for a visible signature', '/FT /Sig /Rect [0 0 0 0]'],
  ])('%s is refused', async (_, field) => {
    expect(await refusal(sign(withField(field), { fieldName: 'Seal', visible }))).toBe('FIELD_UNUSABLE');
  });

  it.each(['', 'a.b', 'Parent'])('cannot be named "%s"', async (fieldName) => {
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields [10 0 R] >>' });
    objects.set(10, '<< /T (Parent) /Kids [<< /T (child) /FT /Tx >>] >>');
    expect(await refusal(sign(makePdf({ objects }), { fieldName }))).toBe('FIELD_UNUSABLE');
  });

  it('is signed once only', async () => {
    expect(await refusal(sign(await sign(three)))).toBe('FIELD_UNUSABLE');
  });
});

describe('the digest of the ByteRange', () => {
  it('is the same from memory, from a file, and from parts, with every algorithm', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kyso-pdf-'));
    const objects = simpleObjects();
    objects.set(9, `(${'x'.repeat(5_000_000)})`);
    const pdf = makePdf({ objects });
    writeFileSync(join(folder, 'in.pdf'), pdf);
    const handle = await openFile(join(folder, 'in.pdf'));
    const sources = [
      bufferSource(pdf),
      fileSource(handle, pdf.length),
      concatSource(bufferSource(pdf.subarray(0, 2_000_000)), bufferSource(pdf.subarray(2_000_000))),
    ];
    for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
      const digests = new Set<string>();
      for (const source of sources) {
        const prepared = await prepareSignature(await PdfDocument.open(source), {
          fieldName: 'S',
          reservedBytes: 100,
          signingTime,
        });
        // Twice: the second time from the state that was kept.
        for (let round = 0; round < 2; round += 1) {
          digests.add(Buffer.from(await digestPrepared(source, prepared, algorithm)).toString('hex'));
        }
      }
      expect(digests.size).toBe(1);
    }
    await handle.close();
    rmSync(folder, { recursive: true });
  });

  it('is not made of another document', async () => {
    const prepared = await prepareSignature(await open(three), { fieldName: 'S', reservedBytes: 10, signingTime });
    await expect(digestPrepared(bufferSource(simplePdf()), prepared, 'sha256')).rejects.toThrow(RangeError);
  });

  it('survives that the state is written as JSON', async () => {
    const prepared = await prepareSignature(await open(three), { fieldName: 'S', reservedBytes: 10, signingTime });
    const resumed = {
      increment: prepared.increment,
      state: JSON.parse(JSON.stringify(prepared.state)) as typeof prepared.state,
    };
    const digests = [prepared, resumed].map((one) => digestPrepared(bufferSource(three), one, 'sha256'));
    expect(await digests[0]).toEqual(await digests[1]);
  });
});

describe('the placeholder', () => {
  it('refuses a CMS that is too long and says by how much', async () => {
    const prepared = await prepareSignature(await open(three), { fieldName: 'S', reservedBytes: 10, signingTime });
    let thrown: unknown;
    try {
      completeSignature(prepared, Buffer.alloc(11));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'PlaceholderTooSmall', neededBytes: 11, reservedBytes: 10 });
  });

  it('can be filled again with something shorter', async () => {
    const prepared = await prepareSignature(await open(three), { fieldName: 'S', reservedBytes: 10, signingTime });
    completeSignature(prepared, Buffer.alloc(10, 0xab));
    const written = text(Buffer.from(completeSignature(prepared, Buffer.from('300100', 'hex'))));
    expect(written).toContain(`<300100${'0'.repeat(14)}>`);
  });
});
