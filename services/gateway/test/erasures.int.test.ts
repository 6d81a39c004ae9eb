import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { documentSchema, erasureSchema, signingJobSchema } from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const why = 'reason=Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh%2012';

const refusal = (answer: Answer): readonly [number, string] => [answer.status, answer.problem().code];

describe('erasing a document', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let other: Running & { baseUrl: string };
  let signer: FakeSigner | undefined;
  let key: string | undefined;
  beforeAll(async () => {
    world = await makeWorld();
    [gateway, other] = await Promise.all([world.startGateway(), world.startGateway()]);
    key = world.keys['portal'];
  });
  afterAll(async () => {
    await signer?.close();
    await world.close();
  });

  const upload = async (): Promise<string> => {
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf({ pages: 2 }) });
    return answer.json(documentSchema).documentId;
  };
  const erase = (documentId: string, query = why, as = key): Promise<Answer> =>
    call(gateway.baseUrl, `DELETE /v1/documents/${documentId}?${query}`, { key: as });
  const sign = (documentId: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/signing-jobs', {
      key,
      headers,
      json: { documentId, expectedVersion: 0, steps: [{ credentialId: 'leader', role: 'leader', level: 'B-B' }] },
    });

  it('is refused while a job is open, and for whoever may not', async () => {
    const documentId = await upload();
    // No signer runs yet: the job stays open.
    const job = (await sign(documentId)).json(signingJobSchema);
    const refused = await erase(documentId);
    expect(refusal(refused)).toEqual([409, 'DOCUMENT_IN_USE']);
    expect(refused.text).toContain(job.jobId);
    expect(refusal(await erase(documentId, why, world.keys['other']))).toEqual([404, 'DOCUMENT_UNKNOWN']);
    expect(refusal(await erase(documentId, why, world.keys['verifier']))).toEqual([403, 'FORBIDDEN']);
    expect(refusal(await erase(documentId, 'reason=%20'))).toEqual([400, 'REQUEST_INVALID']);
    const shown = await call(gateway.baseUrl, `GET /v1/documents/${documentId}`, { key });
    expect(shown.status).toBe(200);
  });

  it('takes the document from every gateway, and leaves its jobs and keys of requests as they were', async () => {
    signer ??= new FakeSigner(world.store, world.redisUrl);
    await signer.ready();
    const documentId = await upload();
    const once = { 'idempotency-key': 'once', prefer: 'wait=30' };
    const job = (await sign(documentId, once)).json(signingJobSchema);
    expect(job).toMatchObject({ status: 'completed', steps: [{ version: 1 }] });
    // The other gateway has it in memory now.
    const line = `GET /v1/documents/${documentId}`;
    const before = (await call(other.baseUrl, line, { key })).json(documentSchema);

    const answer = await erase(documentId);
    expect(answer.status).toBe(200);
    const erasure = answer.json(erasureSchema);
    expect(erasure).toMatchObject({ documentId, erasedBy: 'portal', reason: 'Quyết định 12', pageCount: 2 });
    expect(erasure.versions.map(({ sha256 }) => sha256)).toEqual(before.versions.map(({ sha256 }) => sha256));

    for (const { baseUrl } of [gateway, other]) {
      for (const path of ['', '/versions/0', '/versions/current']) {
        const gone = await call(baseUrl, `${line}${path}`, { key });
        expect(refusal(gone)).toEqual([410, 'DOCUMENT_ERASED']);
        expect(gone.problem()).toMatchObject({ found: expect.stringContaining(erasure.erasedAt) });
      }
    }
    const worked = signer.worked.length;
    const repeat = (await sign(documentId, once)).json(signingJobSchema);
    expect(repeat).toEqual(job);
    expect(refusal(await sign(documentId))).toEqual([410, 'DOCUMENT_ERASED']);
    expect(signer.worked).toHaveLength(worked);
    expect((await erase(documentId)).json(erasureSchema)).toEqual(erasure);

    const left: string[] = [];
    for await (const object of world.store.list(`documents/${documentId}/`)) left.push(object.key.split('/')[2] ?? '');
    expect(left.filter((name) => name.endsWith('.pdf') || name === 'document.json')).toEqual([]);
    expect(left).toContain('erased.json');
  });
});
