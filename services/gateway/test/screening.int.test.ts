import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { apiClientRecordSchema, documentSchema, objectKeys, signingJobSchema, storedJobSchema } from '@kyso/contracts';
import { getJson, putJson } from '@kyso/storage';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, type Answer } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

const script = '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>';
const attachment = '/AF [<< /Type /Filespec >>]';

describe('screening at the door', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
  });
  afterAll(() => world.close());

  const upload = (catalog: string, at = gateway): Promise<Answer> =>
    call(at.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf: makePdf({ catalog }) });
  const sign = async (catalog: string, at = gateway): Promise<Answer> => {
    const { documentId } = (await upload(catalog, at)).json(documentSchema);
    const steps = [{ credentialId: 'leader', role: 'leader', level: 'B-B' }];
    const json = { documentId, expectedVersion: 0, steps };
    return call(at.baseUrl, 'POST /v1/signing-jobs', { key: world.keys['portal'], json });
  };

  it('takes any document in, and says what was found in it', async () => {
    const answer = await upload(script);
    expect(answer.status).toBe(201);
    const { documentId, findings } = answer.json(documentSchema);
    expect(findings).toEqual([{ kind: 'script', detail: 'a script', count: 1 }]);
    const later = await call(gateway.baseUrl, `GET /v1/documents/${documentId}`, { key: world.keys['portal'] });
    expect(later.json(documentSchema).findings).toEqual(findings);
    expect((await upload('')).json(documentSchema).findings).toEqual([]);
  });

  it('refuses a job at once for what the policy refuses, and takes one for what it warns of', async () => {
    const refused = await sign(script);
    expect(refused.status).toBe(422);
    expect(refused.problem()).toMatchObject({ code: 'PDF_SCREENED', found: 'script (a script)' });
    expect((await sign(attachment)).status).toBe(202);
  });

  it('has a policy from a file', async () => {
    const file = join(world.folder, 'policy.json');
    await writeFile(file, '{ "script": "warn", "embedded-file": "refuse" }');
    const other = await world.startGateway({ KYSO_SCREENING_POLICY_FILE: file });
    expect((await sign(script, other)).status).toBe(202);
    expect((await sign(attachment, other)).status).toBe(422);
  });

  it('puts the client’s own policy first, and hands it to the signer with the job', async () => {
    const key = objectKeys.client('portal');
    const record = await getJson(world.store, key, apiClientRecordSchema);
    await putJson(world.store, key, { ...record, screening: { script: 'allow' } });
    await sleep(400);
    const answer = await sign(script);
    expect(answer.status).toBe(202);
    const { jobId } = answer.json(signingJobSchema);
    const stored = await getJson(world.store, objectKeys.jobRequest(jobId), storedJobSchema);
    expect(stored?.screening).toEqual({ script: 'allow' });
  });
});
