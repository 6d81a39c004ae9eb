import { objectKeys, type StoredJob, type StoredStep } from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import { validatePdf } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Crash, Killer } from './killer.js';
import { Workbench, sealStep, sha256, step } from './workbench.js';

const wrongSignature = async (): Promise<Uint8Array> => new Uint8Array(256);

describe('a crash at any call of any port', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  /** Crashes at call `at`, runs again as the queue would after the lock, and gives false when there was no such call. */
  const crashAndRunAgain = async (
    steps: readonly StoredStep[],
    at: number,
    when: 'before' | 'after',
  ): Promise<{ crashed: boolean; job: StoredJob }> => {
    const documentId = await bench.upload();
    const job = await bench.submit(documentId, steps);
    const killer = new Killer(at, when);
    await bench.run(job, killer.wrap(bench.makePorts(bench.store))).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    // The next process remembers nothing.
    const end = await bench.run(job, bench.makePorts(bench.store));
    expect(['finished', 'failed']).toContain(end.kind);
    return { crashed: killer.crashed, job };
  };

  it.each([
    ['B-B', 'before', [step('B-B')]],
    ['B-B', 'after', [step('B-B')]],
    ['B-LTA', 'before', [step('B-LTA')]],
    ['B-LTA', 'after', [step('B-LTA')]],
    ['leader and seal', 'after', [step('B-B'), sealStep('B-B')]],
  ] as const)(
    'leaves exactly one released version that is valid (%s, %s the call)',
    async (_name, when, steps) => {
      for (let at = 1; ; at++) {
        await bench.reset();
        const { crashed, job } = await crashAndRunAgain(steps, at, when);
        const { jobId, documentId } = job;
        const outcome = await bench.outcome(job);
        expect(outcome).toMatchObject({ status: 'completed' });
        expect(outcome?.steps).toHaveLength(steps.length);
        expect(bench.store.objects.has(objectKeys.openJob(job))).toBe(false);
        for (const [index, result] of (outcome?.steps ?? []).entries()) {
          const before = bench.version(documentId, index) as Buffer;
          const released = bench.version(documentId, index + 1) as Buffer;
          expect(released.subarray(0, before.length).equals(before)).toBe(true);
          expect(result).toMatchObject({ version: index + 1, sizeBytes: released.length, sha256: sha256(released) });
          const record = JSON.parse(String(bench.store.objects.get(objectKeys.release(documentId, index + 1))));
          expect(record).toMatchObject({ jobId, result: { step: index, sha256: sha256(released) } });
          const report = await validatePdf(bufferSource(released), { ...bench.ports.policy, now: bench.now() });
          expect(report.signatures.every((one) => one.integrity === 'passed' && one.coverage !== 'modified')).toBe(
            true,
          );
          expect(report.signatures.filter((one) => one.kind === 'signature')).toHaveLength(index + 1);
        }
        expect(bench.version(documentId, steps.length + 1)).toBeUndefined();
        // Never a key without a record before it.
        const begins = bench.audited.filter((entry) => entry.event === 'key-use-begins').length;
        const ends = bench.audited.filter(
          ({ event }) => event === 'key-use-ended' || event === 'key-use-failed',
        ).length;
        expect(begins).toBeGreaterThanOrEqual(ends);
        if (!crashed) break;
        expect(at).toBeLessThan(200);
      }
    },
    120_000,
  );

  it('ends a job that fails with one outcome, no claim and no version', async () => {
    const honest = bench.makePorts.bind(bench);
    bench.makePorts = (store) => ({
      ...honest(store),
      signer: { sign: wrongSignature, replaceSessions: () => Promise.resolve() },
    });
    try {
      for (let at = 1; ; at++) {
        await bench.reset();
        const { crashed, job } = await crashAndRunAgain([step('B-B')], at, 'after');
        const { documentId } = job;
        const outcome = await bench.outcome(job);
        expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'SIGNATURE_WRONG' } });
        expect(bench.version(documentId, 1)).toBeUndefined();
        expect(bench.store.objects.has(objectKeys.intent(documentId, 1))).toBe(false);
        expect(bench.store.objects.has(objectKeys.openJob(job))).toBe(false);
        if (!crashed) break;
        expect(at).toBeLessThan(200);
      }
    } finally {
      bench.makePorts = honest;
    }
  }, 120_000);
});
