import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  deadLetterListSchema,
  documentSchema,
  objectKeys,
  replaySchema,
  signingJobSchema,
  webhookEventSchema,
  webhookKeysSchema,
  webhookListSchema,
  webhookSchema,
  webhookTestSchema,
  type Webhook,
} from '@kyso/contracts';
import { call, type Answer } from './client.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { isSignedBy, WebhookReceiver } from './webhook-receiver.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const leader = { credentialId: 'leader', role: 'leader', level: 'B-B' };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await what())) await pause(30);
};

describe('webhooks', () => {
  let world: World;
  let signer: FakeSigner;
  let receiver: WebhookReceiver;
  let gateway: Running & { baseUrl: string };
  let env: Record<string, string>;
  let key: string | undefined;
  beforeAll(async () => {
    world = await makeWorld();
    key = world.keys['portal'];
    const { privateKey } = generateKeyPairSync('ed25519');
    const file = join(world.folder, 'webhook-key.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    receiver = await WebhookReceiver.start();
    const policies = join(world.folder, 'policies.json');
    await writeFile(policies, JSON.stringify([{ name: 'night', timestamp: 'deferred' }]));
    env = {
      KYSO_POLICIES_FILE: policies,
      KYSO_WEBHOOK_HOSTS: `http://127.0.0.1:${receiver.port}`,
      KYSO_WEBHOOK_KEY_FILE: file,
      KYSO_WEBHOOK_INTERVAL_MS: '50',
      KYSO_WEBHOOK_FIRST_RETRY_MS: '50',
      KYSO_WEBHOOK_LONGEST_RETRY_MS: '200',
      KYSO_WEBHOOK_TIMEOUT_MS: '2000',
    };
    gateway = await world.startGateway(env);
    signer = new FakeSigner(world.store, world.redisUrl);
    await signer.ready();
  });
  afterAll(async () => {
    await signer.close();
    await world.close();
    await receiver.close();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.answer = () => ({ status: 204 });
    signer.mode = 'work';
  });
  afterEach(async () => {
    for (const webhook of await webhooks()) await api(`DELETE /v1/webhooks/${webhook.webhookId}`);
  });

  const api = (line: string, json?: unknown): Promise<Answer> =>
    call(gateway.baseUrl, line, { key, ...(json === undefined ? {} : { json }) });
  const webhooks = async (): Promise<Webhook[]> => (await api('GET /v1/webhooks')).json(webhookListSchema).webhooks;
  const make = async (path: string, more: object = {}): Promise<string> => {
    const answer = await api('POST /v1/webhooks', { url: receiver.url(path), ...more });
    expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
    return answer.json(webhookSchema).webhookId;
  };
  const refused = async (url: string): Promise<string> => (await api('POST /v1/webhooks', { url })).problem().code;
  const upload = async (): Promise<string> =>
    (await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf() })).json(documentSchema).documentId;
  const sign = async (documentId: string, expectedVersion = 0): Promise<string> => {
    const body = { documentId, expectedVersion, steps: [leader], reference: `ref ${documentId}` };
    const headers = { prefer: 'wait=30' };
    const answer = await call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, json: body, headers });
    return answer.json(signingJobSchema).jobId;
  };
  const metric = async (name: string): Promise<number> => {
    const { text } = await call(gateway.baseUrl, 'GET /metrics', { key: serviceToken });
    const line = text.split('\n').find((one) => one.startsWith(`${name}{`) || one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  };
  async function count(prefix: string): Promise<number> {
    let found = 0;
    for await (const _ of world.store.list(prefix)) found += 1;
    return found;
  }
  async function nothingWaits(): Promise<void> {
    await until(
      async () => (await count(objectKeys.outboxPrefix)) + (await count(objectKeys.webhookDeliveriesPrefix)) === 0,
    );
  }

  it('tell the end of a job, signed by the key that the service shows', async () => {
    await make('/hook');
    const documentId = await upload();
    const jobId = await sign(documentId);
    await until(() => receiver.received.length > 0);
    const [delivery] = receiver.received;
    expect(webhookEventSchema.parse(delivery?.event)).toEqual({
      id: delivery?.id,
      type: 'signing-job.completed',
      timestamp: expect.any(String),
      data: {
        jobId,
        documentId,
        reference: `ref ${documentId}`,
        status: 'completed',
        version: 1,
        versions: [1],
      },
    });
    const { keys } = (await api('GET /v1/webhook-keys')).json(webhookKeysSchema);
    expect(isSignedBy(keys[0]!, delivery!)).toBe(true);
    expect(isSignedBy(keys[0]!, { ...delivery!, body: `${delivery!.body} ` })).toBe(false);
    expect(Math.abs(Number(delivery?.seconds) * 1_000 - Date.now())).toBeLessThan(60_000);
    await nothingWaits();
    expect(receiver.received).toHaveLength(1);
  });

  it('tell why a job failed, and nothing that was not asked for', async () => {
    await make('/failed', { types: ['signing-job.failed'] });
    await sign(await upload());
    signer.mode = 'fail';
    const jobId = await sign(await upload());
    await until(() => receiver.received.length > 0);
    await nothingWaits();
    expect(receiver.received.map(({ event }) => event)).toMatchObject([
      { type: 'signing-job.failed', data: { jobId, status: 'failed', code: 'TOKEN_QUARANTINED', versions: [] } },
    ]);
  });

  it('tell that a time-stamp is still to come, and when it is there', async () => {
    await make('/hook');
    signer.tsaAnswers = false;
    const documentId = await upload();
    const json = { documentId, expectedVersion: 0, steps: [{ ...leader, level: 'B-T' }], policy: 'night' };
    const { jobId } = (await api('POST /v1/signing-jobs', json)).json(signingJobSchema);
    await until(() => receiver.received.length === 1);
    signer.tsaAnswers = true;
    await until(() => receiver.received.length === 2);
    expect(receiver.received.map(({ event }) => event)).toMatchObject([
      { type: 'signing-job.completed', data: { jobId, version: 1, deferred: true } },
      {
        type: 'document.timestamped',
        data: { jobId, documentId, version: 2, signatures: [{ fieldName: 'S0', level: 'B-T' }] },
      },
    ]);
  });

  it('are told again with the same id until they answer 2xx, and the events of a document in order', async () => {
    await make('/hook');
    let refusals = 3;
    receiver.answer = () => ({ status: refusals-- > 0 ? 500 : 200 });
    const documentId = await upload();
    for (const version of [0, 1, 2]) await sign(documentId, version);
    await until(() => receiver.accepted.length === 3);
    expect(receiver.accepted.map(({ event }) => event.data['version'])).toEqual([1, 2, 3]);
    const firstId = receiver.accepted[0]?.id;
    expect(receiver.received.slice(0, 4).map(({ id }) => id)).toEqual([firstId, firstId, firstId, firstId]);
    await nothingWaits();
    expect(receiver.received).toHaveLength(6);
  });

  it('of other documents are told while one is refused', async () => {
    await make('/hook');
    const bad = await upload();
    receiver.answer = ({ event }) => ({ status: event.data['documentId'] === bad ? 500 : 200 });
    await sign(bad);
    await until(() => receiver.received.length > 0);
    const others = await Promise.all([upload(), upload(), upload()]);
    await Promise.all(others.map((documentId) => sign(documentId)));
    await until(() => receiver.accepted.length === 3);
    expect(new Set(receiver.accepted.map(({ event }) => event.data['documentId']))).toEqual(new Set(others));
    receiver.answer = () => ({ status: 200 });
    await until(() => receiver.accepted.length === 4);
  });

  it('that hang hold up neither other endpoints nor signing', async () => {
    await make('/hangs');
    await make('/works');
    receiver.answer = ({ path }) => (path === '/hangs' ? 'hang' : { status: 200 });
    const documents = await Promise.all(Array.from({ length: 12 }, upload));
    await Promise.all(documents.map((documentId) => sign(documentId)));
    await until(() => receiver.accepted.length === 12);
    const hanging = receiver.received.filter(({ path }) => path === '/hangs');
    expect(hanging.length).toBeGreaterThan(0);
    receiver.answer = () => ({ status: 200 });
    await until(() => receiver.accepted.filter(({ path }) => path === '/hangs').length === 12);
  });

  it('lose nothing when the gateway is killed while the endpoint is away', async () => {
    await make('/hook');
    receiver.answer = () => ({ status: 503 });
    const documentId = await upload();
    const jobs = [await sign(documentId), await sign(documentId, 1), await sign(await upload())];
    await until(() => receiver.received.length >= 2);
    await gateway.stop('SIGKILL');
    receiver.answer = () => ({ status: 200 });
    gateway = await world.startGateway(env);
    await until(() => new Set(receiver.accepted.map(({ id }) => id)).size === 3);
    const told = receiver.accepted.map(({ event }) => event.data['jobId']);
    expect(new Set(told)).toEqual(new Set(jobs));
    const ofDocument = receiver.accepted.filter(({ event }) => event.data['documentId'] === documentId);
    expect(ofDocument.map(({ event }) => event.data['version'])).toEqual([1, 2]);
    await nothingWaits();
  });

  it('become dead letters when their time is over, which are listed and told on request', async () => {
    await gateway.stop();
    gateway = await world.startGateway({ ...env, KYSO_WEBHOOK_GIVE_UP_MS: '400' });
    const webhookId = await make('/hook');
    receiver.answer = () => ({ status: 500 });
    const documentId = await upload();
    await sign(documentId);
    await sign(documentId, 1);
    const list = async (query = '') =>
      (await api(`GET /v1/webhooks/${webhookId}/dead-letters${query}`)).json(deadLetterListSchema);
    await until(async () => (await list()).total === 2);
    expect((await list()).deadLetters).toMatchObject([
      { reason: 'gave-up', event: { data: { documentId, version: 1 } }, last: { status: 500 } },
      { reason: 'gave-up', event: { data: { documentId, version: 2 } }, last: { status: 500 } },
    ]);
    const page = await list('?limit=1');
    expect(page).toMatchObject({ total: 2, deadLetters: [{ event: { data: { version: 1 } } }] });
    const second = await list(`?limit=1&after=${page.next}`);
    expect(second.deadLetters).toMatchObject([{ event: { data: { version: 2 } } }]);
    expect(second.next).toBeUndefined();
    expect(await metric('kyso_webhook_dead_letters')).toBeGreaterThanOrEqual(2);
    await nothingWaits();

    receiver.answer = () => ({ status: 200 });
    const eventId = page.deadLetters[0]!.event.id;
    const one = await api(`POST /v1/webhooks/${webhookId}/replay`, { eventId });
    expect(one.json(replaySchema)).toEqual({ replayed: 1, left: 1 });
    await until(() => receiver.accepted.length === 1);
    expect(receiver.accepted[0]?.id).toBe(eventId);
    const again = await api(`POST /v1/webhooks/${webhookId}/replay`, { eventId });
    expect([again.status, again.problem().code]).toEqual([404, 'EVENT_UNKNOWN']);
    const all = await api(`POST /v1/webhooks/${webhookId}/replay`, {});
    expect(all.json(replaySchema)).toEqual({ replayed: 1, left: 0 });
    await until(() => receiver.accepted.length === 2);
    expect((await list()).total).toBe(0);
    await gateway.stop();
    gateway = await world.startGateway(env);
  });

  it('that answer 410 are disabled, and what they were to be told can be told later', async () => {
    const webhookId = await make('/hook');
    receiver.answer = () => ({ status: 410 });
    await sign(await upload());
    await until(async () => (await webhooks())[0]?.enabled === false);
    expect((await webhooks())[0]).toMatchObject({ enabled: false, disabled: { reason: 'gone' } });
    const url = receiver.url('/new');
    receiver.answer = () => ({ status: 200 });
    const replaced = await api(`PUT /v1/webhooks/${webhookId}`, { url, enabled: true });
    expect(replaced.json(webhookSchema)).not.toHaveProperty('disabled');
    await until(async () => {
      const answer = await api(`POST /v1/webhooks/${webhookId}/replay`, {});
      return answer.json(replaySchema).replayed === 1;
    });
    await until(() => receiver.accepted.length === 1);
    expect(receiver.accepted[0]?.path).toBe('/new');
  });

  it('wait as long as the endpoint asks', async () => {
    await make('/hook');
    let first = true;
    const times: number[] = [];
    receiver.answer = () => {
      times.push(performance.now());
      const status = first ? 429 : 200;
      first = false;
      return { status, headers: { 'retry-after': '2' } };
    };
    await sign(await upload());
    await until(() => receiver.accepted.length === 1);
    expect(times[1]! - times[0]!).toBeGreaterThan(1_900);
  });

  it('can be tested at once', async () => {
    const webhookId = await make('/hook');
    const good = (await api(`POST /v1/webhooks/${webhookId}/test`)).json(webhookTestSchema);
    expect(good).toMatchObject({ delivered: true, attempt: { status: 204 } });
    expect(receiver.received[0]).toMatchObject({
      id: good.eventId,
      event: { type: 'webhook.test', data: { webhookId } },
    });
    receiver.answer = () => ({ status: 302, headers: { location: receiver.url('/elsewhere') } });
    const redirected = (await api(`POST /v1/webhooks/${webhookId}/test`)).json(webhookTestSchema);
    expect(redirected).toMatchObject({ delivered: false, attempt: { status: 302 } });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook', '/hook']);
  });

  it('go to allowed hosts only, and belong to their client', async () => {
    expect(await refused('https://example.org/hook')).toBe('WEBHOOK_HOST_REFUSED');
    expect(await refused(`https://127.0.0.1:${receiver.port}/`)).toBe('WEBHOOK_HOST_REFUSED');
    expect(await refused('http://127.0.0.1:1/')).toBe('WEBHOOK_HOST_REFUSED');
    expect(await refused(`http://a:b@127.0.0.1:${receiver.port}/`)).toBe('REQUEST_INVALID');
    const webhookId = await make('/hook');
    expect(await refused(receiver.url('/hook'))).toBe('WEBHOOK_EXISTS');
    const other = { key: world.keys['other'] };
    for (const line of [`GET /v1/webhooks/${webhookId}`, `DELETE /v1/webhooks/${webhookId}`]) {
      expect((await call(gateway.baseUrl, line, other)).problem().code).toBe('WEBHOOK_UNKNOWN');
    }
    expect((await call(gateway.baseUrl, 'GET /v1/webhooks', { key: world.keys['verifier'] })).status).toBe(403);
    for (let n = 1; n < 10; n++) await make(`/hook-${n}`);
    expect(await refused(receiver.url('/one-more'))).toBe('WEBHOOK_LIMIT');
  });

  it('take what waits with them when they are deleted', async () => {
    const webhookId = await make('/hook');
    receiver.answer = () => ({ status: 500 });
    await sign(await upload());
    await until(() => receiver.received.length > 0);
    expect((await api(`DELETE /v1/webhooks/${webhookId}`)).status).toBe(204);
    await nothingWaits();
  });
});
