import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  documentSchema,
  objectKeys,
  signingJobSchema,
  storedJobSchema,
  versionTurnSchema,
  type Document,
  type SigningJob,
} from '@kyso/contracts';
import { getJson, putJson, takeTurn } from '@kyso/storage';
import { call, type Answer } from './client.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const leader = { credentialId: 'leader', role: 'leader', level: 'B-T' };
const seal = { credentialId: 'seal', role: 'clerk', level: 'B-T' };

const until = async (what: () => Promise<boolean>): Promise<void> => {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
};

describe('documents that were released without a time-stamp', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let signer: FakeSigner;
  let key: string | undefined;
  let documentId: string;
  let first: SigningJob;
  beforeAll(async () => {
    world = await makeWorld();
    const policies = join(world.folder, 'policies.json');
    await writeFile(policies, JSON.stringify([{ name: 'night', timestamp: 'deferred' }]));
    gateway = await world.startGateway({ KYSO_POLICIES_FILE: policies });
    signer = new FakeSigner(world.store, world.redisUrl);
    await signer.ready();
    key = world.keys['portal'];
  });
  afterAll(async () => {
    await signer.close();
    await world.close();
  });
  beforeEach(async () => {
    signer.tsaAnswers = false;
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf({ pages: 1 }) });
    documentId = answer.json(documentSchema).documentId;
    first = (await post(0, [leader])).json(signingJobSchema);
  });

  const post = (expectedVersion: number, steps: object[]): Promise<Answer> =>
    call(gateway.baseUrl, 'POST /v1/signing-jobs', {
      key,
      json: { documentId, expectedVersion, steps },
      headers: { prefer: 'wait=20' },
    });
  const shown = async (): Promise<Document> =>
    (await call(gateway.baseUrl, `GET /v1/documents/${documentId}`, { key })).json(documentSchema);
  const job = async (): Promise<SigningJob> =>
    (await call(gateway.baseUrl, `GET /v1/signing-jobs/${first.jobId}`, { key })).json(signingJobSchema);
  const stamped = async (): Promise<void> => {
    signer.tsaAnswers = true;
    await until(async () => (await shown()).versions.some(({ timestamp }) => timestamp !== undefined));
  };

  const signerTakesTurn = (at: Date): Promise<void> =>
    putJson(world.store, objectKeys.turn(documentId, 2, 1), { holder: 'timestamp', at: at.toISOString() });

  it('say so, and later where the time-stamp is', async () => {
    expect(first).toMatchObject({ status: 'completed', steps: [{ level: 'B-B', deferredLevel: 'B-T', version: 1 }] });
    expect(first.steps[0]).not.toHaveProperty('timestampedLater');
    expect((await shown()).versions[1]).toMatchObject({ deferredLevel: 'B-T' });
    await stamped();
    const version = (await shown()).versions[2];
    expect(version).toEqual({
      version: 2,
      sizeBytes: expect.any(Number),
      sha256: expect.any(String),
      createdAt: expect.any(String),
      timestamp: expect.any(String),
    });
    expect((await job()).steps[0]).toMatchObject({
      level: 'B-B',
      timestampedLater: { version: 2, level: 'B-T', timestamp: version?.timestamp },
    });
    expect(signer.timestampsWanted).toContain(first.jobId);
    const metrics = await call(gateway.baseUrl, 'GET /metrics', { key: serviceToken });
    expect(metrics.text).toContain('kyso_waiting_timestamps ');
  });

  it('are asked for again when Redis was lost', async () => {
    await signer.close();
    await world.restartRedis();
    signer = new FakeSigner(world.store, world.redisUrl);
    await signer.ready();
    await stamped();
  });

  it('may be signed by who has seen the version before the time-stamp', async () => {
    await stamped();
    const next = (await post(1, [seal])).json(signingJobSchema);
    expect(next).toMatchObject({ status: 'completed', steps: [{ version: 3 }] });
    const stored = await getJson(world.store, objectKeys.jobRequest(next.jobId), storedJobSchema);
    expect(stored).toMatchObject({ expectedVersion: 2, seenVersion: 1 });
    expect((await post(1, [seal])).problem()).toMatchObject({ code: 'VERSION_STALE', expected: 'version 3' });
    expect((await post(2, [seal])).problem()).toMatchObject({ code: 'VERSION_STALE' });
    expect((await post(9, [seal])).problem()).toMatchObject({ code: 'VERSION_UNKNOWN' });
  });

  it('keep the next version for a job that was accepted', async () => {
    const next = (await post(1, [seal])).json(signingJobSchema);
    expect(next).toMatchObject({ status: 'completed', steps: [{ version: 2 }] });
    const turn = await getJson(world.store, objectKeys.turn(documentId, 2, 1), versionTurnSchema);
    expect(turn?.holder).toBe(next.jobId);
    const at = new Date().toISOString();
    expect(await takeTurn(world.store, { documentId, version: 3 }, { holder: 'timestamp', at })).toBeUndefined();
  });

  it('are busy for the moment in which a signer adds the time-stamp', async () => {
    await signerTakesTurn(new Date());
    const refused = await post(1, [seal]);
    expect(refused.status).toBe(503);
    expect(refused.problem()).toMatchObject({ code: 'DOCUMENT_BUSY', retryable: true });
    // A signer that died with it gives it up in the end.
    await signerTakesTurn(new Date(Date.now() - 601_000));
    expect((await post(1, [seal])).json(signingJobSchema)).toMatchObject({
      status: 'completed',
      steps: [{ version: 2 }],
    });
  });
});
