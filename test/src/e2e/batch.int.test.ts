import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import { weekdays } from '@kyso/contracts';
import type { Batch, BatchItem, BatchRequest, KysoClient } from '@kyso/client';
import { judge } from '../judges/judges.js';
import { portalOf } from '../portal.js';

const folder = join(checkout, 'var/test', `batch-${randomUUID()}`);
let cluster: Cluster;
let client: KysoClient;
let pdf: Uint8Array<ArrayBuffer>;

const leaderStep = { credentialId: 'leader', role: 'leader', level: 'B-B' } as const;
const sealStep = { credentialId: 'organisation', role: 'clerk', level: 'B-T' } as const;
const byManifest = { source: { kind: 'manifest' }, steps: [leaderStep], priority: 5 } satisfies BatchRequest;

beforeAll(async () => {
  // How full the disk of the test machine is is not asked here.
  cluster = await startCluster({ folder, env: { gateway: { KYSO_MIN_FREE_BYTES: '0' } } });
  client = portalOf(cluster);
  pdf = new Uint8Array(await readFile(join(checkout, 'samples/quyet-dinh.pdf')));
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function uploaded(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await client.upload(pdf, { name: `don-${i}.pdf` })).documentId);
  return ids;
}

async function outcomes(batchId: string): Promise<BatchItem[]> {
  const items: BatchItem[] = [];
  for await (const item of client.batches.items(batchId)) items.push(item);
  return items;
}

async function ended(
  request: BatchRequest,
  manifest: Parameters<KysoClient['batches']['sendManifest']>[1],
): Promise<Batch> {
  const { batchId } = await client.batches.create(request, { idempotencyKey: randomUUID() });
  await client.batches.sendManifest(batchId, manifest);
  return client.batches.ended(batchId, { timeoutMs: 120_000, everyMs: 200 });
}

