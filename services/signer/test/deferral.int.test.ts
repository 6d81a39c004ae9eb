import { objectKeys, type StoredJob, type StoredStep } from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import { readRelease, takeTurn, type ObjectStore } from '@kyso/storage';
import { validatePdf, type ValidationReport } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addTimestamp } from '../src/deferral/add-timestamp.js';
import { embedded, opensslTs, program } from './judges.js';
import { Workbench, sealStep, sha256, step } from './workbench.js';

const deferred = { name: 'night', timestamp: 'deferred' } as const;

describe('signatures that are released without their time-stamp', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const validate = (documentId: string, version: number): Promise<ValidationReport> =>
    validatePdf(bufferSource(bench.version(documentId, version) ?? Buffer.alloc(0)), {
      trustAnchors: bench.ports.policy.trustAnchors,
      tsaTrustAnchors: bench.ports.policy.tsaTrustAnchors,
      now: bench.now(),
    });
  const levels = async (documentId: string, version: number): Promise<string[]> =>
    (await validate(documentId, version)).signatures
      .filter(({ kind }) => kind === 'signature')
      .map(({ verdict, level }) => `${level} ${verdict}`);
  const run = async (documentId: string, steps: readonly StoredStep[], version = 0): Promise<StoredJob> => {
    const job = await bench.submit(documentId, steps, version, { policy: deferred });
    await bench.run(job);
    return job;
  };
  const waits = (): string[] => [...bench.store.objects.keys()].filter((key) => key.startsWith('open-timestamps/'));
  /** A job of the leader at that level, of which no authority wanted to know. */
  const leftOut = async (level: StoredStep['level']): Promise<{ documentId: string; job: StoredJob }> => {
    const documentId = await bench.upload();
    bench.tsa = 'down';
    return { documentId, job: await run(documentId, [step(level)]) };
  };

  it('says so in the result, and puts the job on the list of those that wait', async () => {
    const { documentId, job } = await leftOut('B-LT');
    const outcome = await bench.outcome(job);
    expect(outcome).toMatchObject({
      status: 'completed',
      steps: [{ level: 'B-B', deferredLevel: 'B-LT', version: 1 }],
    });
    expect(outcome?.steps[0]).not.toHaveProperty('timestamp');
    expect(waits()).toEqual([objectKeys.openTimestamp(job)]);
    expect(await bench.store.get(objectKeys.openJob(job))).toBeUndefined();
    expect(await levels(documentId, 1)).toEqual(['B-B indeterminate']);
  });

  it('has its time-stamp at once when an authority answers, and waits for nothing', async () => {
    const documentId = await bench.upload();
    const job = await run(documentId, [step('B-T')]);
    const outcome = await bench.outcome(job);
    expect(outcome?.steps[0]).toMatchObject({ level: 'B-T' });
    expect(outcome?.steps[0]).not.toHaveProperty('deferredLevel');
    expect(waits()).toEqual([]);
  });

  it('is no way around a time-stamp that the policy requires', async () => {
    const documentId = await bench.upload();
    bench.tsa = 'down';
    const job = await bench.submit(documentId, [step('B-T')], 0, { policy: { name: 'day', timestamp: 'required' } });
    expect(await bench.run(job)).toMatchObject({ kind: 'waits', error: { code: 'TSA_UNAVAILABLE' } });
    expect(bench.version(documentId, 1)).toBeUndefined();
  });

  it.each(['B-T', 'B-LT', 'B-LTA'] as const)(
    'reaches %s later, in a version that only adds to the one before',
    async (level) => {
      const { documentId, job } = await leftOut(level);
      expect(await addTimestamp(bench.ports, job.jobId)).toMatchObject({
        kind: 'waits',
        error: { code: 'TSA_UNAVAILABLE' },
      });
      expect(waits()).toHaveLength(1);

      bench.tsa = 'up';
      expect(await addTimestamp(bench.ports, job.jobId)).toEqual({ kind: 'added', version: 2 });
      const before = bench.version(documentId, 1) ?? Buffer.alloc(0);
      const after = bench.version(documentId, 2) ?? Buffer.alloc(0);
      expect(before.length).toBeGreaterThan(1_000);
      expect(after.subarray(0, before.length).equals(before)).toBe(true);
      expect(await levels(documentId, 2)).toEqual([expect.stringMatching(new RegExp(`^${level} `))]);
      if (level !== 'B-T') expect(await levels(documentId, 2)).toEqual([`${level} valid`]);
      const release = await readRelease(bench.store, documentId, 2);
      expect(release).toMatchObject({
        timestamped: {
          version: 2,
          sizeBytes: after.length,
          sha256: sha256(after),
          signatures: [{ level }],
        },
      });
      expect(waits()).toEqual([]);
      expect(await addTimestamp(bench.ports, job.jobId)).toMatchObject({ kind: 'nothing' });
      expect(bench.version(documentId, 3)).toBeUndefined();

      const file = join(bench.folder, 'stamped.pdf');
      await writeFile(file, after);
      expect(await program('qpdf', '--check', file)).toMatchObject({ code: 0 });
      const said = (await program('pdfsig', '-nocert', file)).text;
      expect(said.match(/Signature is Valid/g)).toHaveLength(1);
      const stamp = embedded(after)[1];
      if (stamp === undefined) throw new Error('expected a document time-stamp');
      const tsaAnchors = join(bench.folder, 'tsa-anchors.pem');
      await writeFile(tsaAnchors, bench.anchors.tsa);
      expect(await opensslTs(bench.folder, stamp, tsaAnchors)).toContain('Verification: OK');
    },
  );

  it('get one time-stamp for all of them, after what was signed on top', async () => {
    const { documentId, job } = await leftOut('B-LT');
    const clerk = await run(documentId, [sealStep('B-LT')], 1);
    expect(await bench.outcome(clerk)).toMatchObject({ status: 'completed', steps: [{ deferredLevel: 'B-LT' }] });
    bench.tsa = 'up';
    expect(await addTimestamp(bench.ports, clerk.jobId)).toEqual({ kind: 'added', version: 3 });
    expect(await levels(documentId, 3)).toEqual(['B-LT valid', 'B-LT valid']);
    expect(await addTimestamp(bench.ports, job.jobId)).toMatchObject({ kind: 'nothing' });
    expect(waits()).toEqual([]);
  });

  it('are an approval for the seal, also where revocation must be checked', async () => {
    const strict = { policy: { ...deferred, revocation: 'require' } } as const;
    const documentId = await bench.upload();
    bench.tsa = 'down';
    await bench.run(await bench.submit(documentId, [step('B-LT')], 0, strict));
    const clerk = await bench.submit(documentId, [sealStep('B-LT')], 1, strict);
    expect(await bench.run(clerk)).toMatchObject({ kind: 'finished' });
    bench.tsa = 'up';
    expect(await addTimestamp(bench.ports, clerk.jobId)).toEqual({ kind: 'added', version: 3 });
  });

  it('wait while a job on the document has its turn or goes on, and never come between its steps', async () => {
    const { documentId, job } = await leftOut('B-T');
    const next = await bench.submit(documentId, [step('B-T', { credentialId: 'p256' }), sealStep('B-T')], 1, {
      policy: deferred,
    });
    const at = bench.now().toISOString();
    expect(await takeTurn(bench.store, { documentId, version: 2 }, { holder: next.jobId, at })).toBeUndefined();
    bench.tsa = 'up';
    const busy = { kind: 'waits', error: { code: 'DOCUMENT_BUSY' } };
    expect(await addTimestamp(bench.ports, job.jobId)).toMatchObject(busy);
    await bench.runStep(next, 0);
    expect(bench.version(documentId, 2)).toBeDefined();
    expect(await addTimestamp(bench.ports, job.jobId)).toMatchObject(busy);
    await bench.runStep(next, 1);
    expect(await bench.outcome(next)).toMatchObject({ status: 'completed' });
    expect(await addTimestamp(bench.ports, job.jobId)).toEqual({ kind: 'added', version: 4 });
    expect((await levels(documentId, 4)).map((found) => found.split(' ')[0])).toEqual(['B-T', 'B-T', 'B-T']);
  });

  it('get their turn when the job that had it failed', async () => {
    const { documentId, job } = await leftOut('B-T');
    const next = await bench.submit(documentId, [sealStep('B-T', { credentialId: 'unknown' })], 1);
    const at = bench.now().toISOString();
    await takeTurn(bench.store, { documentId, version: 2 }, { holder: next.jobId, at });
    expect(await bench.run(next)).toMatchObject({ kind: 'failed' });
    bench.tsa = 'up';
    expect(await addTimestamp(bench.ports, job.jobId)).toEqual({ kind: 'added', version: 2 });
  });

  it('are marked also when the job fails in a later step', async () => {
    const documentId = await bench.upload();
    bench.tsa = 'down';
    const job = await run(documentId, [step('B-T'), sealStep('B-T', { credentialId: 'unknown' })]);
    expect(await bench.outcome(job)).toMatchObject({ status: 'failed', steps: [{ deferredLevel: 'B-T' }] });
    expect(waits()).toEqual([objectKeys.openTimestamp(job)]);
  });

  it('have a time-stamp, and the failure stated, when the signer’s certificate was revoked meanwhile', async () => {
    const documentId = await bench.upload();
    bench.tsa = 'down';
    const job = await run(documentId, [step('B-LT', { credentialId: 'p384' })]);
    bench.server.revoke('p384');
    bench.tsa = 'up';
    const added = await addTimestamp(bench.ports, job.jobId);
    expect(added).toMatchObject({ kind: 'added', version: 2, failure: { code: 'CERTIFICATE_REVOKED' } });
    expect(await readRelease(bench.store, documentId, 2)).toMatchObject({
      timestamped: { signatures: [{ level: 'B-T' }], failure: { code: 'CERTIFICATE_REVOKED' } },
    });
  });

  it('get one version, whichever call of the store is the last one before a crash', async () => {
    let crashed = true;
    for (let at = 1; crashed; at++) {
      const { documentId, job } = await leftOut('B-T');
      bench.tsa = 'up';
      const store = dyingStore(bench.store, at);
      await addTimestamp({ ...bench.ports, store }, job.jobId);
      crashed = store.died();
      await addTimestamp(bench.ports, job.jobId);
      expect(await readRelease(bench.store, documentId, 2)).toMatchObject({
        timestamped: {
          sha256: sha256(bench.version(documentId, 2) ?? Buffer.alloc(0)),
          signatures: [{ level: 'B-T' }],
        },
      });
      expect(bench.version(documentId, 3)).toBeUndefined();
      expect(waits()).toEqual([]);
      expect(at).toBeLessThan(60);
    }
  }, 60_000);

  it('get one version when several signers add it at the same time', async () => {
    const { documentId, job } = await leftOut('B-T');
    bench.tsa = 'up';
    const ends = await Promise.all([1, 2, 3].map(() => addTimestamp(bench.ports, job.jobId)));
    expect(ends.filter(({ kind }) => kind === 'added').length).toBeGreaterThanOrEqual(1);
    expect((await addTimestamp(bench.ports, job.jobId)).kind).toBe('nothing');
    expect(bench.version(documentId, 3)).toBeUndefined();
    expect((await validate(documentId, 2)).signatures).toHaveLength(2);
  });
});

/** Has no effect any more from the `at`-th call on: the process is dead. */
function dyingStore(store: ObjectStore, at: number): ObjectStore & { died(): boolean } {
  let calls = 0;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++calls > at) throw new Error('dead');
    return work();
  };
  return {
    put: (key, body) => call(() => store.put(key, body)),
    create: (key, body) => call(() => store.create(key, body)),
    get: (key) => call(() => store.get(key)),
    openRead: (key, range) => call(() => store.openRead(key, range)),
    stat: (key) => call(() => store.stat(key)),
    delete: (key) => call(() => store.delete(key)),
    list: (prefix) => store.list(prefix),
    ping: () => store.ping(),
    died: () => calls > at,
  };
}
