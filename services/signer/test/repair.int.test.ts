import { objectKeys, type StoredJob } from '@kyso/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { samplePdf } from './sample-pdf.js';
import { Workbench, sealStep, step } from './workbench.js';

/** As a mail gateway or a full disk leaves it. */
const damages: readonly (readonly [string, (pdf: Buffer) => Buffer])[] = [
  ['cut off', (pdf) => pdf.subarray(0, pdf.lastIndexOf('startxref'))],
  ['shifted', (pdf) => Buffer.concat([pdf.subarray(0, 9), Buffer.from('% more\n'), pdf.subarray(9)])],
];

describe('a damaged document', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const run = async (pdf: Buffer): Promise<StoredJob> => {
    const job = await bench.submit(await bench.upload(pdf), [step('B-B'), sealStep('B-LT')]);
    await bench.run(job);
    return job;
  };

  it.each(damages)('that is %s is signed by one and the next, and the answer says so', async (_, damage) => {
    const sound = Buffer.from(samplePdf(2));
    const damaged = damage(sound);
    const job = await run(damaged);
    const outcome = await bench.outcome(job);
    expect(outcome?.failure).toBeUndefined();
    expect(outcome?.steps).toHaveLength(2);
    expect(outcome?.steps[0]?.repaired?.reason).toMatch(/^expected .+, found .+/);
    expect(outcome?.steps[1]).not.toHaveProperty('repaired');
    const released = bench.version(job.documentId, 2);
    expect(released && Buffer.from(released).subarray(0, damaged.length).equals(damaged)).toBe(true);
  });

  it('that is signed is refused, and no key is used', async () => {
    const job = await run(Buffer.from(samplePdf(1)));
    const signed = bench.version(job.documentId, 2);
    bench.audited.length = 0;
    const again = await run(Buffer.from(signed ?? []).subarray(0, -40));
    expect((await bench.outcome(again))?.failure).toMatchObject({
      code: 'PDF_DAMAGED',
      expected: expect.stringContaining('a signed file is not repaired') as unknown,
    });
    expect(bench.audited).toEqual([]);
    expect(bench.store.objects.has(objectKeys.intent(again.documentId, 1))).toBe(false);
  });
});
