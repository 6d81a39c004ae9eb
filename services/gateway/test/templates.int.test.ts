import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  documentSchema,
  dryRunSchema,
  numberRegisterSchema,
  signingJobSchema,
  signingJobSetSchema,
  storedJobSchema,
  objectKeys,
  templateListSchema,
  templatePresetListSchema,
  templateSchema,
  type StoredJob,
  type TemplatePreset,
} from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf, makePng } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

const sample = (name: string): Promise<string> =>
  readFile(new URL(`../../../../samples/${name}`, import.meta.url)).then((bytes) => bytes.toString('base64'));

describe('templates', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let admin: string | undefined;
  let portal: string | undefined;
  let presets: readonly TemplatePreset[];
  let seal: string;
  let signature: string;

  beforeAll(async () => {
    world = await makeWorld();
    const policies = join(world.folder, 'policies.json');
    await writeFile(
      policies,
      JSON.stringify([
        { name: 'decision', level: 'B-T', description: 'Quyết định', screening: { 'open-form-field': 'allow' } },
        { name: 'draft', level: 'B-B', revocation: 'off', schemes: ['rsa-pss'] },
      ]),
    );
    gateway = await world.startGateway({ KYSO_POLICIES_FILE: policies });
    admin = world.keys['admin'];
    portal = world.keys['portal'];
    const listed = await call(gateway.baseUrl, 'GET /v1/templates/presets', { key: portal });
    presets = listed.json(templatePresetListSchema).presets;
    [seal, signature] = await Promise.all([sample('con-dau.png'), sample('chu-ky-lanh-dao.png')]);
  });
  afterAll(() => world.close());

  const ask = (line: string, json?: unknown, key = portal): Promise<Answer> =>
    call(gateway.baseUrl, line, { key, ...(json === undefined ? {} : { json }) });
  const preset = (type: string, index = 0): object => {
    const found = presets.filter((one) => one.type === type)[index];
    if (found === undefined) throw new Error(`no preset of ${type}`);
    const { needsImage: _needs, rule: _rule, ...template } = found;
    return template;
  };
  const make = (templateId: string, body: object, key = admin): Promise<Answer> =>
    ask('POST /v1/templates', { templateId, ...body }, key);

  const storedJob = async (jobId: string): Promise<StoredJob> =>
    storedJobSchema.parse(JSON.parse(String(await world.store.get(objectKeys.jobRequest(jobId)))));
  const accepted = async (answer: Answer): Promise<StoredJob> => {
    expect(answer.status).toBe(202);
    return storedJob(answer.json(signingJobSchema).jobId);
  };

  it('are made of presets, one for each type that the decree knows', async () => {
    const types = [...new Set(presets.map(({ type }) => type))];
    expect(types).toHaveLength(8);
    for (const [index, { type, needsImage }] of presets.entries()) {
      const image = needsImage ? { imageBase64: type === 'organisation' ? seal : signature } : {};
      const { needsImage: _needs, rule: _rule, ...template } = presets[index]!;
      const made = await make(`preset-${index}`, { ...template, ...image });
      expect([type, made.status]).toEqual([type, 201]);
      expect(made.json(templateSchema)).toMatchObject({ type, version: 1, disabled: false, warnings: [] });
    }
    const listed = (await ask('GET /v1/templates?type=outgoing-date')).json(templateListSchema);
    expect(listed.templates.map(({ templateId }) => templateId)).toEqual(['preset-3', 'preset-4']);
  });

  it('keep their versions, and a change of an old one is refused', async () => {
    await make('versions', preset('copy'));
    const change = { ...preset('copy'), name: 'Sao lục', expectedVersion: 1 };
    const changed = await ask('PUT /v1/templates/versions', change, admin);
    expect(changed.json(templateSchema)).toMatchObject({ version: 2, name: 'Sao lục', createdBy: 'admin' });
    expect((await ask('PUT /v1/templates/versions', change, admin)).problem()).toMatchObject({
      code: 'TEMPLATE_STALE',
      status: 409,
      expected: 'version 1',
      found: 'version 2',
    });
    const again = await make('versions', preset('copy'));
    expect(again.problem()).toMatchObject({ code: 'TEMPLATE_STALE', found: 'versions' });
    const versions = (await ask('GET /v1/templates/versions/versions')).json(templateListSchema).templates;
    expect(versions.map(({ version, name }) => `${version} ${name}`)).toEqual(['1 Sao y', '2 Sao lục']);
    expect((await ask('GET /v1/templates/versions?version=1')).json(templateSchema).name).toBe('Sao y');
    expect((await ask('GET /v1/templates/versions?version=3')).problem().code).toBe('TEMPLATE_UNKNOWN');
  });

  it('say what differs from the decree, and convert other formats', async () => {
    const jpeg = await readFile(new URL('../../../../libs/pdf/src/making/vectors/baseline.jpg', import.meta.url));
    const made = await make('warned', { ...preset('organisation'), imageBase64: jpeg.toString('base64') });
    const template = made.json(templateSchema);
    expect(template.warnings.map(({ code }) => code).sort()).toEqual([
      'IMAGE_CONVERTED',
      'IMAGE_LOW_RESOLUTION',
      'IMAGE_NOT_TRANSPARENT',
      'SEAL_NOT_RED',
    ]);
    expect(template.warnings[0]?.messageVi).toMatch(/\p{L}/u);
    const stored = await world.store.get(objectKeys.image(template.imageSha256 ?? ''));
    expect(
      Buffer.from(stored ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    const plain = { ...preset('copy'), display: 'both', imageBase64: seal };
    expect((await make('decreed', plain)).json(templateSchema).warnings.map(({ code }) => code)).toEqual([
      'TEMPLATE_NOT_AS_DECREED',
    ]);
  });

  it.each([
    ['IMAGE_INVALID', { imageBase64: Buffer.from('<svg/>').toString('base64') }],
    ['IMAGE_INVALID', { imageBase64: '****' }],
    ['IMAGE_INVALID', { imageBase64: undefined, imageSha256: '0'.repeat(64) }],
    ['REQUEST_INVALID', { imageBase64: undefined }],
    ['REQUEST_INVALID', { display: 'both', lines: [{ kind: 'text', text: '{signerNam}' }] }],
    ['TEXT_NOT_DRAWABLE', { display: 'both', lines: [{ kind: 'text', text: '漢字' }] }],
    ['CREDENTIAL_UNKNOWN', { owner: { kind: 'credential', credentialId: 'nobody' } }],
    ['REQUEST_INVALID', { widthPt: 0 }],
  ])('are refused with %s: %j', async (code, change) => {
    const answer = await make('refused', { ...preset('personal'), imageBase64: signature, ...change });
    expect(answer.problem().code).toBe(code);
    expect((await ask('GET /v1/templates/refused')).problem().code).toBe('TEMPLATE_UNKNOWN');
  });

  it('are made by those who may, and seen by those who may sign with them', async () => {
    expect((await make('mine', preset('copy'), portal)).problem().code).toBe('FORBIDDEN');
    const owned = { ...preset('copy'), owner: { kind: 'credential', credentialId: 'foreign' } };
    expect((await make('theirs', owned)).status).toBe(201);
    expect((await ask('GET /v1/templates/theirs')).problem().code).toBe('TEMPLATE_UNKNOWN');
    const listed = (await ask('GET /v1/templates')).json(templateListSchema).templates;
    expect(listed.map(({ templateId }) => templateId)).not.toContain('theirs');
  });

  it('are shown on a page as they will be drawn', async () => {
    await make('drawn', preset('digitised-paper'));
    const picture = await ask('GET /v1/templates/drawn/preview');
    expect(picture.headers.get('content-type')).toBe('image/png');
    // A4 at 100 dpi.
    expect([picture.bytes.readUInt32BE(16), picture.bytes.readUInt32BE(20)]).toEqual([827, 1169]);
    const page = await ask('GET /v1/templates/drawn/preview?format=pdf');
    const file = join(world.folder, 'preview.pdf');
    await writeFile(file, page.bytes);
    expect(execFileSync('qpdf', ['--check', file]).toString()).toContain('No syntax or stream encoding errors');
    expect(execFileSync('pdftotext', [file, '-']).toString()).toMatch(/Người ký: Nguyễn Văn A\nThời gian ký: \d\d-/);
    expect((await ask('GET /v1/templates/drawn/preview?format=gif')).problem().code).toBe('REQUEST_INVALID');
  });

  describe('in signing requests', () => {
    let signer: FakeSigner;
    let documentId: string;
    beforeAll(async () => {
      signer = new FakeSigner(world.store, world.redisUrl);
      await signer.ready();
      await make('chu-ky', {
        ...preset('personal'),
        imageBase64: signature,
        place: { page: 1, place: 'bottom-right' },
      });
      await make('con-dau', { ...preset('organisation'), imageBase64: seal });
      await make('so-di', { ...preset('outgoing-number'), place: { page: 1, xPt: 100, yPt: 700 } });
      await make('ngay-di', { ...preset('outgoing-date'), place: { page: 1, xPt: 300, yPt: 700 } });
    });
    afterAll(() => signer.close());
    beforeEach(async () => {
      const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key: portal, pdf: makePdf({ pages: 2 }) });
      documentId = answer.json(documentSchema).documentId;
    });

    const leader = { credentialId: 'leader', role: 'leader', template: 'chu-ky' };
    const clerk = {
      credentialId: 'seal',
      role: 'clerk',
      template: 'con-dau',
      number: '5/QĐ-UBND',
      date: '2026-02-05',
      texts: [{ template: 'so-di' }, { template: 'ngay-di' }],
    };
    const post = (steps: object[], more: object = {}): Promise<Answer> =>
      ask('POST /v1/signing-jobs', { documentId, expectedVersion: 0, steps, ...more });
    it('become what the signer draws, with what was used on record', async () => {
      const prepare = { texts: clerk.texts, seal: 'con-dau' };
      const job = await accepted(await post([{ ...leader, prepare }, clerk], { actor: { id: 'vt.bich' } }));
      expect(job).toMatchObject({ policy: { name: 'decision' }, actor: { id: 'vt.bich' } });
      const [approval, issue] = job.steps;
      const place = approval?.placement;
      expect(approval).toMatchObject({
        level: 'B-T',
        template: { templateId: 'chu-ky', version: 1 },
        preparedField: 'kyso-chu-ky',
        appearance: { lines: [], imageSha256: expect.any(String) },
      });
      expect(place).toEqual({ page: 1, place: 'bottom-right', widthPt: 150, heightPt: 75 });
      expect(approval?.prepare).toMatchObject({
        texts: [
          { fieldName: 'kyso-so-di', fontSizePt: 13 },
          { fieldName: 'kyso-ngay-di', fontStyle: 'italic' },
        ],
        seal: { fieldName: 'kyso-con-dau', placement: { page: 1 } },
      });
      // Both wide of the leader's left third, wherever it was looked up from.
      expect(issue?.placement).toEqual(approval?.prepare?.seal?.placement);
      expect(issue).toMatchObject({
        number: '05/QĐ-UBND',
        date: '2026-02-05',
        preparedField: 'kyso-con-dau',
        texts: [
          { fieldName: 'kyso-so-di', mayFill: true, appearance: { lines: ['{serial}'] } },
          { fieldName: 'kyso-ngay-di', mayFill: true, appearance: { lines: ['{day}'], align: 'center' } },
        ],
      });
    });

    it.each([
      ['NUMBER_INVALID', { number: 'năm/QĐ' }],
      ['DATE_INVALID', { date: '2999-01-01' }],
      ['REQUEST_INVALID', { date: undefined }],
      ['TEMPLATE_UNKNOWN', { template: 'nothing' }],
      ['TEMPLATE_UNKNOWN', { template: 'con-dau@9' }],
      ['TEMPLATE_UNFIT', { template: 'chu-ky' }],
      ['TEMPLATE_UNFIT', { texts: [{ template: 'con-dau' }] }],
      ['REQUEST_INVALID', { template: 'con-dau', appearance: { lines: ['x'] } }],
      ['POLICY_VIOLATED', { level: 'B-B' }],
    ])('are refused with %s: %j', async (code, change) => {
      expect((await post([leader, { ...clerk, ...change }])).problem().code).toBe(code);
    });

    it('are refused in a wrong order', async () => {
      expect((await post([clerk, leader])).problem()).toMatchObject({ code: 'ANCHOR_NOT_FOUND' });
      const placed = { ...clerk, placement: { page: 1, place: 'center', widthPt: 90, heightPt: 90 } };
      expect((await post([placed, leader])).problem()).toMatchObject({ code: 'ALREADY_ISSUED' });
      expect((await post([leader, placed, placed])).problem()).toMatchObject({ code: 'ALREADY_ISSUED' });
    });

    it('are gone when they are disabled, and older versions with them', async () => {
      await make('old', { ...preset('personal'), imageBase64: signature });
      const change = { ...preset('personal'), imageBase64: signature, expectedVersion: 1, disabled: true };
      await ask('PUT /v1/templates/old', change, admin);
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const template of ['old', 'old@1']) {
        expect((await post([{ ...leader, template }])).problem().code).toBe('TEMPLATE_UNKNOWN');
      }
    });

    it('have no id that is a word of a path', async () => {
      const answer = await ask('POST /v1/templates', { ...preset('outgoing-number'), templateId: 'export' }, admin);
      expect(answer.problem()).toMatchObject({ code: 'REQUEST_INVALID', issues: [{ path: 'templateId' }] });
    });

    it('come several in one request, each accepted or refused by itself, once for one key', async () => {
      const jobs = [leader, { ...leader, template: 'nothing' }, leader].map((step, index) => ({
        documentId,
        expectedVersion: 0,
        steps: [step],
        reference: `file ${index}`,
      }));
      const send = () =>
        call(gateway.baseUrl, 'POST /v1/signing-job-sets', {
          key: portal,
          json: { jobs },
          headers: { 'idempotency-key': 'set-1' },
        });
      const first = (await send()).json(signingJobSetSchema);
      expect(first).toMatchObject({ accepted: 2, refused: 1 });
      expect(first.items.map(({ reference, failure }) => `${reference} ${failure?.code ?? 'accepted'}`)).toEqual([
        'file 0 accepted',
        'file 1 TEMPLATE_UNKNOWN',
        'file 2 accepted',
      ]);
      const again = (await send()).json(signingJobSetSchema);
      expect(again.items.map((item) => item.job?.jobId)).toEqual(first.items.map((item) => item.job?.jobId));
    });

    it('give a number to one document', async () => {
      const key = objectKeys.credential('seal');
      const record = JSON.parse(String(await world.store.get(key))) as object;
      await world.store.put(key, Buffer.from(JSON.stringify({ ...record, register: 'ubnd' })));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const issued = { ...clerk, number: '77/QĐ-UBND' };
      await accepted(await post([leader, issued]));
      const other = await call(gateway.baseUrl, 'POST /v1/documents', { key: portal, pdf: makePdf() });
      const taken = await post([leader, { ...issued, number: '077/qđ-ubnd' }], {
        documentId: other.json(documentSchema).documentId,
      });
      expect(taken.problem()).toMatchObject({ code: 'NUMBER_TAKEN', status: 409 });
      expect(taken.problem().found).toContain(documentId);
      const register = (await ask('GET /v1/registers/ubnd/2026', undefined, admin)).json(numberRegisterSchema);
      expect(register.numbers).toMatchObject([{ number: '77/QĐ-UBND', documentId }]);
      // The failed job of another document gives it free.
      signer.mode = 'fail';
      const failing = { ...issued, number: '78/QĐ-UBND' };
      const third = await call(gateway.baseUrl, 'POST /v1/documents', { key: portal, pdf: makePdf() });
      const failed = await call(gateway.baseUrl, 'POST /v1/signing-jobs', {
        key: portal,
        json: { documentId: third.json(documentSchema).documentId, expectedVersion: 0, steps: [leader, failing] },
        headers: { prefer: 'wait=30' },
      });
      expect(failed.json(signingJobSchema).status).toBe('failed');
      signer.mode = 'work';
      const fourth = await call(gateway.baseUrl, 'POST /v1/documents', { key: portal, pdf: makePdf() });
      await accepted(await post([leader, failing], { documentId: fourth.json(documentSchema).documentId }));
    });

    it('are shown by a dry run, which leaves nothing behind', async () => {
      const before: string[] = [];
      for await (const { key } of world.store.list('jobs/')) before.push(key);
      const steps = [
        { ...leader, prepare: { texts: clerk.texts, seal: 'con-dau' } },
        { ...clerk, number: '99/QĐ-UBND' },
      ];
      const answer = await post(steps, { dryRun: true });
      expect(answer.status).toBe(200);
      const run = answer.json(dryRunSchema);
      expect(run.checks.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
        'request passed',
        'token warning',
        'revocation not-made',
        'order passed',
        'token warning',
        'revocation not-made',
        'order not-made',
        'drawing passed',
      ]);
      expect(run.wouldBeSigned).toBe(true);
      expect(run.pages.map(({ page }) => page)).toEqual([1]);
      expect(
        Buffer.from(run.pages[0]?.pngBase64 ?? '', 'base64')
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
      const after: string[] = [];
      for await (const { key } of world.store.list('jobs/')) after.push(key);
      expect(after).toEqual(before);
      const register = (await ask('GET /v1/registers/ubnd/2026', undefined, admin)).json(numberRegisterSchema);
      expect(register.numbers.map(({ number }) => number)).not.toContain('99/QĐ-UBND');
    });

    it('are told by a dry run what they would be refused for', async () => {
      const placed = { ...clerk, placement: { page: 1, place: 'center', widthPt: 90, heightPt: 90 } };
      const alone = (await post([placed], { dryRun: true })).json(dryRunSchema);
      expect(alone.wouldBeSigned).toBe(false);
      expect(alone.checks.find(({ check }) => check === 'order')?.failure).toMatchObject({ code: 'APPROVAL_MISSING' });
      const unknown = (await post([{ ...leader, template: 'nothing' }], { dryRun: true })).json(dryRunSchema);
      expect(unknown.checks).toMatchObject([
        { check: 'request', outcome: 'failed', failure: { code: 'TEMPLATE_UNKNOWN' } },
      ]);
      expect(unknown.pages).toEqual([]);
    });
  });

  it('keep a signature that is smaller than a dot', async () => {
    const made = await make('tiny', { ...preset('personal'), imageBase64: makePng().toString('base64') });
    expect(made.json(templateSchema).warnings.map(({ code }) => code)).toContain('IMAGE_LOW_RESOLUTION');
  });
});
