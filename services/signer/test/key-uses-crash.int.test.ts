import { objectKeys } from '@kyso/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyUseBench } from './key-use-bench.js';
import { Crash, Killer } from './killer.js';
import { step, type Workbench } from './workbench.js';

describe('the uses of a key after a crash', () => {
  let uses: KeyUseBench;
  let bench: Workbench;

  beforeAll(async () => {
    uses = await KeyUseBench.start();
    ({ bench } = uses);
  }, 60_000);
  beforeEach(() => uses.reset());
  afterAll(() => bench.stop());

  describe.each(['leader', 'pss', 'p256'])('with the key of %s, after a crash at any call', (credentialId) => {
    const isRandomised = credentialId !== 'leader';

    it.each(['before', 'after'] as const)(
      'that repeats: one version, every use in the audit log, and the result says how many (%s the call)',
      async (when) => {
        for (let at = 1; ; at++) {
          await uses.reset();
          const job = await uses.submit(credentialId);
          const killer = new Killer(at, when);
          await bench.run(job, killer.wrap(uses.newSigner('repeat'))).catch(expectCrash);
          expect(await bench.run(job, uses.newSigner('repeat'))).toEqual({ kind: 'finished' });
          expect(await uses.complaints(job)).toEqual([]);
          const { keyUses = 1 } = (await uses.resultOf(job)) ?? {};
          expect(keyUses).toBeGreaterThanOrEqual(uses.atToken.length);
          expect(uses.atToken.length).toBeLessThanOrEqual(2);
          if (isRandomised) expect(new Set(uses.atToken).size).toBe(uses.atToken.length);
          else expect(new Set(uses.atToken).size).toBe(1);
          if (!killer.crashed) break;
          expect(at).toBeLessThan(100);
        }
      },
      120_000,
    );

    it.each(['before', 'after'] as const)(
      'that stops: never a second signature that differs, and a new job takes the version (%s the call)',
      async (when) => {
        let stopped = 0;
        for (let at = 1; ; at++) {
          await uses.reset();
          const job = await uses.submit(credentialId);
          const killer = new Killer(at, when);
          await bench.run(job, killer.wrap(uses.newSigner('stop'))).catch(expectCrash);
          const before = uses.atToken.length;
          const wasReleased = bench.version(job.documentId, 1) !== undefined;
          const mayHaveBeenUsed = killer.log.some((call) => call === 'audit key-use-begins');
          const end = await bench.run(job, uses.newSigner('stop'));
          expect(new Set(uses.atToken).size).toBeLessThanOrEqual(1);
          expect(await uses.complaints(job)).toEqual([]);
          if (end.kind === 'failed') {
            stopped++;
            expect(end.error).toMatchObject({ code: 'KEY_USE_UNCERTAIN', retryable: false });
            expect(isRandomised && !wasReleased).toBe(true);
            expect(uses.atToken).toHaveLength(before);
            expect(bench.store.objects.has(objectKeys.intent(job.documentId, 1))).toBe(false);
            const again = await bench.submit(job.documentId, [step('B-B', { credentialId })]);
            expect(await bench.run(again, uses.newSigner('stop'))).toEqual({ kind: 'finished' });
          } else {
            expect(end).toEqual({ kind: 'finished' });
            // No false negative: what the token had signed was released, or is the same.
            if (isRandomised) expect(uses.atToken).toHaveLength(1);
            if (isRandomised && before > 0) expect(wasReleased).toBe(true);
            if (isRandomised && !mayHaveBeenUsed) expect((await uses.resultOf(job))?.keyUses).toBeUndefined();
          }
          if (!killer.crashed) break;
          expect(at).toBeLessThan(100);
        }
        if (isRandomised) expect(stopped).toBeGreaterThan(0);
        else expect(stopped).toBe(0);
      },
      120_000,
    );
  });
});

function expectCrash(error: unknown): void {
  if (!(error instanceof Crash)) throw error;
}