async function until(batchId: string, isSo: (batch: Batch) => boolean): Promise<Batch> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const batch = await client.batches.show(batchId);
    if (isSo(batch)) return batch;
    if (Date.now() > deadline) throw new Error(`expected another state, found ${JSON.stringify(batch)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function judged(item: BatchItem | undefined): Promise<void> {
  const file = join(folder, `${item?.documentId}.pdf`);
  await writeFile(file, await client.download(item?.documentId ?? '', 'current'));
  await judge(file, {
    signers: cluster.sandbox.trustAnchorsFile,
    tsa: cluster.sandbox.tsaTrustAnchorsFile,
  });
}

describe('a batch', () => {
  it('signs every document by two keys, one after the other, and tells what became of each', async () => {
    const documentIds = await uploaded(60);
    const unknown = 'doc_00000000000000000000000000';
    const items = [...documentIds, unknown].map((documentId, i) => ({ documentId, reference: `hs-${i}` }));
    const batch = await ended({ ...byManifest, steps: [leaderStep, sealStep] }, items);
    expect(batch).toMatchObject({
      status: 'completed',
      items: { total: 61, open: 0, completed: 60, failed: 1, cancelled: 0 },
      failures: [{ code: 'DOCUMENT_UNKNOWN', count: 1, firstItem: 60 }],
    });
    const results = await outcomes(batch.batchId);
    expect(results.map(({ item }) => item)).toEqual(items.map((_item, i) => i));
    expect(results.slice(0, 60).every(({ version, level }) => version === 2 && level === 'B-T')).toBe(true);
    expect(results[60]).toMatchObject({ status: 'failed', reference: 'hs-60' });
    await judged(results[0]);
    await judged(results[59]);
  }, 180_000);

  it('takes the same manifest twice, and not another one', async () => {
    const [documentId = ''] = await uploaded(1);
    const key = { idempotencyKey: randomUUID() };
    const one = await client.batches.create(byManifest, key);
    expect(one.status).toBe('awaiting-manifest');
    expect((await client.batches.create(byManifest, key)).batchId).toBe(one.batchId);
    await expect(client.batches.create({ ...byManifest, priority: 9 }, key)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(client.batches.sendManifest(one.batchId, '{"documentId":"x"}\nnonsense\n')).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
    await client.batches.sendManifest(one.batchId, [{ documentId }]);
    const again = client.batches.sendManifest(one.batchId, [{ documentId }]);
    // The second may come after the end.
    await again.catch((error: unknown) => expect(error).toMatchObject({ code: 'BATCH_STATE' }));
    const end = await client.batches.ended(one.batchId, { timeoutMs: 60_000 });
    expect(end.items).toMatchObject({ completed: 1, failed: 0 });
    await expect(client.batches.sendManifest(one.batchId, [{ documentId }, { documentId }])).rejects.toMatchObject({
      code: 'BATCH_STATE',
    });
  }, 90_000);

  it('reads a spreadsheet', async () => {
    const documentIds = await uploaded(3);
    const { batchId } = await client.batches.create(byManifest, { idempotencyKey: randomUUID() });
    const rows = documentIds.map((documentId, i) => `${documentId};"Hồ sơ ${i}";Lý do ${i}`);
    const put = (csv: string): Promise<Response> =>
      fetch(`${cluster.baseUrl}/v1/batches/${batchId}/manifest`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${cluster.apiKey}`, 'content-type': 'text/csv' },
        body: csv,
      });
    const refused = await put('documentId;colour\nx;y\n');
    expect(refused.status).toBe(422);
    await expect(refused.json()).resolves.toMatchObject({ code: 'MANIFEST_INVALID', found: 'line 1: colour' });
    expect((await put(`\uFEFFdocumentId;reference;reason\r\n${rows.join('\r\n')}\r\n`)).status).toBe(200);
    await client.batches.ended(batchId, { timeoutMs: 60_000 });
    const results = await fetch(`${cluster.baseUrl}/v1/batches/${batchId}/results?format=csv`, {
      headers: { authorization: `Bearer ${cluster.apiKey}` },
    });
    const lines = (await results.text()).trimEnd().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('Hồ sơ 0');
    expect(lines[1]).toContain('completed');
  }, 90_000);

  it('signs what lies below a prefix of the object store', async () => {
    const inbox = join(folder, 'store/inbox/igate/dem-nay');
    await mkdir(inbox, { recursive: true });
    for (let i = 0; i < 5; i++) await writeFile(join(inbox, `so-${i}.pdf`), pdf);
    await writeFile(join(inbox, 'damaged.pdf'), 'no PDF');
    await writeFile(join(inbox, 'note.txt'), 'not meant');
    const request = { ...byManifest, source: { kind: 'prefix', prefix: 'dem-nay' } } satisfies BatchRequest;
    const { batchId } = await client.batches.create(request, { idempotencyKey: randomUUID() });
    const batch = await client.batches.ended(batchId, { timeoutMs: 60_000 });
    expect(batch.items).toMatchObject({ total: 6, completed: 5, failed: 1 });
    const results = await outcomes(batchId);
    expect(results.find(({ status }) => status === 'failed')).toMatchObject({ object: 'dem-nay/damaged.pdf' });
    await judged(results.find(({ status }) => status === 'completed'));
  }, 90_000);

  it('pauses, goes on, is cancelled, and what was left of it is tried again', async () => {
    const documentIds = await uploaded(200);
    const { batchId } = await client.batches.create(byManifest, { idempotencyKey: randomUUID() });
    await client.batches.pause(batchId);
    await client.batches.sendManifest(
      batchId,
      documentIds.map((documentId) => ({ documentId })),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await client.batches.show(batchId)).toMatchObject({ status: 'paused', items: { open: 200, completed: 0 } });
    await client.batches.resume(batchId);
    await client.batches.cancel(batchId);
    await expect(client.batches.resume(batchId)).rejects.toMatchObject({ code: 'BATCH_STATE' });
    const end = await client.batches.ended(batchId, { timeoutMs: 60_000 });
    expect(end.status).toBe('cancelled');
    expect(end.items.completed + end.items.cancelled).toBe(200);
    expect(await outcomes(batchId)).toHaveLength(200);

    const again = await client.batches.retry(batchId, { statuses: ['cancelled'], idempotencyKey: randomUUID() });
    const done = await client.batches.ended(again.batchId, { timeoutMs: 120_000 });
    expect(done).toMatchObject({ retryOf: batchId, items: { completed: end.items.cancelled, failed: 0 } });
    for (const documentId of documentIds) {
      expect((await client.document(documentId)).versions).toHaveLength(2);
    }
  }, 240_000);

  it('is held while its token is in quarantine, fails nothing of it, and goes on when that is lifted', async () => {
    const documentIds = await uploaded(20);
    const { data } = await client.api.GET('/v1/tokens');
    const token = data?.tokens.find(({ token: name }) => name.includes('leader'))?.token ?? '';
    const path = { token };
    await client.api.POST('/v1/tokens/{token}/quarantine', { params: { path }, body: { reason: 'PIN_CHANGE' } });
    // Signers look at it every few seconds.
    for (let noticed = false; !noticed; await new Promise((resolve) => setTimeout(resolve, 200))) {
      const { data: now } = await client.api.GET('/v1/tokens/{token}', { params: { path } });
      noticed = now?.signers.every(({ state }) => state === 'quarantined') === true;
    }
    const { batchId } = await client.batches.create(byManifest, { idempotencyKey: randomUUID() });
    await client.batches.sendManifest(
      batchId,
      documentIds.map((documentId) => ({ documentId })),
    );
    const held = await until(batchId, ({ status }) => status === 'held');
    expect(held).toMatchObject({
      items: { open: 20, failed: 0 },
      holds: [{ code: 'TOKEN_QUARANTINED', found: 'PIN_CHANGE', messageVi: expect.any(String) }],
    });
    const { data: seen } = await client.api.GET('/v1/tokens/{token}', { params: { path } });
    const query = { at: seen?.quarantine?.at ?? '' };
    await client.api.DELETE('/v1/tokens/{token}/quarantine', { params: { path, query } });
    const end = await client.batches.ended(batchId, { timeoutMs: 90_000 });
    expect(end).toMatchObject({ items: { completed: 20, failed: 0 } });
    expect(end).not.toHaveProperty('holds');
  }, 180_000);

  it('is held outside the hours of its credential, while items of another one go on', async () => {
    const documentIds = await uploaded(12);
    const file = join(folder, 'store/credentials/leader.json');
    const record = JSON.parse(await readFile(file, 'utf8')) as object;
    // A minute on a day that is neither today nor tomorrow in Vietnam.
    const far = weekdays[(new Date().getUTCDay() + 3) % 7];
    await writeFile(file, JSON.stringify({ ...record, hours: [{ days: [far], from: '03:00', until: '03:01' }] }));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { batchId } = await client.batches.create(byManifest, { idempotencyKey: randomUUID() });
    const sealed = { steps: [{ credentialId: 'leader-pss' }] };
    await client.batches.sendManifest(
      batchId,
      documentIds.map((documentId, i) => ({ documentId, ...(i % 2 === 0 ? {} : sealed) })),
    );
    const held = await until(batchId, ({ status, items }) => status === 'held' && items.open === 6);
    expect(held.holds).toMatchObject([{ code: 'OUTSIDE_HOURS' }]);
    await writeFile(file, JSON.stringify(record));
    const end = await client.batches.ended(batchId, { timeoutMs: 90_000 });
    expect(end).toMatchObject({ items: { completed: 12, failed: 0 } });
  }, 180_000);

  it('loses nothing and signs nothing twice when signer, gateway and Redis are killed in it', async () => {
    const documentIds = await uploaded(150);
    const { batchId } = await client.batches.create(byManifest, { idempotencyKey: randomUUID() });
    await client.batches.sendManifest(
      batchId,
      documentIds.map((documentId) => ({ documentId })),
    );
    for (const name of ['signer', 'gateway', 'redis']) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      process.kill(cluster.processes().find((one) => one.name === name)?.pid ?? 0, 'SIGKILL');
    }
    const show = async (): Promise<Batch | undefined> => client.batches.show(batchId).catch(() => undefined);
    const deadline = Date.now() + 120_000;
    let batch = await show();
    while (batch?.endedAt === undefined && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      batch = await show();
    }
    expect(batch?.items).toMatchObject({ total: 150, completed: 150, failed: 0, cancelled: 0 });
    for (const documentId of documentIds) {
      expect((await client.document(documentId)).versions).toHaveLength(2);
    }
    await judged((await outcomes(batchId)).at(-1));
  }, 200_000);
});
