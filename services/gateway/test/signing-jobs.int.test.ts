import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newId, documentSchema, objectKeys, signingJobSchema, type SigningJob } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf, makePng } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const leaderStep = { credentialId: 'leader', role: 'leader', level: 'B-B' };
const sealStep = { credentialId: 'seal', role: 'clerk', level: 'B-B' };
const place = { page: 'last', place: 'bottom-right', widthPt: 120, heightPt: 60 };

const image = (text: string): object => ({ imagePngBase64: text });

describe('signing jobs', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let signer: FakeSigner;
  let key: string | undefined;
  let documentId: string;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    signer = new FakeSigner(world.store, world.redisUrl);
    await signer.ready();
    key = world.keys['portal'];
  });
  afterAll(async () => {
    await signer.close();
    await world.close();
  });
  beforeEach(async () => {
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf({ pages: 2 }) });
    documentId = answer.json(documentSchema).documentId;
  });
  afterEach(() => {
    signer.mode = 'work';
    signer.delayMs = 0;
  });

  const post = (body: object, headers: Record<string, string> = {}, as = key): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/signing-jobs', {
      key: as,
      json: { documentId, expectedVersion: 0, ...body },
      headers,
    });
  const show = (jobId: string, as = key): Promise<Answer> =>
    call(gateway.baseUrl, `GET /v1/signing-jobs/${jobId}`, { key: as });
  async function ended(jobId: string): Promise<SigningJob> {
    for (;;) {
      const job = (await show(jobId)).json(signingJobSchema);
      if (job.completedAt !== undefined) return job;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const object of world.store.list(prefix)) keys.push(object.key);
    return keys;
  };

  describe('that are accepted', () => {
    it('are answered 202 at once and come to their end', async () => {
      signer.delayMs = 200;
      const answer = await post({ steps: [leaderStep, sealStep], reference: 'HS-1' });
      expect(answer.status).toBe(202);
      const job = answer.json(signingJobSchema);
      expect(job).toMatchObject({ status: 'accepted', stepCount: 2, steps: [], reference: 'HS-1', documentId });
      expect(answer.headers.get('location')).toBe(`/v1/signing-jobs/${job.jobId}`);
      const end = await ended(job.jobId);
      expect(end).toMatchObject({ status: 'completed', steps: [{ version: 1 }, { version: 2 }] });
      const document = await call(gateway.baseUrl, `GET /v1/documents/${documentId}`, { key });
      expect(document.json(documentSchema).versions.map(({ version }) => version)).toEqual([0, 1, 2]);
      expect(await keysUnder('open-jobs/')).toEqual([]);
    });

    it('are answered 200 when they end within the wait that is preferred', async () => {
      const answer = await post({ steps: [leaderStep] }, { prefer: 'wait=20' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('preference-applied')).toBe('wait=20');
      expect(answer.json(signingJobSchema)).toMatchObject({ status: 'completed', steps: [{ version: 1 }] });
    });

    it('are answered 202 when the wait is over before they end', async () => {
      signer.delayMs = 2_500;
      const startedMs = performance.now();
      const answer = await post({ steps: [leaderStep] }, { prefer: 'wait=1' });
      expect(answer.status).toBe(202);
      expect(answer.headers.get('preference-applied')).toBe('wait=1');
      expect(answer.headers.get('location')).not.toBeNull();
      expect(performance.now() - startedMs).toBeGreaterThan(900);
      expect(answer.json(signingJobSchema).status).toBe('running');
      await ended(answer.json(signingJobSchema).jobId);
    });

    it('tell why they failed', async () => {
      signer.mode = 'fail';
      const answer = await post({ steps: [leaderStep] }, { prefer: 'wait=20' });
      expect(answer.status).toBe(200);
      expect(answer.json(signingJobSchema)).toMatchObject({ status: 'failed', failure: { code: 'TOKEN_QUARANTINED' } });
    });

    it('keep the image once and not in the request', async () => {
      const appearance = { imagePngBase64: makePng().toString('base64'), lines: ['Người ký: {signerName}'] };
      const answer = await post({ steps: [{ ...leaderStep, placement: place, appearance }] }, { prefer: 'wait=20' });
      const { jobId } = answer.json(signingJobSchema);
      const request = Buffer.from((await world.store.get(objectKeys.jobRequest(jobId))) ?? []).toString();
      expect(request).not.toContain(appearance.imagePngBase64);
      const stored = JSON.parse(request) as { steps: { appearance: { imageSha256: string } }[] };
      const sha256 = stored.steps[0]?.appearance.imageSha256 ?? '';
      expect(Buffer.from((await world.store.get(`images/${sha256}.png`)) ?? []).equals(makePng())).toBe(true);
    });

    it('are shown to nobody but the client that made them', async () => {
      const { jobId } = (await post({ steps: [leaderStep] })).json(signingJobSchema);
      for (const path of [jobId, `${jobId}/events`, newId('job')]) {
        const answer = await call(gateway.baseUrl, `GET /v1/signing-jobs/${path}`, { key: world.keys['other'] });
        expect(answer.problem()).toMatchObject({ code: 'JOB_UNKNOWN', status: 404 });
      }
    });
  });

  describe('that are refused', () => {
    const visible = (appearance: object, placement: object = place): object => ({
      ...leaderStep,
      placement,
      appearance,
    });
    const at = (page: number | string, xPt: number, yPt: number): object =>
      visible({ lines: ['x'] }, { page, rectangle: { xPt, yPt, widthPt: 100, heightPt: 50 } });
    it.each<[string, string, number, object]>([
      ['an unknown document', 'DOCUMENT_UNKNOWN', 404, { documentId: newId('doc'), steps: [leaderStep] }],
      ['a version that is not there', 'VERSION_UNKNOWN', 404, { expectedVersion: 7, steps: [leaderStep] }],
      ['an unknown credential', 'CREDENTIAL_UNKNOWN', 404, { steps: [{ ...leaderStep, credentialId: 'nobody' }] }],
      [
        'a credential that is promised but not there',
        'CREDENTIAL_UNKNOWN',
        404,
        { steps: [{ ...leaderStep, credentialId: 'ghost' }] },
      ],
      [
        'the credential of someone else',
        'CREDENTIAL_FORBIDDEN',
        403,
        { steps: [{ ...leaderStep, credentialId: 'foreign' }] },
      ],
      [
        'a credential in a role that is not its own',
        'CREDENTIAL_FORBIDDEN',
        403,
        { steps: [{ ...sealStep, role: 'leader' }] },
      ],
      [
        'a credential that is switched off',
        'CREDENTIAL_DISABLED',
        403,
        { steps: [{ ...leaderStep, credentialId: 'off' }] },
      ],
      ['an expired certificate', 'CERTIFICATE_EXPIRED', 422, { steps: [{ ...leaderStep, credentialId: 'expired' }] }],
      [
        'a certificate of the future',
        'CERTIFICATE_NOT_YET_VALID',
        422,
        { steps: [{ ...leaderStep, credentialId: 'future' }] },
      ],
      [
        'a certificate for something else',
        'CERTIFICATE_UNFIT',
        422,
        { steps: [{ ...leaderStep, credentialId: 'ca-only' }] },
      ],
      ['an unknown page', 'PAGE_UNKNOWN', 422, { steps: [at(3, 0, 0)] }],
      ['a rectangle off the page', 'RECTANGLE_OFF_PAGE', 422, { steps: [at(1, 550, 10)] }],
      ['a rectangle below the page', 'RECTANGLE_OFF_PAGE', 422, { steps: [at('last', 10, -1)] }],
      [
        'a place for something larger than the page',
        'RECTANGLE_OFF_PAGE',
        422,
        { steps: [visible({ lines: ['x'] }, { ...place, widthPt: 900 })] },
      ],
      [
        'a PNG that is none',
        'IMAGE_INVALID',
        422,
        { steps: [visible(image(Buffer.from('GIF89a').toString('base64')))] },
      ],
      [
        'a PNG that is cut off',
        'IMAGE_INVALID',
        422,
        { steps: [visible(image(makePng().subarray(0, 20).toString('base64')))] },
      ],
      ['an image that is no base64', 'IMAGE_INVALID', 422, { steps: [visible(image('*'.repeat(80)))] }],
      ['text that cannot be drawn', 'TEXT_NOT_DRAWABLE', 422, { steps: [visible({ lines: ['签名'] })] }],
      ['a variable that nobody fills in', 'REQUEST_INVALID', 400, { steps: [visible({ lines: ['{signername}'] })] }],
      ['no steps', 'REQUEST_INVALID', 400, { steps: [] }],
      ['an unknown level', 'REQUEST_INVALID', 400, { steps: [{ ...leaderStep, level: 'B-X' }] }],
      ['a field that nobody knows', 'REQUEST_INVALID', 400, { steps: [leaderStep], pin: '1234' }],
      [
        'an appearance without a place',
        'REQUEST_INVALID',
        400,
        { steps: [{ ...leaderStep, appearance: { lines: ['x'] } }] },
      ],
    ])('%s: %s', async (_what, code, status, body) => {
      const before = (await keysUnder('jobs/')).length;
      const problem = (await post(body, { 'idempotency-key': newId('req') })).problem();
      expect(problem).toMatchObject({ code, status });
      expect(problem.messageVi.length).toBeGreaterThan(5);
      expect((await keysUnder('jobs/')).length).toBe(before);
      expect(await keysUnder('open-jobs/')).toEqual([]);
    });

    it('when the document has a newer version, with the current one', async () => {
      await post({ steps: [leaderStep] }, { prefer: 'wait=20' });
      const problem = (await post({ steps: [sealStep] })).problem();
      expect(problem).toMatchObject({ code: 'VERSION_STALE', status: 409, expected: 'version 1', found: 'version 0' });
    });

    it('when the document belongs to someone else', async () => {
      expect((await post({ steps: [leaderStep] }, {}, world.keys['other'])).problem().code).toBe('DOCUMENT_UNKNOWN');
    });

    it('with the number of the step, when there are several', async () => {
      const problem = (await post({ steps: [leaderStep, { ...sealStep, credentialId: 'nobody' }] })).problem();
      expect(problem.found).toBe('step 1: nobody');
    });

    it('with every fault of the body', async () => {
      const problem = (await post({ expectedVersion: -1, steps: [{ credentialId: '../x' }] })).problem();
      expect(problem.issues?.map((issue) => issue.path)).toEqual(
        expect.arrayContaining(['expectedVersion', 'steps.0.credentialId', 'steps.0.role']),
      );
    });

    it('when neither step nor policy names a level', async () => {
      const { level: _none, ...levelless } = leaderStep;
      const problem = (await post({ steps: [levelless] })).problem();
      expect(problem).toMatchObject({ code: 'REQUEST_INVALID', expected: 'a level, since no policy has one' });
    });

    it('when the level cannot be reached here', async () => {
      const modest = await world.startGateway({ KYSO_LEVELS: 'B-B' });
      const json = { documentId, expectedVersion: 0, steps: [{ ...leaderStep, level: 'B-LT' }] };
      const answer = await call(modest.baseUrl, 'POST /v1/signing-jobs', { key, json });
      expect(answer.problem()).toMatchObject({ code: 'LEVEL_UNREACHABLE', expected: 'B-B', found: 'B-LT' });
      await modest.stop();
    });

    it('when the body is too large or no JSON', async () => {
      const headers = { 'content-type': 'application/json' };
      const line = 'POST /v1/signing-jobs';
      const broken = await call(gateway.baseUrl, line, { key, pdf: Buffer.from('{"a":'), headers });
      expect(broken.problem().code).toBe('REQUEST_INVALID');
      const small = await world.startGateway({ KYSO_MAX_JSON_BYTES: '2000' });
      const large = await call(small.baseUrl, line, { key, pdf: Buffer.alloc(3_000, ' '), headers });
      expect(large.problem().code).toBe('BODY_TOO_LARGE');
      await small.stop();
    });
  });

  describe('with an Idempotency-Key', () => {
    it('are made once, whatever the order of the members', async () => {
      const headers = { 'idempotency-key': newId('req') };
      const first = await post({ steps: [leaderStep] }, headers);
      const { jobId } = first.json(signingJobSchema);
      await ended(jobId);
      const json = {
        steps: [{ level: 'B-B', role: 'leader', credentialId: 'leader' }],
        documentId,
        expectedVersion: 0,
      };
      const second = await call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, json, headers });
      expect(second.status).toBe(200);
      expect(second.json(signingJobSchema)).toMatchObject({ jobId, status: 'completed' });
      expect(signer.worked.filter((id) => id.startsWith(jobId))).toHaveLength(1);
    });

    it('are refused with another body', async () => {
      const headers = { 'idempotency-key': newId('req') };
      await post({ steps: [leaderStep] }, headers);
      const problem = (await post({ steps: [leaderStep], reference: 'other' }, headers)).problem();
      expect(problem).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });
    });

    it('are one job when they are posted many times at once', async () => {
      const headers = { 'idempotency-key': newId('req') };
      const answers = await Promise.all(Array.from({ length: 10 }, () => post({ steps: [leaderStep] }, headers)));
      const jobIds = new Set(answers.map((answer) => answer.json(signingJobSchema).jobId));
      expect(jobIds.size).toBe(1);
      const [jobId] = [...jobIds];
      await ended(jobId ?? '');
      const document = await call(gateway.baseUrl, `GET /v1/documents/${documentId}`, { key });
      expect(document.json(documentSchema).versions).toHaveLength(2);
    });

    it.each(['', 'a b', 'k'.repeat(256)])('are refused when the key is "%s"', async (bad) => {
      const problem = (await post({ steps: [leaderStep] }, { 'idempotency-key': bad })).problem();
      expect(problem.code).toBe('REQUEST_INVALID');
    });

    it('are completed by a repeat when a crash left only the mark, only the request, or both', async () => {
      for (const lost of ['request', 'mark', 'queue'] as const) {
        const made = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf() });
        const json = { documentId: made.json(documentSchema).documentId, expectedVersion: 0, steps: [leaderStep] };
        const headers = { 'idempotency-key': newId('req') };
        // A gateway without signers around it and with a reconciler that sleeps.
        const quiet = await world.startGateway({ KYSO_RECONCILE_INTERVAL_MS: '600000' });
        signer.mode = 'give-up';
        const first = await call(quiet.baseUrl, 'POST /v1/signing-jobs', { key, json, headers });
        const { jobId, createdAt } = first.json(signingJobSchema);
        await world.restartRedis();
        await signer.ready();
        if (lost === 'mark') await world.store.delete(objectKeys.openJob({ jobId, createdAt }));
        if (lost === 'request') await world.store.delete(objectKeys.jobRequest(jobId));
        await quiet.stop('SIGKILL');
        signer.mode = 'work';
        const next = await world.startGateway({ KYSO_RECONCILE_INTERVAL_MS: '600000' });
        await retried(async () => (await call(next.baseUrl, 'GET /readyz', { key: 's'.repeat(40) })).status === 200);
        const again = await call(next.baseUrl, 'POST /v1/signing-jobs', { key, json, headers });
        expect([lost, again.json(signingJobSchema).jobId]).toEqual([lost, jobId]);
        expect((await ended(jobId)).status).toBe('completed');
        await next.stop();
      }
    }, 90_000);
  });
});

async function retried(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 50));
}
