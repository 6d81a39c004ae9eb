import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  apiClientRecordSchema,
  newId,
  objectKeys,
  SigningError,
  toFailure,
  type ApiClientRecord,
  type Erasure,
  type StoredJob,
  type UsageReport,
} from '@kyso/contracts';
import { getJson, putJson } from '@kyso/storage';
import { call as send } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

const sha256 = 'a'.repeat(64);
const longAgo = '2020-01-01T00:00:00.000Z';

/** An answer with its JSON body. */
interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(...request: Parameters<typeof send>): Promise<Told> {
  const { status, text } = await send(...request);
  return { status, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Told['body'] };
}

describe('what is kept, erased and counted', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
  });
  afterAll(() => world.close());

  const at = (request: string, body?: unknown, client = 'portal'): Promise<Told> =>
    call(gateway.baseUrl, request, { key: world.keys[client], ...(body === undefined ? {} : { json: body }) });
  const upload = async (): Promise<string> => {
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf: makePdf() });
    expect(answer.status).toBe(201);
    return String(answer.body['documentId']);
  };
  const keysOf = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of world.store.list(prefix)) keys.push(key);
    return keys.sort();
  };
  /** A version as a signer would have left it, with the request of its job. */
  const sign = async (documentId: string, createdAt = new Date().toISOString()): Promise<string> => {
    const jobId = newId('job');
    const bytes = (await world.store.get(objectKeys.version(documentId, 0))) ?? new Uint8Array(0);
    await world.store.put(objectKeys.version(documentId, 1), Buffer.concat([bytes, Buffer.from('%signed\n')]));
    const step = { credentialId: 'leader', token: 'token-a', role: 'leader' as const, level: 'B-B' as const };
    const job: StoredJob = {
      jobId,
      clientId: 'portal',
      documentId,
      expectedVersion: 0,
      requestId: 'r',
      lane: 'interactive',
      createdAt,
      steps: [step],
    };
    await putJson(world.store, objectKeys.jobRequest(jobId), job);
    await putJson(world.store, objectKeys.release(documentId, 1), {
      jobId,
      createdAt,
      result: {
        step: 0,
        credentialId: 'leader',
        role: 'leader',
        version: 1,
        fieldName: 'Signature1',
        level: 'B-B',
        signingTime: createdAt,
        sizeBytes: bytes.length + 8,
        sha256,
      },
    });
    return jobId;
  };
  const change = async (clientId: string, what: Partial<ApiClientRecord>): Promise<void> => {
    const record = await getJson(world.store, objectKeys.client(clientId), apiClientRecordSchema);
    await putJson(world.store, objectKeys.client(clientId), { ...record, ...what });
    // So long the gateway knows the old one.
    await new Promise((resolve) => setTimeout(resolve, 300));
  };

  it('refuses what is above a quota, counts the rest, and shows both', async () => {
    for (let uploads = 0; uploads < 3; uploads++) await upload();
    await change('portal', { quotas: { documentsPerDay: 3 } });
    const before = (await at('GET /v1/usage')).body as unknown as UsageReport['clients'][number];
    const today = before.days[0]?.documents ?? 0;
    expect(today).toBe(3);
    const refused = await call(gateway.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf: makePdf() });
    expect(refused).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED' } });
    await change('portal', { quotas: { storedBytes: 10 } });
    const full = await call(gateway.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf: makePdf() });
    expect(full.body['expected']).toContain('storedBytes at most 10');
    await change('portal', { quotas: { openBatches: 0, jobsPerDay: 0 } });
    const batch = await at('POST /v1/batches', {
      source: { kind: 'manifest' },
      steps: [{ credentialId: 'leader', role: 'leader', level: 'B-B' }],
    });
    expect(batch).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED' } });
    await change('portal', { quotas: { documentsPerDay: today + 1 } });
    await upload();
    const after = (await at('GET /v1/usage')).body as unknown as UsageReport['clients'][number];
    expect(after.days[0]?.documents).toBe(today + 1);
    expect(after.quotas).toEqual({ documentsPerDay: today + 1 });
    expect((await at('GET /v1/usage/clients', undefined, 'verifier')).status).toBe(403);
    await change('portal', { quotas: {} });
  });

  it('pauses a batch of a prefix that holds more than the client may have, and fails items that have no room', async () => {
    await world.store.put(objectKeys.inbox('portal', 'night/a.pdf'), Buffer.from(makePdf()));
    await world.store.put(objectKeys.inbox('portal', 'night/b.pdf'), Buffer.from(makePdf()));
    const order = {
      source: { kind: 'prefix', prefix: 'night' },
      steps: [{ credentialId: 'leader', role: 'leader', level: 'B-B' }],
    };
    const until = async (batchId: string, status: string): Promise<Told['body']> => {
      for (let looks = 0; looks < 100; looks++) {
        const { body } = await at(`GET /v1/batches/${batchId}`);
        if (body['status'] === status) return body;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`batch ${batchId} is not ${status}`);
    };
    await change('portal', { quotas: { batchItems: 1 } });
    const batchId = String((await at('POST /v1/batches', order)).body['batchId']);
    const paused = await until(batchId, 'paused');
    expect(paused['pausedBecause']).toBe('QUOTA_EXCEEDED: expected batchItems at most 1, found 2');
    await change('portal', { quotas: { documentsPerDay: 0 } });
    expect((await at(`POST /v1/batches/${batchId}/resume`)).status).toBe(200);
    expect(await until(batchId, 'completed')).toMatchObject({
      items: { total: 2, failed: 2 },
      failures: [{ code: 'QUOTA_EXCEEDED', count: 2 }],
    });
    await change('portal', { quotas: {} });
  });

  it('sweeps: counts first where it is to be a dry run, then erases what is due, and leaves the rest', async () => {
    const due = await upload();
    const dueJob = await sign(due, longAgo);
    const young = await upload();
    const signedNow = await upload();
    await sign(signedNow);
    for (const documentId of [due, signedNow]) {
      const record = JSON.parse(
        Buffer.from((await world.store.get(objectKeys.documentRecord(documentId))) ?? []).toString(),
      );
      await putJson(world.store, objectKeys.documentRecord(documentId), { ...record, createdAt: longAgo });
    }
    const failed = newId('job');
    await putJson(world.store, objectKeys.jobFailure(failed), {
      jobId: failed,
      failedAt: longAgo,
      failure: toFailure(new SigningError('INTERNAL')),
    });
    const unreadable = newId('job');
    await world.store.put(objectKeys.jobFailure(unreadable), Buffer.from('{'));
    const swept = async (gatewayAt: { baseUrl: string }): Promise<UsageReport> => {
      for (;;) {
        const answer = await call(gatewayAt.baseUrl, 'GET /v1/usage/clients', { key: world.keys['admin'] });
        const report = answer.body as unknown as UsageReport;
        if (report.lastSweep !== undefined && report.lastSweep.startedAt > from) return report;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await gateway.stop('SIGTERM');
    let from = new Date().toISOString();
    const terms = {
      KYSO_RETENTION_DOCUMENT_DAYS: '365',
      KYSO_RETENTION_INTERVAL_MS: '36000000',
      KYSO_RECONCILE_INTERVAL_MS: '300',
    };
    const counting = await world.startGateway({ ...terms, KYSO_RETENTION_DRY_RUN: 'true' });
    const counted = await swept(counting);
    expect(counted.lastSweep).toMatchObject({ dryRun: true, due: 1, erased: 0 });
    expect(counted.clients.find(({ clientId }) => clientId === 'portal')).toMatchObject({ dueDocuments: 1 });
    await counting.stop('SIGTERM');

    from = new Date().toISOString();
    gateway = await world.startGateway(terms);
    expect((await swept(gateway)).lastSweep).toMatchObject({ dryRun: false, due: 1, erased: 1, inUse: 0 });
    expect(await at(`GET /v1/documents/${due}`)).toMatchObject({ status: 410, body: { code: 'DOCUMENT_ERASED' } });
    expect(await keysOf(objectKeys.documentPrefix(due))).toEqual([objectKeys.release(due, 1), objectKeys.erasure(due)]);
    // The job is still told: what was signed, by whom, with which hash.
    expect((await at(`GET /v1/signing-jobs/${dueJob}`)).body).toMatchObject({
      status: 'completed',
      steps: [{ sha256 }],
    });
    for (const documentId of [young, signedNow]) expect((await at(`GET /v1/documents/${documentId}`)).status).toBe(200);
    expect(await keysOf(objectKeys.jobFailure(failed))).toHaveLength(1);
    await gateway.stop('SIGTERM');

    from = new Date().toISOString();
    const erasure = (await getJson(world.store, objectKeys.erasure(due), { parse: (value) => value as Erasure }))!;
    await putJson(world.store, objectKeys.erasure(due), { ...erasure, erasedAt: longAgo });
    gateway = await world.startGateway({
      ...terms,
      KYSO_RETENTION_OUTCOME_DAYS: '30',
      KYSO_RETENTION_FAILED_JOB_DAYS: '30',
    });
    expect((await swept(gateway)).lastSweep).toMatchObject({ outcomes: 1, failedJobs: 1, unreadable: 1 });
    expect(await keysOf(objectKeys.documentPrefix(due))).toEqual([objectKeys.erasure(due)]);
    expect(await keysOf(objectKeys.jobRequest(dueJob))).toEqual([]);
    expect(await keysOf(objectKeys.jobFailure(failed))).toEqual([]);
  });
});
