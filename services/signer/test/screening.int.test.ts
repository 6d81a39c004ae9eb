import { objectKeys, type ScreeningOverrides, type StoredJob } from '@kyso/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { putJson } from '@kyso/storage';
import type { RunStepPorts } from '../src/run-step.js';
import { samplePdf } from './sample-pdf.js';
import { Workbench, step } from './workbench.js';

const script = '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>';
const attachment = '/AF [<< /Type /Filespec >>]';

describe('screening before a key is used', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.start();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  const submit = async (catalog: string, screening?: ScreeningOverrides): Promise<StoredJob> => {
    const job = await bench.submit(await bench.upload(samplePdf(1, catalog)), [step('B-B')]);
    const wanted = screening === undefined ? job : { ...job, screening };
    await putJson(bench.store, objectKeys.jobRequest(job.jobId), wanted);
    return wanted;
  };
  const under = (screening: ScreeningOverrides): RunStepPorts => ({
    ...bench.ports,
    policy: { ...bench.ports.policy, screening },
  });

  it('refuses a document with a script, names it, and uses no key', async () => {
    const job = await submit(script);
    expect(await bench.run(job)).toMatchObject({ kind: 'failed', error: { code: 'PDF_SCREENED' } });
    const outcome = await bench.outcome(job);
    expect(outcome?.failure).toMatchObject({ code: 'PDF_SCREENED', found: 'script (a script)' });
    expect(bench.audited).toEqual([]);
    expect(bench.version(job.documentId, 1)).toBeUndefined();
    expect(bench.store.objects.has(objectKeys.intent(job.documentId, 1))).toBe(false);
  });

  it('signs what its policy warns of, and states it in the job’s answer', async () => {
    const job = await submit(attachment);
    expect(await bench.run(job)).toEqual({ kind: 'finished' });
    const outcome = await bench.outcome(job);
    expect(outcome?.steps[0]?.findings).toEqual([{ kind: 'embedded-file', detail: 'an associated file', count: 1 }]);
  });

  it('says nothing of a plain document', async () => {
    const job = await submit('');
    await bench.run(job);
    expect((await bench.outcome(job))?.steps[0]).not.toHaveProperty('findings');
  });

  it('obeys the signer’s policy, and before it the client’s as the job has it', async () => {
    const strict = await submit(attachment);
    expect(await bench.run(strict, under({ 'embedded-file': 'refuse' }))).toMatchObject({ kind: 'failed' });
    const trusted = await submit(script, { script: 'warn' });
    expect(await bench.run(trusted, under({ script: 'refuse' }))).toEqual({ kind: 'finished' });
    expect((await bench.outcome(trusted))?.steps[0]?.findings).toMatchObject([{ kind: 'script' }]);
    const silent = await submit(script, { script: 'allow' });
    expect(await bench.run(silent)).toEqual({ kind: 'finished' });
    expect((await bench.outcome(silent))?.steps[0]).not.toHaveProperty('findings');
  });

  it('screens a second signature’s document too, and says that it cannot be mended any more', async () => {
    const first = await submit(attachment);
    await bench.run(first);
    const second = await bench.submit(first.documentId, [step('B-B')], 1);
    const strict = under({ 'embedded-file': 'refuse' });
    expect(await bench.run(second, strict)).toMatchObject({ kind: 'failed', error: { code: 'PDF_SCREENED' } });
    expect((await bench.outcome(second))?.failure?.expected).toMatch(/signed already/);
  });

  it('stops at the objects that it may look at, and the policy decides about the rest', async () => {
    const job = await bench.submit(await bench.upload(samplePdf(80)), [step('B-B')]);
    const few = { ...bench.ports.policy, screeningMaxObjects: 100 };
    const ports = { ...bench.ports, policy: { ...few, screening: { 'not-screened': 'refuse' } as const } };
    expect(await bench.run(job, ports)).toMatchObject({ kind: 'failed', error: { code: 'PDF_SCREENED' } });
  });
});
