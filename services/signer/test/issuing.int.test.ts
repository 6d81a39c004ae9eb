import { objectKeys, type StoredStep } from '@kyso/contracts';
import { bufferSource, PdfDocument } from '@kyso/pdf';
import { validatePdf, type ValidationReport } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { program } from './judges.js';
import { samplePdf } from './sample-pdf.js';
import { Workbench, sealStep, step } from './workbench.js';

type Corners = readonly [xPt: number, yPt: number, widthPt: number, heightPt: number];
const at = (page: number | 'last', ...[xPt, yPt, widthPt, heightPt]: Corners) => ({
  page,
  rectangle: { xPt, yPt, widthPt, heightPt },
});
const numberPlace = at(1, 80, 700, 140, 20);
const datePlace = at(1, 300, 700, 230, 20);
const sealPlace = at('last', 300, 60, 90, 90);
const texts: NonNullable<StoredStep['texts']> = [
  {
    template: { templateId: 'so-di', version: 1 },
    fieldName: 'kyso-so-di',
    mayFill: true,
    placement: numberPlace,
    appearance: { lines: ['Số: {number}'], fontSizePt: 13 },
  },
  {
    template: { templateId: 'ngay-di', version: 2 },
    fieldName: 'kyso-ngay-di',
    mayFill: true,
    placement: datePlace,
    appearance: { lines: ['ngày {day} tháng {month} năm {year}'], fontSizePt: 13, align: 'right' },
  },
];
const prepare: NonNullable<StoredStep['prepare']> = {
  texts: [
    { fieldName: 'kyso-so-di', placement: numberPlace, fontSizePt: 13 },
    { fieldName: 'kyso-ngay-di', placement: datePlace, fontSizePt: 13, align: 'right' },
  ],
  seal: { fieldName: 'kyso-con-dau', placement: sealPlace },
};
const issuing = (level: StoredStep['level'], more: Partial<StoredStep> = {}): StoredStep =>
  sealStep(level, {
    placement: sealPlace,
    preparedField: 'kyso-con-dau',
    number: '05/QĐ-UBND',
    date: '2026-02-05',
    texts,
    ...more,
  });

async function fieldsOf(pdf: Uint8Array): Promise<string[]> {
  const document = await PdfDocument.open(bufferSource(pdf));
  return (await document.signatureFields()).map(({ name, state }) => `${name} ${state}`);
}

