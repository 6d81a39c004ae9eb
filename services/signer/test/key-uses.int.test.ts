import { SigningError, objectKeys } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyUseBench, absent, answerLost, answersFirst, lie } from './key-use-bench.js';
import { Crash, Killer } from './killer.js';
import type { RunStepPorts } from '../src/run-step.js';
import { step, type Workbench } from './workbench.js';

describe('the uses of a key', () => {
  let uses: KeyUseBench;
  let bench: Workbench;

  beforeAll(async () => {
    uses = await KeyUseBench.start();
    ({ bench } = uses);
  }, 60_000);
  beforeEach(() => uses.reset());
  afterAll(() => bench.stop());

  it('does not use a key for a document that is being erased, and leaves no claim on it', async () => {
    const job = await uses.submit('p256');
    // Written after the document was looked at, as by another process at that moment.
    const ports = uses.newSigner('repeat');
    const create = ports.store.create.bind(ports.store);
    const intent = objectKeys.intent(job.documentId, 1);
    ports.store.create = async (key, body) => {
      if (key === intent) await create(objectKeys.erasure(job.documentId), Buffer.from('{}'));
      return create(key, body);
    };
    expect(await bench.run(job, ports)).toMatchObject({ kind: 'failed', error: { code: 'DOCUMENT_ERASED' } });
    ports.store.create = create;
    expect(uses.atToken).toEqual([]);
    expect(uses.entries('key-use-begins')).toEqual([]);
    expect(await ports.store.stat(intent)).toBeUndefined();
  });

  describe.each(['pss', 'p256'])('with the key of %s', (credentialId) => {
    it('no false alarm: a step that waited for its token has not used the key, on whichever signer it goes on', async () => {
      const job = await uses.submit(credentialId);
      for (let i = 0; i < 3; i++) {
        const end = await bench.run(job, answersFirst(uses.newSigner('stop'), absent));
        expect(end).toMatchObject({ kind: 'waits', error: { code: 'TOKEN_UNAVAILABLE' } });
        expect(uses.storedIntent(job)).toMatchObject({ jobId: job.jobId, keyUses: 0 });
      }
      expect(await bench.run(job, uses.newSigner('stop'))).toEqual({ kind: 'finished' });
      expect((await uses.resultOf(job))?.keyUses).toBeUndefined();
      expect(uses.entries('key-use-failed')).toMatchObject([{ used: 'no' }, { used: 'no' }, { used: 'no' }]);
      expect(await uses.complaints(job)).toEqual([]);
    });

    it('no false alarm: an audit log that cannot be written keeps the key from being used', async () => {
      const job = await uses.submit(credentialId);
      const ports = uses.newSigner('stop');
      const full = { ...ports, audit: { write: () => Promise.reject(new SigningError('STORE_FULL')) } };
      expect(await bench.run(job, full)).toMatchObject({ kind: 'waits', error: { code: 'STORE_FULL' } });
      expect(uses.atToken).toEqual([]);
      expect(await bench.run(job, uses.newSigner('stop'))).toEqual({ kind: 'finished' });
    });

    it('an answer of the token that got lost ends the job under "stop", and no false alarm hides it', async () => {
      const job = await uses.submit(credentialId);
      const end = await bench.run(job, answersFirst(uses.newSigner('stop'), answerLost));
      expect(end).toMatchObject({ kind: 'failed', error: { code: 'KEY_USE_UNCERTAIN' } });
      expect(uses.atToken).toHaveLength(1);
      expect(uses.entries('key-use-failed')).toMatchObject([{ used: 'unknown', code: 'TOKEN_UNAVAILABLE' }]);
      expect(uses.entries('key-use-lost')).toMatchObject([{ reason: 'no-answer', next: 'stop' }]);
      expect(await uses.complaints(job)).toEqual([]);
    });

    it('an answer that got lost is asked for again at once under "repeat", as a use of its own', async () => {
      const job = await uses.submit(credentialId);
      expect(await bench.run(job, answersFirst(uses.newSigner('repeat'), answerLost))).toEqual({ kind: 'finished' });
      expect(await uses.resultOf(job)).toMatchObject({ keyUses: 2 });
      expect(uses.entries('key-use-begins')).toHaveLength(2);
      expect(uses.entries('key-use-lost')).toMatchObject([{ reason: 'no-answer', next: 'again' }]);
      expect(await uses.complaints(job)).toEqual([]);
    });

    it('an earlier use stays uncertain when the token was away for the repeat', async () => {
      const job = await uses.submit(credentialId);
      const broken = answersFirst(uses.newSigner('repeat'), async (sign) => {
        await sign();
        throw new Crash();
      });
      expect(await bench.run(job, broken)).toMatchObject({ kind: 'waits', error: { code: 'INTERNAL' } });
      const away = answersFirst(uses.newSigner('repeat'), () => Promise.reject(new SigningError('TOKEN_UNAVAILABLE')));
      expect(await bench.run(job, away)).toMatchObject({ kind: 'waits' });
      const end = await bench.run(job, uses.newSigner('stop'));
      expect(end).toMatchObject({ kind: 'failed', error: { code: 'KEY_USE_UNCERTAIN' } });
      expect(uses.atToken).toHaveLength(1);
    });

    it.each(['repeat', 'stop'] as const)(
      'a signature that waits for its time-stamp is finished by another signer, which needs no key (%s)',
      async (policy) => {
        bench.tsa = 'down';
        const job = await uses.submit(credentialId, 'B-T');
        for (let i = 0; i < 2; i++) {
          expect(await bench.run(job, uses.newSigner(policy))).toMatchObject({
            kind: 'waits',
            error: { code: 'TSA_UNAVAILABLE' },
          });
        }
        bench.tsa = 'up';
        expect(await bench.run(job, uses.newSigner(policy))).toEqual({ kind: 'finished' });
        expect(uses.atToken).toHaveLength(1);
        expect((await uses.resultOf(job))?.keyUses).toBeUndefined();
        expect(await uses.complaints(job)).toEqual([]);
      },
    );

    it.each([
      ['repeat', 2],
      ['stop', 1],
    ] as const)('a signature that waited too long: under "%s" the key is used %s times', async (policy, times) => {
      bench.tsa = 'down';
      const job = await uses.submit(credentialId, 'B-T');
      bench.nowOffsetMs = -400_000;
      await bench.run(job, uses.newSigner(policy));
      bench.nowOffsetMs = 0;
      bench.tsa = 'up';
      expect(await bench.run(job, uses.newSigner(policy))).toEqual({ kind: 'finished' });
      expect(uses.atToken).toHaveLength(times);
      expect((await uses.resultOf(job))?.keyUses ?? 1).toBe(times);
      expect(uses.entries('key-use-lost').map(({ reason }) => reason)).toEqual(times === 2 ? ['outdated'] : []);
      expect(await uses.complaints(job)).toEqual([]);
    });

    it('the policy of the job goes before what the signer is configured with', async () => {
      const job = await bench.submit(await bench.upload(), [step('B-B', { credentialId })], 0, {
        policy: { name: 'decision', uncertainKeyUse: 'stop' },
      });
      const end = await bench.run(job, answersFirst(uses.newSigner('repeat'), answerLost));
      expect(end).toMatchObject({ kind: 'failed', error: { code: 'KEY_USE_UNCERTAIN' } });
    });

    it('a run that was overtaken by another one of the same step takes its claim up', async () => {
      const job = await uses.submit(credentialId);
      const key = objectKeys.intent(job.documentId, 1);
      const { store } = bench;
      let raced = false;
      const racing: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
        create: async (at: string, body: Buffer) => {
          if (at === key && !raced) {
            raced = true;
            const theirs = JSON.parse(String(body)) as Record<string, unknown>;
            const signingTime = '2026-01-01T00:00:00.000Z';
            const openUse = { useId: 'use_theirs', at: signingTime };
            await store.put(key, Buffer.from(JSON.stringify({ ...theirs, openUse })));
          }
          return store.create(at, body);
        },
      });
      expect(await bench.run(job, uses.newSigner('repeat', racing))).toEqual({ kind: 'finished' });
      expect(await uses.resultOf(job)).toMatchObject({ keyUses: 2 });
      expect(uses.entries('key-use-lost')).toMatchObject([{ useId: 'use_theirs', reason: 'no-trace', next: 'again' }]);
    });
  });

  it('a claim from before uses were counted may have one, and RSASSA-PKCS1-v1_5 gives the same again', async () => {
    const job = await uses.submit('leader');
    const killer = new Killer(Infinity, 'before');
    await bench.run(job, killer.wrap(uses.newSigner('stop')));
    const { keyUses: _k, openUse: _o, signedDigest: _d, ...old } = uses.storedIntent(job);
    for (const gone of [objectKeys.release(job.documentId, 1), objectKeys.version(job.documentId, 1)]) {
      await bench.store.delete(gone);
    }
    await bench.store.put(objectKeys.intent(job.documentId, 1), Buffer.from(JSON.stringify(old)));
    expect(await bench.run(job, uses.newSigner('stop'))).toEqual({ kind: 'finished' });
    expect(new Set(uses.atToken).size).toBe(1);
    expect(await uses.resultOf(job)).toMatchObject({ keyUses: 2 });
    expect(uses.entries('key-use-lost')).toMatchObject([{ useId: 'unknown', next: 'same-again' }]);
  });

  it('a key is not used, and nothing written, when the claim has become another job’s meanwhile', async () => {
    const job = await uses.submit('p256');
    await bench.run(job, answersFirst(uses.newSigner('repeat'), absent));
    const key = objectKeys.intent(job.documentId, 1);
    const theirs = { ...uses.storedIntent(job), jobId: 'job_00000000000000000000000000' };
    const { store } = bench;
    let reads = 0;
    const changing: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
      get: async (at: string) => {
        if (at === key && ++reads === 2) await store.put(key, Buffer.from(JSON.stringify(theirs)));
        return store.get(at);
      },
    });
    const end = await bench.run(job, uses.newSigner('repeat', changing));
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'VERSION_STALE' } });
    expect(uses.atToken).toEqual([]);
    expect(uses.storedIntent(job)).toEqual(theirs);
  });

  it('that gave a wrong signature stands in the audit log as wrong, and is counted', async () => {
    const job = await uses.submit('p256');
    expect(await bench.run(job, answersFirst(uses.newSigner('stop'), lie))).toEqual({ kind: 'finished' });
    expect(uses.entries('key-use-ended')).toMatchObject([{ signature: 'wrong' }, { signature: 'valid' }]);
    expect(await uses.resultOf(job)).toMatchObject({ keyUses: 2 });
    expect(await uses.complaints(job)).toEqual([]);
  });

  it.each(['leader', 'p256'])(
    'for a placeholder that was too small stands there as lost (%s)',
    async (credentialId) => {
      const tokenSizes = { estimateBytes: 300, saw: () => undefined } as unknown as RunStepPorts['tokenSizes'];
      const job = await uses.submit(credentialId, 'B-T');
      expect(await bench.run(job, { ...uses.newSigner('stop'), tokenSizes })).toEqual({ kind: 'finished' });
      expect(await uses.resultOf(job)).toMatchObject({ keyUses: 2, placeholderGrown: true });
      expect(uses.entries('key-use-lost')).toMatchObject([{ reason: 'placeholder-too-small', next: 'again' }]);
      expect(await uses.complaints(job)).toEqual([]);
    },
  );

  it('of a job that failed afterwards stands there as lost, with the reason', async () => {
    bench.nowOffsetMs = 120_000;
    const job = await uses.submit('p256', 'B-T');
    expect(await bench.run(job, uses.newSigner('repeat'))).toMatchObject({
      kind: 'failed',
      error: { code: 'CLOCK_SKEWED' },
    });
    expect(uses.entries('key-use-lost')).toMatchObject([{ reason: 'job-failed', code: 'CLOCK_SKEWED', next: 'stop' }]);
    expect(await uses.complaints(job)).toEqual([]);
  });

  it('for a version that another run of the step released stands there as lost', async () => {
    const job = await uses.submit('p256');
    const { store } = bench;
    const version = objectKeys.version(job.documentId, 1);
    let overtaken = false;
    const overtaking: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
      create: async (at: string, body: Buffer) => {
        if (at === version && !overtaken) {
          overtaken = true;
          await bench.run(job, uses.newSigner('repeat'));
        }
        return store.create(at, body);
      },
    });
    expect(await bench.run(job, uses.newSigner('repeat', overtaking))).toEqual({ kind: 'finished' });
    expect(uses.atToken).toHaveLength(2);
    expect(uses.entries('key-use-lost').map(({ reason }) => reason)).toContain('released-by-another-run');
    expect(await uses.complaints(job)).toEqual([]);
  });
});
