import { describe, expect, it } from '@jest/globals';
import { type FieldPlan, prepareFields, type PrepareOptions } from '../index.js';
import { pdffonts, pdfsig, pdftotext, qpdf, qpdfEncrypted, qpdfComplaints, render } from '../testing/judges.js';
import { makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { addEvidence, findings, open, refusal, sign, signForReal, timestamp } from '../testing/signing.js';

const text = (pdf: Buffer): string => pdf.toString('latin1');
const box = (xPt: number, yPt: number, widthPt = 160, heightPt = 40) => ({
  pageIndex: 0,
  rectangle: { xPt, yPt, widthPt, heightPt },
});
const appearance = { lines: ['Người ký: Nguyễn Văn Ánh'], fontSizePt: 10 };
const visible = { appearance };

/** A decision of an authority: the leader signs, the clerk numbers and dates it, the organisation seals it. */
const plan: FieldPlan = {
  signatureFields: [
    { name: 'Leader', place: box(300, 200), lock: { action: 'Exclude', fields: ['Number', 'Date', 'Clerk', 'Seal'] } },
    { name: 'Clerk', lock: { action: 'Include', fields: ['Number', 'Date'] } },
    { name: 'Seal', place: box(220, 180, 80, 80), lock: { action: 'All', permission: 1 } },
  ],
  textFields: [
    { name: 'Number', place: box(72, 600, 120, 20), fontSizePt: 13 },
    { name: 'Date', place: box(300, 600, 220, 20), fontSizePt: 13, align: 'right', maxLength: 60 },
  ],
};
const values = [
  { fieldName: 'Number', value: 'Số: 123/QĐ-UBND' },
  { fieldName: 'Date', value: 'Hưng Yên, ngày 22 tháng 11 năm 2026' },
];

async function prepareWith(pdf: Buffer, wanted: FieldPlan = plan): Promise<Buffer> {
  return Buffer.concat([pdf, await prepareFields(await open(pdf), wanted)]);
}

/** Which fields are open. */
async function names(pdf: Buffer) {
  const { isSigned, signatureFields, textFields } = await (await open(pdf)).openFields();
  return { isSigned, signatureFields: [...signatureFields], textFields: [...textFields] };
}

/** What is accepted by qpdf and pdfsig, and by ourselves for every signature. */
async function expectSound(pdf: Buffer, signatures: number): Promise<void> {
  expect(qpdfComplaints(pdf)).toBe('');
  expect(pdfsig(pdf).match(/Signature is Valid/g) ?? []).toHaveLength(signatures);
  for (let index = 0; index < signatures; index += 1) {
    expect(await findings(pdf, index)).toEqual([]);
  }
}

const kinds: Record<string, () => Buffer> = {
  'a classic table': () => simplePdf(),
  'object streams': () => qpdf(simplePdf(), '--object-streams=generate'),
  'a form with fonts in objects of their own': () => {
    const objects = simpleObjects({ page: '/Annots 23 0 R', catalog: '/AcroForm 20 0 R' });
    objects.set(20, '<< /Fields 21 0 R /DR 22 0 R /DA (/Helv 0 Tf 0 g) /NeedAppearances false >>');
    objects.set(21, '[]');
    objects.set(22, '<< /Font 24 0 R >>');
    objects.set(23, '[]');
    objects.set(24, '<< /KysoSerif << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>');
    return makePdf({ objects });
  },
  'a file that is encrypted against nothing': () => qpdfEncrypted(simplePdf(), '', 'owner', '256'),
  'an encrypted file with object streams': () =>
    qpdfEncrypted(qpdf(simplePdf(), '--object-streams=generate'), '', 'owner', '128', '--use-aes=y'),
  'a form in the catalog': () => simplePdf({ catalog: '/AcroForm << /Fields [] /DR << /Font << >> >> >>' }),
};

describe.each(Object.keys(kinds))('fields prepared in a file with %s', (kind) => {
  const original = kinds[kind]?.() ?? simplePdf();

  it('are only filled by three signers, and everybody accepts every signature', async () => {
    let pdf = await prepareWith(original);
    expect(qpdfComplaints(pdf)).toBe('');
    pdf = await signForReal(pdf, { fieldName: 'Leader', visible });
    pdf = await signForReal(pdf, { fieldName: 'Clerk', fill: values });
    pdf = await signForReal(pdf, { fieldName: 'Seal', visible });
    await expectSound(pdf, 3);
    pdf = await timestamp(await addEvidence(pdf, { certificates: [Buffer.alloc(90, 1)] }));
    expect(await findings(pdf, 2)).toEqual([]);
    expect(pdf.subarray(0, original.length).equals(original)).toBe(true);
    for (const { value } of values) {
      expect(pdftotext(pdf)).toContain(value);
    }
    expect((await (await open(pdf)).signatureFields()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'Leader signed',
      'Clerk signed',
      'Seal signed',
      'Timestamp1 signed',
    ]);
  });

  it('are touched by later signers only where they are filled', async () => {
    const prepared = await prepareWith(original);
    const signed = await sign(prepared, { fieldName: 'Clerk' });
    expect(text(signed.subarray(prepared.length)).match(/\d+ 0 obj/g)?.length).toBeLessThanOrEqual(3);
    expect(text(signed.subarray(original.length))).not.toMatch(/NeedAppearances true/);
  });
});

describe('prepared fields', () => {
  const original = simplePdf();

  it('are drawn in the style and colour that were planned', async () => {
    const styled: FieldPlan = {
      textFields: [
        { name: 'Day', place: box(72, 600, 60, 20), fontSizePt: 13, fontStyle: 'italic', color: 'B00020' },
        { name: 'Number', place: box(72, 560, 120, 20), fontSizePt: 13 },
      ],
    };
    const fill = [
      { fieldName: 'Day', value: '05' },
      { fieldName: 'Number', value: '123/QĐ-UBND' },
    ];
    const pdf = await signForReal(await prepareWith(original, styled), { fieldName: 'Leader', fill });
    await expectSound(pdf, 1);
    expect(text(pdf)).toContain('/DA (/KysoSerifItalic 13 Tf 0.690 0 0.125 rg)');
    expect(pdffonts(pdf)).toEqual(['KYSOVN+KysoSerif', 'KYSOVN+KysoSerif-Italic']);
    expect(pdftotext(pdf)).toMatch(/05\n[^]*123\/QĐ-UBND/);
  });

  it('are open until they are filled or locked', async () => {
    const empty = { isSigned: false, signatureFields: [], textFields: [] };
    expect(await names(original)).toEqual(empty);
    let pdf = await prepareWith(original);
    const textFields = ['Number', 'Date'];
    expect(await names(pdf)).toEqual({ isSigned: false, signatureFields: ['Leader', 'Clerk', 'Seal'], textFields });
    pdf = await sign(pdf, { fieldName: 'Leader', visible, fill: values.slice(0, 1) });
    expect(await names(pdf)).toEqual({ isSigned: true, signatureFields: ['Clerk', 'Seal'], textFields: ['Date'] });
    pdf = await sign(pdf, { fieldName: 'Clerk' });
    expect(await names(pdf)).toEqual({ isSigned: true, signatureFields: ['Seal'], textFields: [] });
    pdf = await sign(pdf, { fieldName: 'Seal' });
    expect(await names(pdf)).toEqual({ ...empty, isSigned: true });
  });

  it('are listed with place and lock', async () => {
    const fields = await (await open(await prepareWith(original))).signatureFields();
    expect(fields[0]).toEqual({
      name: 'Leader',
      state: 'empty',
      place: box(300, 200),
      widgetCount: 1,
      lock: { action: 'Exclude', fields: ['Number', 'Date', 'Clerk', 'Seal'] },
    });
    expect(fields[1]).toMatchObject({ name: 'Clerk', lock: { action: 'Include', fields: ['Number', 'Date'] } });
    expect(fields[1]?.place).toBeUndefined();
    expect(fields[2]?.lock).toEqual({ action: 'All', permission: 1 });
  });

  it('are the same bytes for the same plan', async () => {
    expect((await prepareWith(original)).equals(await prepareWith(original))).toBe(true);
  });

  it.each(['/Rotate 90', '/Rotate 180', '/Rotate 270', '/CropBox [50 70 450 650] /Rotate 90', '/UserUnit 2'])(
    'stand upright in their rectangle on a page with %s',
    async (page) => {
      const objects = simpleObjects({ page });
      objects.set(4, stream(''));
      const empty = makePdf({ objects });
      const place = box(60, 90, 140, 20);
      let pdf = await prepareWith(empty, {
        signatureFields: [{ name: 'S' }],
        textFields: [{ name: 'N', place, fontSizePt: 12 }],
      });
      pdf = await sign(pdf, { fieldName: 'S', fill: [{ fieldName: 'N', value: 'Số: 123/QĐ-UBND' }] });
      const { ink, width, height } = render(pdf);
      // pdftoppm draws UserUnit 2 at the size of 1.
      const scale = page.includes('UserUnit') ? 2 : 1;
      expect(ink?.left).toBeGreaterThanOrEqual(60 / scale - 1);
      expect((ink?.right ?? width) * scale).toBeLessThanOrEqual(202);
      expect(ink?.bottom).toBeLessThanOrEqual(height - 90 / scale + 1);
      expect(ink?.top).toBeGreaterThanOrEqual(height - 110 / scale - 1);
      expect(((ink?.right ?? 0) - (ink?.left ?? 0)) * scale).toBeGreaterThan(60);
    },
  );

  it.each<[string, FieldPlan, string]>([
    ['no field at all', {}, 'LIMIT_EXCEEDED'],
    ['a name twice', { signatureFields: [{ name: 'A' }, { name: 'A' }] }, 'FIELD_UNUSABLE'],
    ['a name with a full stop', { signatureFields: [{ name: 'A.b' }] }, 'FIELD_UNUSABLE'],
    [
      'a lock of a field that nobody has',
      { signatureFields: [{ name: 'A', lock: { action: 'Include', fields: ['Numbr'] } }] },
      'FIELD_UNUSABLE',
    ],
    ['an unknown page', { signatureFields: [{ name: 'A', place: { ...box(9, 9), pageIndex: 7 } }] }, 'PAGE_UNKNOWN'],
    ['a place off the page', { signatureFields: [{ name: 'A', place: box(500, 9) }] }, 'RECTANGLE_OFF_PAGE'],
    ['tiny print', { textFields: [{ name: 'A', place: box(9, 9), fontSizePt: 2 }] }, 'TEXT_NOT_DRAWABLE'],
  ])('are refused with %s', async (_, wanted, code) => {
    expect(await refusal(prepareWith(original, wanted))).toBe(code);
  });

  it('are refused with a name that is taken, also as the first part of another', async () => {
    const objects = simpleObjects({ catalog: '/AcroForm << /Fields [10 0 R] >>' });
    objects.set(10, '<< /T (a) /Kids [11 0 R] >>');
    objects.set(11, '<< /T (b) /FT /Tx /Parent 10 0 R >>');
    expect(await refusal(prepareWith(makePdf({ objects }), { signatureFields: [{ name: 'a' }] }))).toBe(
      'FIELD_UNUSABLE',
    );
  });

  it('are refused on a document that is signed', async () => {
    expect(await refusal(prepareWith(await sign(original)))).toBe('ALREADY_SIGNED');
    expect(await refusal(prepareWith(await timestamp(original)))).toBe('ALREADY_SIGNED');
  });
});

describe.each([1, 2, 3] as const)('a certification with P %d', (certify) => {
  const prepared = prepareWith(simplePdf(), {
    signatureFields: [{ name: 'Author' }, { name: 'Seal', place: box(220, 180, 90, 80) }],
    textFields: [{ name: 'Number', place: box(72, 600, 160, 20), fontSizePt: 13 }],
  });
  const certified = prepared.then((pdf) => signForReal(pdf, { fieldName: 'Author', certify }));
  const seal: Partial<PrepareOptions> = { fieldName: 'Seal', visible };
  const fill = [{ fieldName: 'Number', value: 'Số: 45/GP-UBND' }];

  it('stands in the signature and in /Perms', async () => {
    const pdf = await certified;
    await expectSound(pdf, 1);
    expect((await (await open(pdf)).signatures())[0]?.docMdp).toBe(certify);
    expect(text(pdf)).toMatch(new RegExp(`/TransformMethod /DocMDP /TransformParams << [^>]*/V /1.2 /P ${certify} >>`));
    expect(text(pdf)).toMatch(/\/Perms << \/DocMDP \d+ 0 R >>/);
  });

  it(`${certify === 1 ? 'refuses' : 'permits'} a later signature and a value in existing fields`, async () => {
    const pdf = await certified;
    if (certify === 1) {
      expect(await refusal(sign(pdf, seal))).toBe('CERTIFIED');
      expect(await refusal(sign(pdf, { ...seal, fill }))).toBe('CERTIFIED');
      expect(await refusal((await open(pdf)).assertSignable())).toBe('CERTIFIED');
      return;
    }
    const sealed = await signForReal(pdf, { ...seal, fill });
    await expectSound(sealed, 2);
    expect(pdftotext(sealed)).toContain('Số: 45/GP-UBND');
  });

  it('refuses a new field and a second certification', async () => {
    const pdf = await certified;
    expect(await refusal(sign(pdf, { fieldName: 'Another' }))).toBe('CERTIFIED');
    expect(await refusal(sign(pdf, { ...seal, certify }))).toBe(certify === 1 ? 'CERTIFIED' : 'ALREADY_SIGNED');
  });

  it('permits evidence and document time-stamps', async () => {
    const pdf = await timestamp(await addEvidence(await certified, { crls: [Buffer.alloc(90, 2)] }));
    expect(await findings(pdf)).toEqual([]);
    expect(qpdfComplaints(pdf)).toBe('');
  });

  it('is refused on a document that is signed', async () => {
    const pdf = await sign(await prepared, { fieldName: 'Author' });
    expect(await refusal(sign(pdf, { fieldName: 'Seal', certify }))).toBe('ALREADY_SIGNED');
  });
});

const lockedBy = (lock: NonNullable<FieldPlan['signatureFields']>[number]['lock'] & object): Promise<Buffer> =>
  prepareWith(simplePdf(), {
    signatureFields: [{ name: 'First', lock }, { name: 'Second' }],
    textFields: [
      { name: 'Number', place: box(72, 600, 160, 20), fontSizePt: 13 },
      { name: 'Date', place: box(72, 560, 160, 20), fontSizePt: 13 },
    ],
  }).then((pdf) => signForReal(pdf, { fieldName: 'First' }));
const fillAs = (fieldName: string) => ({ fieldName: 'Second', fill: [{ fieldName, value: '1' }] });

describe('a lock', () => {
  it.each<[string, Parameters<typeof lockedBy>[0], readonly (string | undefined)[]]>([
    ['of all fields', { action: 'All' }, ['CERTIFIED', 'CERTIFIED', 'CERTIFIED']],
    ['of one field', { action: 'Include', fields: ['Number'] }, [undefined, 'CERTIFIED', undefined]],
    ['of all but one', { action: 'Exclude', fields: ['Number', 'Second'] }, [undefined, undefined, 'CERTIFIED']],
    ['with P 1', { action: 'Include', fields: ['Number'], permission: 1 }, ['CERTIFIED', 'CERTIFIED', 'CERTIFIED']],
    ['with P 2', { action: 'Include', fields: ['Number'], permission: 2 }, [undefined, 'CERTIFIED', undefined]],
    ['with P 3', { action: 'Include', fields: ['Date'], permission: 3 }, [undefined, undefined, 'CERTIFIED']],
  ])('%s is repeated as FieldMDP, and kept', async (_, lock, [signing, number, date]) => {
    const pdf = await lockedBy(lock);
    await expectSound(pdf, 1);
    expect(text(pdf)).toMatch(new RegExp(`/TransformMethod /FieldMDP .*/V /1.2 /Action /${lock.action}.*/Data 1 0 R`));
    for (const [options, code] of [
      [{ fieldName: 'Second' }, signing],
      [fillAs('Number'), number],
      [fillAs('Date'), date],
    ] as const) {
      expect(await refusal(sign(pdf, options))).toBe(code);
      if (code === undefined) {
        await expectSound(await signForReal(pdf, options), 2);
      }
    }
    expect(await refusal(sign(pdf, { fieldName: 'New' }))).toBe(
      lock.permission !== undefined || lock.action !== 'Include' ? 'CERTIFIED' : undefined,
    );
  });

  it('with a name outside of ASCII locks the field of that name', async () => {
    let pdf = await prepareWith(simplePdf(), {
      signatureFields: [{ name: 'Lãnh đạo', lock: { action: 'Include', fields: ['Số'] } }, { name: 'Dấu' }],
      textFields: [{ name: 'Số', place: box(72, 600), fontSizePt: 12 }],
    });
    pdf = await signForReal(pdf, { fieldName: 'Lãnh đạo' });
    expect(await refusal(sign(pdf, { fieldName: 'Dấu', fill: [{ fieldName: 'Số', value: '1' }] }))).toBe('CERTIFIED');
    await expectSound(await signForReal(pdf, { fieldName: 'Dấu' }), 2);
  });
});
