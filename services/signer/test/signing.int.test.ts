import { checkCades } from '@kyso/cms';
import { SigningError, objectKeys, weekdays, type StoredStep } from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import { validatePdf, type ValidationReport } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signDocument, signingWork } from '../src/sign-document.js';
import { runStep, type RunStepPorts } from '../src/run-step.js';
import { embedded, opensslCms, opensslTs, program } from './judges.js';
import { Workbench, sealStep, sha256, step } from './workbench.js';
import { samplePdf } from './sample-pdf.js';

/** A weekday that is not today anywhere on earth, for 2 ≤ days ≤ 5. */
const dayAfter = (days: number): string => weekdays[(new Date().getUTCDay() + days) % 7] as string;

describe('signing a document', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const validate = (pdf: Uint8Array): Promise<ValidationReport> =>
    validatePdf(bufferSource(pdf), { ...bench.ports.policy, now: bench.now() });
  const failureOf = async (steps: readonly StoredStep[], pdf = samplePdf()): Promise<string | undefined> => {
    const job = await bench.submit(await bench.upload(pdf), steps);
    const end = await bench.run(job);
    expect(end.kind).toBe('failed');
    const outcome = await bench.outcome(job);
    expect(bench.store.objects.has(objectKeys.openJob(job))).toBe(false);
    expect(bench.version(job.documentId, job.steps.length)).toBeUndefined();
    expect(bench.store.objects.has(objectKeys.intent(job.documentId, job.steps.length))).toBe(false);
    return outcome?.failure?.code;
  };

  describe.each(['B-B', 'B-T', 'B-LT', 'B-LTA'] as const)('at level %s', (level) => {
    it.each(['leader', 'pss', 'p256', 'p384'])(
      'releases what others accept, with the key of %s',
      async (credentialId) => {
        const original = samplePdf(2);
        const documentId = await bench.upload(original);
        const job = await bench.submit(documentId, [step(level, { credentialId })]);
        expect(await bench.run(job)).toEqual({ kind: 'finished' });

        const signed = bench.version(documentId, 1) as Buffer;
        expect(signed.subarray(0, original.length).equals(original)).toBe(true);
        const outcome = await bench.outcome(job);
        expect(outcome).toMatchObject({
          status: 'completed',
          steps: [{ level, version: 1, sizeBytes: signed.length, sha256: sha256(signed) }],
        });
        expect(outcome?.steps[0]?.timestamp === undefined).toBe(level === 'B-B');

        const file = join(bench.folder, `${credentialId}-${level}.pdf`);
        await writeFile(file, signed);
        expect(await program('qpdf', '--check', file)).toMatchObject({ code: 0 });
        const { text } = await program('pdfsig', '-nocert', file);
        expect(text.match(/Signature is Valid/g)).toHaveLength(1);
        expect(text).not.toMatch(/Signature is Invalid/);
        const [signature, documentTimestamp] = embedded(signed);
        if (signature === undefined) throw new Error('no signature');
        expect(await opensslCms(bench.folder, signature, bench.sandbox.trustAnchorsFile)).toContain('successful');
        if (level !== 'B-B') {
          // openssl hashes what was stamped, the signature value, by itself.
          const { timestampTokenDer, signatureValue } = await checkCades(signature.der, () =>
            Promise.resolve(new Uint8Array(32)),
          );
          const token = { content: signatureValue, der: timestampTokenDer as Uint8Array };
          expect(await opensslTs(bench.folder, token, bench.sandbox.tsaTrustAnchorsFile)).toContain('Verification: OK');
        }
        if (level === 'B-LTA') {
          const token = documentTimestamp as { content: Buffer; der: Buffer };
          expect(await opensslTs(bench.folder, token, bench.sandbox.tsaTrustAnchorsFile)).toContain('Verification: OK');
        }

        const report = await validate(signed);
        expect(report.signatures[0]).toMatchObject({ level, integrity: 'passed', certificateChain: 'passed' });
        if (level === 'B-LT' || level === 'B-LTA') expect(report.verdict).toBe('valid');
      },
    );
  });

  it.each([
    ['AES-256', ['256', '--print=none', '--extract=n']],
    ['AES-128', ['128', '--use-aes=y', '--print=none', '--extract=n']],
  ])('leaves a document encrypted that is restricted with %s, at every level', async (_algorithm, encrypt) => {
    const [plain, file] = [join(bench.folder, 'plain.pdf'), join(bench.folder, 'encrypted.pdf')];
    await writeFile(plain, samplePdf(2));
    const made = await program('qpdf', '--allow-weak-crypto', '--encrypt', '', 'owner', ...encrypt, '--', plain, file);
    expect(made.code).toBe(0);
    const original = await readFile(file);
    const documentId = await bench.upload(original);
    const job = await bench.submit(documentId, [step('B-LTA'), sealStep('B-LTA')]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    const signed = bench.version(documentId, 2) as Buffer;
    expect(signed.subarray(0, original.length).equals(original)).toBe(true);
    await writeFile(file, signed);
    expect(await program('qpdf', '--check', file)).toMatchObject({ code: 0 });
    expect((await program('qpdf', '--show-encryption', file)).text).toContain('print high resolution: not allowed');
    const { text } = await program('pdfsig', '-nocert', file);
    expect(text.match(/Signature is Valid/g)?.length).toBeGreaterThanOrEqual(2);
    expect(text).not.toMatch(/Signature is Invalid/);
    expect(await validate(signed)).toMatchObject({ verdict: 'valid', signatures: [{ level: 'B-LTA' }, {}, {}, {}] });
  });

  it('refuses what the owner of an encrypted document forbids before a key is touched', async () => {
    const [plain, file] = [join(bench.folder, 'plain.pdf'), join(bench.folder, 'forbidden.pdf')];
    await writeFile(plain, samplePdf());
    await program('qpdf', '--encrypt', '', 'owner', '256', '--modify=form', '--', plain, file);
    expect(await failureOf([step('B-B')], await readFile(file))).toBe('PDF_OWNER_FORBIDS');
  });

  it('takes a leader’s signature and the organisation’s seal in one job, each in a version of its own', async () => {
    const documentId = await bench.upload();
    const job = await bench.submit(documentId, [step('B-LT'), sealStep('B-LT')]);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    expect(bench.queued).toEqual([{ jobId: job.jobId, step: 1 }]);
    const first = bench.version(documentId, 1) as Buffer;
    const second = bench.version(documentId, 2) as Buffer;
    expect(second.subarray(0, first.length).equals(first)).toBe(true);
    const report = await validate(second);
    expect(report.verdict).toBe('valid');
    expect(report.signatures).toHaveLength(2);
    expect((await bench.outcome(job))?.steps.map((one) => one.version)).toEqual([1, 2]);
  });

  it('refuses the seal on a document that no person has signed', async () => {
    expect(await failureOf([sealStep('B-B')])).toBe('APPROVAL_MISSING');
    expect(bench.audited).toEqual([]);
  });

  it('does not take the sealing credential’s own signature for an approval', async () => {
    const documentId = await bench.upload();
    const own = await bench.submit(documentId, [step('B-B')]);
    expect(await bench.run(own)).toEqual({ kind: 'finished' });
    const job = await bench.submit(documentId, [step('B-B', { role: 'clerk' })], 1);
    expect(await bench.run(job)).toMatchObject({ kind: 'failed', error: { code: 'APPROVAL_MISSING' } });
  });

  it('never approves with an organisation’s key', async () => {
    const job = await bench.submit(await bench.upload(), [step('B-B', { credentialId: 'seal', role: 'leader' })]);
    expect(await bench.run(job)).toMatchObject({ kind: 'failed', error: { code: 'CREDENTIAL_FORBIDDEN' } });
  });

  it('refuses to sign on top of a signature that is broken', async () => {
    const documentId = await bench.upload();
    await bench.run(await bench.submit(documentId, [step('B-B')]));
    const broken = Buffer.from(bench.version(documentId, 1) as Buffer);
    broken[broken.indexOf('trang 1')] = 0x54;
    const job = await bench.submit(await bench.upload(broken), [step('B-B', { credentialId: 'p256' })]);
    expect(await bench.run(job)).toMatchObject({ kind: 'failed', error: { code: 'EARLIER_SIGNATURE_INVALID' } });
  });

  it.each([
    ['CREDENTIAL_UNKNOWN', step('B-B', { credentialId: 'nobody' })],
    ['CERTIFICATE_EXPIRED', step('B-B', { credentialId: 'former' })],
    ['PAGE_UNKNOWN', step('B-B', { placement: { page: 9, place: 'center', widthPt: 100, heightPt: 50 } })],
    [
      'RECTANGLE_OFF_PAGE',
      step('B-B', { placement: { page: 1, rectangle: { xPt: 500, yPt: 10, widthPt: 200, heightPt: 50 } } }),
    ],
    ['IMAGE_INVALID', step('B-B', { appearance: { imageSha256: '0'.repeat(64), lines: [], fontSizePt: 10 } })],
    ['TEXT_NOT_DRAWABLE', step('B-B', { appearance: { lines: ['漢字'], fontSizePt: 10 } })],
  ])('fails with %s and leaves nothing behind', async (code, one) => {
    expect(await failureOf([one])).toBe(code);
    expect(bench.audited).toEqual([]);
  });

  it('fails with PDF_NOT_A_PDF for what is none', async () => {
    expect(await failureOf([step('B-B')], Buffer.from('hello, this is no PDF at all'))).toBe('PDF_NOT_A_PDF');
  });

  it('refuses a revoked certificate before the key is used', async () => {
    bench.server.revoke('pss');
    expect(await failureOf([step('B-B', { credentialId: 'pss' })])).toBe('CERTIFICATE_REVOKED');
    expect(bench.audited).toEqual([]);
  });

  it('signs B-B without a revocation status under "warn", states it in the audit log, and refuses under "require"', async () => {
    bench.server.faults.ocsp = 'down';
    bench.server.faults.crl = 'down';
    try {
      const warned = await bench.submit(await bench.upload(), [step('B-B')]);
      expect(await bench.run(warned)).toEqual({ kind: 'finished' });
      expect(bench.audited[0]).toMatchObject({ event: 'key-use-begins', revocation: 'unknown' });
      const policy = { ...bench.ports.policy, revocationCheck: 'require' as const };
      const strict = await bench.submit(await bench.upload(), [step('B-B')]);
      const end = await bench.run(strict, { ...bench.ports, policy });
      expect(end).toMatchObject({ kind: 'waits', error: { code: 'REVOCATION_UNAVAILABLE' } });
    } finally {
      delete bench.server.faults.ocsp;
      delete bench.server.faults.crl;
    }
  });

  it('waits for the TSA, keeps its claim and its signature, and fails with LEVEL_UNREACHABLE when it waited too long', async () => {
    bench.tsa = 'down';
    const job = await bench.submit(await bench.upload(), [step('B-T')]);
    const first = await bench.run(job);
    expect(first).toMatchObject({ kind: 'waits', error: { code: 'TSA_UNAVAILABLE' } });
    // What was asked for counts, and the time spent trying; the clock does not.
    const waitedMs = first.kind === 'waits' ? first.waitedMs : NaN;
    expect(waitedMs).toBeGreaterThanOrEqual(500);
    expect(await bench.run(job, bench.ports, waitedMs)).toMatchObject({ kind: 'waits' });
    expect(bench.audited.filter((entry) => entry.event === 'key-use-begins')).toHaveLength(1);
    expect(bench.stages.at(-1)?.stage).toBe('waiting');
    expect(await bench.run(job, bench.ports, 61_000)).toMatchObject({ kind: 'failed' });
    expect((await bench.outcome(job))?.failure?.code).toBe('LEVEL_UNREACHABLE');
    expect(bench.store.objects.has(objectKeys.intent(job.documentId, 1))).toBe(false);
  });

  it('takes a new signing time when it has waited long', async () => {
    bench.tsa = 'down';
    const job = await bench.submit(await bench.upload(), [step('B-T')]);
    bench.nowOffsetMs = -400_000;
    await bench.run(job);
    bench.nowOffsetMs = 0;
    bench.tsa = 'up';
    await bench.run(job);
    const [result] = (await bench.outcome(job))?.steps ?? [];
    expect(Date.now() - Date.parse(result?.signingTime ?? '')).toBeLessThan(60_000);
  });

  it('refuses when its clock differs from the time-stamp by more than is allowed', async () => {
    bench.nowOffsetMs = 120_000;
    expect(await failureOf([step('B-T')])).toBe('CLOCK_SKEWED');
  });

  it.each(['wrong-imprint', 'wrong-nonce', 'rejection', 'garbage', 'wrong-eku', 'bad-signature'] as const)(
    'does not embed the time-stamp of a TSA with the fault %s',
    async (fault) => {
      bench.server.faults.tsa = fault;
      try {
        const job = await bench.submit(await bench.upload(), [step('B-T')]);
        expect(await bench.run(job)).toMatchObject({ kind: 'waits', error: { code: 'TSA_UNAVAILABLE' } });
        expect(bench.version(job.documentId, 1)).toBeUndefined();
      } finally {
        delete bench.server.faults.tsa;
      }
    },
  );

  it('makes the placeholder larger when the time-stamp does not fit, and says by how much it was too small', async () => {
    const tokenSizes = { estimateBytes: 300, saw: () => undefined } as unknown as RunStepPorts['tokenSizes'];
    const job = await bench.submit(await bench.upload(), [step('B-LTA')]);
    expect(await bench.run(job, { ...bench.ports, tokenSizes })).toEqual({ kind: 'finished' });
    const result = (await bench.outcome(job))?.steps[0];
    expect(result).toMatchObject({ placeholderGrown: true, level: 'B-LTA' });
    const { reservedBytes = 0, neededBytes = 0 } = result?.placeholderShortage ?? {};
    expect(reservedBytes).toBeGreaterThan(1_000);
    expect(neededBytes).toBeGreaterThan(reservedBytes);
  });

  it('gives the second of two jobs for one version VERSION_STALE', async () => {
    const documentId = await bench.upload();
    const jobs = [await bench.submit(documentId, [step('B-B')]), await bench.submit(documentId, [step('B-B')])];
    const ends = await Promise.all(jobs.map((job) => bench.run(job)));
    expect(ends.map((end) => end.kind).sort()).toEqual(['failed', 'finished']);
    expect(ends.find((end) => end.kind === 'failed')).toMatchObject({ error: { code: 'VERSION_STALE' } });
    const winner = jobs[ends.findIndex((end) => end.kind === 'finished')];
    expect(JSON.parse(String(bench.store.objects.get(objectKeys.release(documentId, 1))))).toMatchObject({
      jobId: winner?.jobId,
    });
  });

  it('releases one version when the same step runs twice at the same time', async () => {
    const job = await bench.submit(await bench.upload(), [step('B-T')]);
    const ends = await Promise.all([bench.run(job), bench.run(job)]);
    expect(ends).toEqual([{ kind: 'finished' }, { kind: 'finished' }]);
    const [result] = (await bench.outcome(job))?.steps ?? [];
    expect(result?.sha256).toBe(sha256(bench.version(job.documentId, 1) as Buffer));
    expect(bench.version(job.documentId, 2)).toBeUndefined();
  });

  it('does nothing when a finished step is added again', async () => {
    const job = await bench.submit(await bench.upload(), [step('B-B')]);
    await bench.run(job);
    const before = new Map(bench.store.objects);
    const audited = bench.audited.length;
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    expect(bench.store.objects).toEqual(before);
    expect(bench.audited).toHaveLength(audited);
  });

  it('drops queue jobs that no request belongs to, and puts the right step first', async () => {
    const unknown = await runStep(bench.ports, { jobId: `job_${'0'.repeat(26)}`, step: 0 });
    expect(unknown).toMatchObject({ kind: 'dropped' });
    const job = await bench.submit(await bench.upload(), [step('B-B'), sealStep('B-B')]);
    expect(await runStep(bench.ports, { jobId: job.jobId, step: 1 })).toMatchObject({
      kind: 'dropped',
    });
    expect(bench.queued).toEqual([{ jobId: job.jobId, step: 0 }]);
  });

  it('waits while the object store is away, at whatever call that shows', async () => {
    const job = await bench.submit(await bench.upload(), [step('B-B')]);
    for (const name of ['get', 'stat', 'create'] as const) {
      const store = Object.create(bench.store) as typeof bench.store;
      Object.assign(store, { [name]: () => Promise.reject(new SigningError('STORE_UNAVAILABLE')) });
      const end = await bench.run(job, { ...bench.ports, store }, 0);
      expect(end).toMatchObject({ kind: 'waits', error: { code: 'STORE_UNAVAILABLE' } });
    }
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
  });

  it('uses no key when the audit log can’t be written', async () => {
    const audit = { write: () => Promise.reject(new Error('disk')) };
    let used = 0;
    const signer = {
      sign: () => {
        used++;
        return Promise.reject(new Error('used'));
      },
      replaceSessions: () => Promise.resolve(),
    };
    const job = await bench.submit(await bench.upload(), [step('B-B')]);
    expect(await bench.run(job, { ...bench.ports, audit, signer })).toMatchObject({ kind: 'waits' });
    expect(used).toBe(0);
  });

  it('asks again with new sessions after a wrong signature, and fails after the second', async () => {
    let replaced = 0;
    const lie = (times: number): RunStepPorts['signer'] => {
      let lies = times;
      return {
        sign: async (request) => {
          const signature = Buffer.from(await bench.fleet.sign(request));
          if (lies-- > 0) signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
          return signature;
        },
        replaceSessions: async () => {
          replaced++;
        },
      };
    };
    const good = await bench.submit(await bench.upload(), [step('B-B')]);
    expect(await bench.run(good, { ...bench.ports, signer: lie(1) })).toEqual({ kind: 'finished' });
    expect(replaced).toBe(1);
    const bad = await bench.submit(await bench.upload(), [step('B-B')]);
    const end = await bench.run(bad, { ...bench.ports, signer: lie(2) });
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'SIGNATURE_WRONG' } });
    expect(bench.version(bad.documentId, 1)).toBeUndefined();
  });

  it('writes one audit record before and one after each use of a key', async () => {
    const job = await bench.submit(await bench.upload(), [step('B-B')]);
    await bench.run(job);
    expect(bench.audited).toMatchObject([
      { event: 'key-use-begins', jobId: job.jobId, credentialId: 'leader', token: 'desk' },
      { event: 'key-use-ended', jobId: job.jobId },
    ]);
  });

  it('stops signing with a credential that was disabled', async () => {
    const key = objectKeys.credential('leader');
    const record = JSON.parse(String(bench.store.objects.get(key))) as object;
    await bench.run(await bench.submit(await bench.upload(), [step('B-B')]));
    await bench.store.put(key, Buffer.from(JSON.stringify({ ...record, enabled: false })));
    await sleep(2);
    expect(await failureOf([step('B-B')])).toBe('CREDENTIAL_DISABLED');
  });

  it.each([
    ['the key is not for', { roles: ['digitised'] }, 'CREDENTIAL_FORBIDDEN'],
    [
      'the clock is outside the hours of',
      { hours: [{ days: [dayAfter(3)], from: '00:00', until: '24:00' }] },
      'OUTSIDE_HOURS',
    ],
    ['nobody entrusted to the caller, the key of', { users: ['an'] }, 'ACTOR_FORBIDDEN'],
  ])('refuses, without using a key, what %s', async (_what, limits, code) => {
    const key = objectKeys.credential('leader');
    const record = JSON.parse(String(bench.store.objects.get(key))) as object;
    await bench.store.put(key, Buffer.from(JSON.stringify({ ...record, ...limits })));
    await sleep(2);
    expect(await failureOf([step('B-B')])).toBe(code);
    expect(bench.audited).toEqual([]);
  });

  it('tells a version that another job released from its own, whatever the intent says', async () => {
    const documentId = await bench.upload();
    const first = await bench.submit(documentId, [step('B-B')]);
    await bench.run(first);
    const second = await bench.submit(documentId, [step('B-B')]);
    const intentKey = objectKeys.intent(documentId, 1);
    const intent = JSON.parse(String(bench.store.objects.get(intentKey))) as object;
    await bench.store.put(intentKey, Buffer.from(JSON.stringify({ ...intent, jobId: second.jobId })));
    await expect(signDocument(bench.ports, signingWork(second, 0))).rejects.toMatchObject({ code: 'VERSION_STALE' });
  });
});
