import { objectKeys, type StoredJob, type StoredStep } from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import type { ObjectStore } from '@kyso/storage';
import { validatePdf } from '@kyso/validation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunStepPorts } from '../src/run-step.js';
import { Workbench, sealStep, sha256, step } from './workbench.js';

const wrongSignature = async (): Promise<Uint8Array> => new Uint8Array(256);

class Crash extends Error {}

/** Throws at the n-th call of any port, before the call's effect or after it, and at every later one: the process is dead. */
class Killer {
  calls = 0;
  log: string[] = [];

  constructor(
    private readonly at: number,
    private readonly when: 'before' | 'after',
  ) {}

  async call<T>(name: string, work: () => Promise<T>): Promise<T> {
    const number = ++this.calls;
    this.log.push(name);
    if (number > this.at || (number === this.at && this.when === 'before')) throw new Crash(`at ${name}`);
    const result = await work();
    if (number === this.at) throw new Crash(`after ${name}`);
    return result;
  }

  get crashed(): boolean {
    return this.calls >= this.at;
  }

  wrap(ports: RunStepPorts): RunStepPorts {
    const { store, signer, timestamps, revocation, audit, queue } = ports;
    const killed: ObjectStore = {
      put: (key, body) => this.call(`put ${key}`, () => store.put(key, body)),
      create: (key, body) => this.call(`create ${key}`, () => store.create(key, body)),
      get: (key) => this.call(`get ${key}`, () => store.get(key)),
      openRead: (key, range) => this.call(`openRead ${key}`, () => store.openRead(key, range)),
      stat: (key) => this.call(`stat ${key}`, () => store.stat(key)),
      delete: (key) => this.call(`delete ${key}`, () => store.delete(key)),
      list: (prefix) => store.list(prefix),
      ping: () => store.ping(),
    };
    return {
      ...ports,
      store: killed,
      signer: {
        sign: (request) => this.call('sign', () => signer.sign(request)),
        replaceSessions: (token) => this.call('replaceSessions', () => signer.replaceSessions(token)),
      },
      timestamps: { respond: (der, context) => this.call('timestamp', () => timestamps.respond(der, context)) },
      revocation: {
        evidenceFor: (chain, context) => this.call('evidence', () => revocation.evidenceFor(chain, context)),
      },
      audit: { write: (entry) => this.call(`audit ${entry.event}`, () => audit.write(entry)) },
      queue: { add: (job, index) => this.call('queue', () => queue.add(job, index)) },
    };
  }
}

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
        const ends = bench.audited.filter((entry) => entry.event !== 'key-use-begins').length;
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
