import { objectKeys, type StoredStep } from '@kyso/contracts';
import { bufferSource, PdfDocument, prepareFields, type FieldPlan } from '@kyso/pdf';
import { validatePdf } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { program } from './judges.js';
import { samplePdf } from './sample-pdf.js';
import { sealStep, step, Workbench } from './workbench.js';

const place = (xPt: number, yPt: number) => ({
  pageIndex: 0,
  rectangle: { xPt, yPt, widthPt: 180, heightPt: 80 },
});

async function withFields(...signatureFields: NonNullable<FieldPlan['signatureFields']>): Promise<Buffer> {
  const pdf = samplePdf();
  const increment = await prepareFields(await PdfDocument.open(bufferSource(pdf)), { signatureFields });
  return Buffer.concat([pdf, increment]);
}

/** A step in a field of the document, which decides where it is drawn. */
function inField(field: string, unplaced: StoredStep): StoredStep {
  return { ...unplaced, field, placement: undefined };
}

describe('fields of the document', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const keyUses = (): number => bench.audited.filter((entry) => entry.event === 'key-use-begins').length;
  const leaderLocks = {
    name: 'Leader',
    place: place(300, 300),
    lock: { action: 'Include', fields: ['Leader'] },
  } as const;
  const restricting = { ...leaderLocks, lock: { ...leaderLocks.lock, permission: 2 } } as const;

  it.each(['B-B', 'B-LTA'] as const)('are filled by the steps that name them, at %s', async (level) => {
    const pdf = await withFields(restricting, { name: 'Seal', place: place(60, 300) }, { name: 'Other' });
    const documentId = await bench.upload(pdf);
    const job = await bench.submit(documentId, [inField('Leader', step(level)), inField('Seal', sealStep(level))]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    const signed = bench.version(documentId, 2) as Buffer;
    expect((await bench.outcome(job))?.steps.map((result) => result.fieldName)).toEqual(['Leader', 'Seal']);
    const file = join(bench.folder, `fields-${level}.pdf`);
    await writeFile(file, signed);
    expect(await program('qpdf', '--check', file)).toMatchObject({ code: 0 });
    const { text } = await program('pdfsig', '-nocert', file);
    expect(text.match(/Signature is Valid/g)?.length).toBeGreaterThanOrEqual(2);
    expect(text).not.toMatch(/Signature is Invalid/);
    const report = await validatePdf(bufferSource(signed), { ...bench.ports.policy, now: bench.now() });
    expect(report.signatures.every((one) => one.integrity === 'passed' && one.coverage !== 'modified')).toBe(true);
    // Nothing but the time-stamps of B-LTA is new, and the field that nobody named stays as it was.
    const fields = await (await PdfDocument.open(bufferSource(signed))).signatureFields();
    expect(fields.filter(({ name }) => !name.startsWith('Timestamp')).map(({ name, state }) => [name, state])).toEqual([
      ['Leader', 'signed'],
      ['Seal', 'signed'],
      ['Other', 'empty'],
    ]);
  });

  it('of which only one is left are filled without being named, where new ones are forbidden', async () => {
    const documentId = await bench.upload(await withFields(restricting, { name: 'Seal', place: place(60, 300) }));
    const job = await bench.submit(documentId, [inField('Leader', step('B-B')), sealStep('B-B')]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    expect((await bench.outcome(job))?.steps[1]?.fieldName).toBe('Seal');
  });

  it('are left alone by steps that name none, where new ones are permitted', async () => {
    const documentId = await bench.upload(await withFields(leaderLocks));
    const job = await bench.submit(documentId, [step('B-B')]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    expect((await bench.outcome(job))?.steps[0]?.fieldName).toMatch(/^Signature-/);
  });

  it.each<[string, NonNullable<FieldPlan['signatureFields']>, StoredStep, string]>([
    ['of which several are left', [restricting, { name: 'A' }, { name: 'B' }], sealStep('B-B'), 'PDF_CERTIFIED'],
    ['of which none is left', [restricting], sealStep('B-B'), 'PDF_CERTIFIED'],
    ['that are signed', [restricting, { name: 'A' }], inField('Leader', sealStep('B-B')), 'PDF_FIELD_UNUSABLE'],
    ['that are not there', [leaderLocks], inField('Nobody', sealStep('B-B')), 'PDF_FIELD_UNUSABLE'],
    [
      'that the leader locks',
      [{ ...leaderLocks, lock: { action: 'All' } }, { name: 'Seal' }],
      inField('Seal', sealStep('B-B', { appearance: undefined })),
      'PDF_CERTIFIED',
    ],
    [
      'without an area for an appearance',
      [leaderLocks, { name: 'Seal' }],
      inField('Seal', sealStep('B-B')),
      'PDF_FIELD_UNUSABLE',
    ],
  ])('%s are refused before the second key is touched', async (_, fields, second, code) => {
    const documentId = await bench.upload(await withFields(...fields));
    const job = await bench.submit(documentId, [inField('Leader', step('B-B')), second]);
    expect((await bench.run(job)).kind).toBe('failed');
    expect((await bench.outcome(job))?.failure?.code).toBe(code);
    expect(keyUses()).toBe(1);
    expect(bench.version(documentId, 2)).toBeUndefined();
    expect(bench.store.objects.has(objectKeys.intent(documentId, 2))).toBe(false);
  });

  it('filled in a version whose release was not recorded are taken up as they are', async () => {
    const documentId = await bench.upload(await withFields(leaderLocks));
    const job = await bench.submit(documentId, [inField('Leader', step('B-T'))]);
    await bench.run(job);
    const released = bench.version(documentId, 1) as Buffer;
    const { revocation: _, ...first } = (await bench.outcome(job))?.steps[0] ?? {};
    bench.store.objects.delete(objectKeys.release(documentId, 1));
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    expect(keyUses()).toBe(1);
    expect((await bench.outcome(job))?.steps[0]).toMatchObject(first);
    expect(bench.version(documentId, 1)?.equals(released)).toBe(true);
  });

  it('filled by another signer at the same version are not taken up', async () => {
    const documentId = await bench.upload(await withFields(leaderLocks));
    const job = await bench.submit(documentId, [inField('Leader', step('B-B'))]);
    await bench.run(job);
    const intentKey = objectKeys.intent(documentId, 1);
    const intent = JSON.parse(String(bench.store.objects.get(intentKey))) as Record<string, unknown>;
    const changed = { ...intent, signingTime: '2020-01-01T00:00:00.000Z' };
    bench.store.objects.set(intentKey, Buffer.from(JSON.stringify(changed)));
    bench.store.objects.delete(objectKeys.release(documentId, 1));
    expect((await bench.run(job)).kind).toBe('failed');
    expect((await bench.outcome(job))?.failure?.code).toBe('VERSION_STALE');
  });
});