describe('issuing a document', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const validate = (pdf: Uint8Array): Promise<ValidationReport> =>
    validatePdf(bufferSource(pdf), { ...bench.ports.policy, now: bench.now() });
  const codeOf = async (documentId: string, one: StoredStep, version: number): Promise<string | undefined> => {
    const job = await bench.submit(documentId, [one], version);
    const uses = bench.audited.length;
    const end = await bench.run(job);
    if (end.kind === 'failed') expect(bench.audited).toHaveLength(uses);
    return end.kind === 'failed' ? end.error.code : end.kind;
  };
  async function judged(pdf: Buffer): Promise<string> {
    const file = join(bench.folder, 'issued.pdf');
    await writeFile(file, pdf);
    expect(await program('qpdf', '--check', file)).toMatchObject({ code: 0 });
    const { text } = await program('pdfsig', '-nocert', file);
    expect(text).toContain('Signature is Valid');
    expect(text).not.toMatch(/Signature is Invalid|not signed/);
    return (await program('pdftotext', '-layout', file, '-')).text;
  }

  it('fills the fields that the leader’s step prepared', async () => {
    const original = samplePdf(2);
    const documentId = await bench.upload(original);
    const job = await bench.submit(documentId, [step('B-LT', { prepare }), issuing('B-LT')]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    const [approved, issued] = [bench.version(documentId, 1) as Buffer, bench.version(documentId, 2) as Buffer];
    expect(approved.subarray(0, original.length).equals(original)).toBe(true);
    expect((await fieldsOf(approved)).filter((field) => field.endsWith('empty'))).toEqual(['kyso-con-dau empty']);
    expect(await fieldsOf(issued)).toContain('kyso-con-dau signed');
    const text = await judged(issued);
    expect(text).toMatch(/Số: 05\/QĐ-UBND\s+ngày 05 tháng 02 năm 2026/);
    expect(await validate(issued)).toMatchObject({
      verdict: 'valid',
      signatures: [{ level: 'B-LT' }, { level: 'B-LT' }],
    });
    const [first, second] = (await bench.outcome(job))?.steps ?? [];
    expect(first).toMatchObject({ preparedFields: ['kyso-so-di', 'kyso-ngay-di', 'kyso-con-dau'] });
    expect(second).toMatchObject({ fieldName: 'kyso-con-dau', number: '05/QĐ-UBND', date: '2026-02-05' });
  });

  it('draws beside the seal where nothing was prepared, and leaves every signature valid', async () => {
    const documentId = await bench.upload(samplePdf(2));
    expect(await codeOf(documentId, step('B-LT'), 0)).toBe('finished');
    expect(await codeOf(documentId, issuing('B-LT'), 1)).toBe('finished');
    const issued = bench.version(documentId, 2) as Buffer;
    expect(await judged(issued)).toMatch(/Số: 05\/QĐ-UBND\s+ngày 05 tháng 02 năm 2026/);
    const report = await validate(issued);
    expect(report.signatures.map(({ verdict, coverage }) => `${verdict} ${coverage}`)).toEqual([
      'valid whole-revision',
      'valid whole-revision',
    ]);
  });

  it('takes a field of its own when the seal’s was prepared without those of its texts', async () => {
    const documentId = await bench.upload();
    expect(await codeOf(documentId, step('B-B', { prepare: { ...prepare, texts: [] } }), 0)).toBe('finished');
    expect(await codeOf(documentId, issuing('B-B'), 1)).toBe('finished');
    const issued = bench.version(documentId, 2) as Buffer;
    expect(await fieldsOf(issued)).toContain('kyso-con-dau empty');
    expect((await validate(issued)).signatures.map(({ coverage }) => coverage)).toEqual([
      'whole-revision',
      'whole-file',
    ]);
  });

  it('prepares nothing on a document that somebody signed before', async () => {
    const documentId = await bench.upload();
    expect(await codeOf(documentId, step('B-B', { credentialId: 'p256' }), 0)).toBe('finished');
    expect(await codeOf(documentId, step('B-B', { prepare }), 1)).toBe('finished');
    expect(await fieldsOf(bench.version(documentId, 2) as Buffer)).not.toContain('kyso-con-dau empty');
    expect(await codeOf(documentId, issuing('B-B'), 2)).toBe('finished');
    expect(await judged(bench.version(documentId, 3) as Buffer)).toContain('Số: 05/QĐ-UBND');
  });

  it('certifies with the first signature, after which only the prepared fields are filled', async () => {
    const documentId = await bench.upload();
    expect(await codeOf(documentId, step('B-B', { prepare, certify: 2 }), 0)).toBe('finished');
    expect(await codeOf(documentId, sealStep('B-B', { field: 'other' }), 1)).toMatch(/^PDF_/);
    expect(await codeOf(documentId, issuing('B-B'), 1)).toBe('finished');
    const issued = bench.version(documentId, 2) as Buffer;
    expect((await validate(issued)).signatures[0]).toMatchObject({ docMdp: 2, coverage: 'whole-revision' });
    expect(await judged(issued)).toContain('Số: 05/QĐ-UBND');
  });

  it('is refused twice, before an approval, and with nobody’s but the clerk’s own', async () => {
    const documentId = await bench.upload();
    expect(await codeOf(documentId, issuing('B-B'), 0)).toBe('APPROVAL_MISSING');
    expect(await codeOf(documentId, step('B-B'), 0)).toBe('finished');
    expect(await codeOf(documentId, issuing('B-B'), 1)).toBe('finished');
    expect(await codeOf(documentId, issuing('B-B'), 2)).toBe('ALREADY_ISSUED');
    expect(await codeOf(documentId, step('B-B', { credentialId: 'p256' }), 2)).toBe('ALREADY_ISSUED');
    expect(await codeOf(documentId, issuing('B-B'), 1)).toBe('VERSION_STALE');
  });

  it('wants an approval by somebody who may approve', async () => {
    const key = objectKeys.credential('p384');
    const record = JSON.parse(String(bench.store.objects.get(key))) as object;
    await bench.store.put(key, Buffer.from(JSON.stringify({ ...record, roles: ['digitised'] })));
    const documentId = await bench.upload();
    expect(await codeOf(documentId, step('B-B', { credentialId: 'p384', role: 'digitised' }), 0)).toBe('finished');
    expect(await codeOf(documentId, issuing('B-B'), 1)).toBe('APPROVAL_MISSING');
  });

  it.each(['copy', 'incoming', 'digitised'] as const)(
    'is not what role %s does: it needs no approval',
    async (role) => {
      const documentId = await bench.upload();
      const topRight = { page: 1, place: 'top-right', widthPt: 170, heightPt: 50 } as const;
      const appearance = { lines: ['SAO Y', '{organisationName}', '{signingTime}'], fontSizePt: 10 };
      const one = step('B-B', { credentialId: 'seal', role, placement: topRight, appearance });
      expect(await codeOf(documentId, one, 0)).toBe('finished');
      // And it doesn't count as the seal.
      expect(await codeOf(documentId, step('B-B'), 1)).toBe('finished');
      expect(await codeOf(documentId, issuing('B-B'), 2)).toBe('finished');
    },
  );

  it('comes before its annexes', async () => {
    const [main, annex] = [await bench.upload(), await bench.upload()];
    const attached = step('B-B', { credentialId: 'seal', role: 'attachment', attachmentOf: main });
    const { attachmentOf: _main, ...alone } = attached;
    expect(await codeOf(annex, attached, 0)).toBe('APPROVAL_MISSING');
    expect(await codeOf(main, step('B-B'), 0)).toBe('finished');
    expect(await codeOf(annex, attached, 0)).toBe('APPROVAL_MISSING');
    expect(await codeOf(main, issuing('B-B'), 1)).toBe('finished');
    expect(await codeOf(annex, alone, 0)).toBe('APPROVAL_MISSING');
    expect(await codeOf(annex, attached, 0)).toBe('finished');
    expect(await codeOf(annex, step('B-B', { credentialId: 'p256', role: 'copy' }), 1)).toBe('CREDENTIAL_FORBIDDEN');
  });

  it('counts the seal of an uploaded file, of which nobody knows what it was for', async () => {
    const documentId = await bench.upload();
    await bench.run(await bench.submit(documentId, [step('B-B'), issuing('B-B')]));
    const again = await bench.upload(bench.version(documentId, 2));
    expect(await codeOf(again, step('B-B', { credentialId: 'p256' }), 0)).toBe('ALREADY_ISSUED');
    expect(await codeOf(again, issuing('B-B'), 0)).toBe('ALREADY_ISSUED');
  });

  it('asks for revocation as the job’s policy says', async () => {
    const documentId = await bench.upload();
    const job = await bench.submit(documentId, [step('B-B')]);
    const held = { ...job, policy: { name: 'draft', revocation: 'off' as const } };
    await bench.store.put(objectKeys.jobRequest(job.jobId), Buffer.from(JSON.stringify(held)));
    expect(await bench.run(held)).toEqual({ kind: 'finished' });
    expect((await bench.outcome(job))?.steps[0]?.revocation).toBe('not-checked');
  });

  it('relies on a signature of which only the CA’s status is unknown under "warn", and waits for it under "require"', async () => {
    const documentId = await bench.upload();
    expect(await bench.run(await bench.submit(documentId, [step('B-B')]))).toEqual({ kind: 'finished' });
    // The responder tells of the signer; of the CA above only the CRL tells.
    bench.server.faults.crl = 'down';
    try {
      const job = await bench.submit(documentId, [sealStep('B-B')], 1);
      const policy = { ...bench.ports.policy, revocationCheck: 'require' as const };
      expect(await bench.run(job, { ...bench.ports, policy })).toMatchObject({
        kind: 'waits',
        error: { code: 'REVOCATION_UNAVAILABLE', found: expect.stringContaining('REVOCATION_NOT_FOUND') },
      });
      expect(await bench.run(job)).toEqual({ kind: 'finished' });
    } finally {
      delete bench.server.faults.crl;
    }
  });
});
