import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { documentSchema, policyListSchema, type TemplateCreation } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

describe('signing policies', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let admin: string | undefined;
  let portal: string | undefined;
  let documentId: string;
  let look: Omit<TemplateCreation, 'templateId'>;

  beforeAll(async () => {
    world = await makeWorld();
    const policies = join(world.folder, 'policies.json');
    const named = [
      { name: 'decision', level: 'B-T', description: 'Quyết định' },
      { name: 'draft', level: 'B-B', revocation: 'off', schemes: ['rsa-pss'] },
    ];
    await writeFile(policies, JSON.stringify(named));
    gateway = await world.startGateway({ KYSO_POLICIES_FILE: policies });
    admin = world.keys['admin'];
    portal = world.keys['portal'];
    const uploaded = await call(gateway.baseUrl, 'POST /v1/documents', { key: portal, pdf: makePdf() });
    documentId = uploaded.json(documentSchema).documentId;
    const image = new URL('../../../../samples/chu-ky-lanh-dao.png', import.meta.url);
    look = {
      name: 'Chữ ký',
      type: 'personal',
      owner: { kind: 'all' },
      display: 'image',
      lines: [],
      fontSizePt: 10,
      widthPt: 120,
      heightPt: 60,
      place: { page: 1, place: 'bottom-right' },
      imageBase64: (await readFile(image)).toString('base64'),
    };
    await make('chu-ky', look);
  });
  afterAll(() => world.close());

  const ask = (line: string, json?: unknown, key = portal): Promise<Answer> =>
    call(gateway.baseUrl, line, { key, ...(json === undefined ? {} : { json }) });
  const make = (templateId: string, body: object): Promise<Answer> =>
    ask('POST /v1/templates', { templateId, ...body }, admin);
  const leader = { credentialId: 'leader', role: 'leader', template: 'chu-ky' };
  const post = (steps: object[], more: object = {}): Promise<Answer> =>
    ask('POST /v1/signing-jobs', { documentId, expectedVersion: 0, steps, ...more });

  it('are those of the client, the first one by default', async () => {
    const { policies, default: first } = (await ask('GET /v1/policies')).json(policyListSchema);
    expect([policies.map(({ name }) => name), first]).toEqual([['decision', 'draft'], 'decision']);
    expect((await post([leader], { policy: 'nothing' })).problem().code).toBe('POLICY_UNKNOWN');
    expect((await post([leader], { policy: 'draft' })).problem()).toMatchObject({
      code: 'POLICY_VIOLATED',
      expected: 'rsa-pss',
    });
  });

  it('are demanded by templates, and then no other holds', async () => {
    const unknown = await make('strict', { ...look, policy: 'nothing' });
    expect(unknown.problem()).toMatchObject({ code: 'POLICY_UNKNOWN', expected: 'decision, draft' });
    await make('strict', { ...look, policy: 'draft' });
    const step = { ...leader, template: 'strict' };
    expect((await post([step])).problem()).toMatchObject({ code: 'POLICY_VIOLATED', expected: 'rsa-pss' });
    expect((await post([step], { policy: 'decision' })).problem()).toMatchObject({
      code: 'POLICY_VIOLATED',
      expected: 'policy draft (template strict)',
      found: 'decision',
    });
  });
});
