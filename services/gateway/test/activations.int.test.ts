import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  activationKeysSchema,
  activationSchema,
  dryRunSchema,
  newId,
  objectKeys,
  type ActivationRequest,
  type TokenInventory,
} from '@kyso/contracts';
import { createJson, putJson } from '@kyso/storage';
import { CompactEncrypt, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { call, type Answer } from './client.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const documents = ['a'.repeat(64)];
const inventory: TokenInventory = {
  token: 'token-a',
  label: 'a',
  serial: '1',
  manufacturer: 'm',
  model: 'm',
  signerId: 's1',
  login: 'activation',
  readAt: '2026-11-23T03:00:00.000Z',
  keys: [],
  otherCertificatesPem: [],
};
const code = async (answer: Promise<Answer>): Promise<string> => (await answer).problem().code;
const path = ({ activationId }: ActivationRequest): string => `/v1/credentials/leader/activations/${activationId}`;
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

describe('activations', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let publicKey: CryptoKey;
  let keysFile: string;

  beforeAll(async () => {
    world = await makeWorld();
    const pair = await generateKeyPair('ECDH-ES+A256KW', { extractable: true });
    ({ publicKey } = pair);
    keysFile = join(world.folder, 'activation-keys.json');
    const about = { kid: '2026-11', alg: 'ECDH-ES+A256KW', use: 'enc' };
    await writeFile(keysFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...about }] }));
    const secret = { keys: [{ ...(await exportJWK(pair.privateKey)), ...about }] };
    await writeFile(join(world.folder, 'private-keys.json'), JSON.stringify(secret));
    await putJson(world.store, objectKeys.inventory('token-a'), inventory);
    await putJson(world.store, objectKeys.inventory('token-b'), {
      ...inventory,
      token: 'token-b',
      login: 'unattended',
    });
    gateway = await world.startGateway({ KYSO_ACTIVATION_KEYS_FILE: keysFile, KYSO_MAX_ACTIVATION_SECONDS: '600' });
  });
  afterAll(() => world.close());

  const as = (client: string, line: string, json?: unknown): Promise<Answer> =>
    call(gateway.baseUrl, line, { key: world.keys[client], ...(json === undefined ? {} : { json }) });
  const portal = (line: string, json?: unknown): Promise<Answer> => as('portal', line, json);
  const post = (request: object, credentialId = 'leader'): Promise<Answer> =>
    portal(`POST /v1/credentials/${credentialId}/activations`, request);

  async function sealed(header: object = {}): Promise<string> {
    return new CompactEncrypt(Buffer.from('what is in it is none of the gateway’s business'))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: '2026-11', ...header })
      .encrypt(publicKey);
  }
  async function make(more: object = {}): Promise<ActivationRequest> {
    const activationId = newId('act');
    return { activationId, count: 2, documents, expiresAt: inSeconds(300), sealedPin: await sealed(), ...more };
  }

  async function accepted(more: object): Promise<string> {
    const request = await make(more);
    expect((await post(request)).status).toBe(201);
    return request.activationId;
  }

  it('begin with the public keys', async () => {
    const { keys } = (await portal('GET /v1/activation-keys')).json(activationKeysSchema);
    expect(keys).toMatchObject([{ kid: '2026-11', alg: 'ECDH-ES+A256KW', use: 'enc', kty: 'EC', crv: 'P-256' }]);
  });

  it('are stored with the sealed PIN apart, shown, and withdrawn', async () => {
    const request = await make({ actor: { id: 'an' } });
    const answer = await post(request);
    expect(answer.status).toBe(201);
    expect(answer.json(activationSchema)).toMatchObject({ state: 'usable', usesLeft: 2, credentialId: 'leader' });
    expect(answer.text).not.toContain(request.sealedPin.slice(-20));
    const record = Buffer.from((await world.store.get(objectKeys.activation(request.activationId))) ?? []).toString();
    expect(record).not.toContain(request.sealedPin.slice(-20));
    expect(Buffer.from((await world.store.get(objectKeys.sealedPin(request))) ?? []).toString()).toBe(
      request.sealedPin,
    );
    await createJson(world.store, objectKeys.activationUse(request.activationId, 1), {});
    expect((await portal(`GET ${path(request)}`)).json(activationSchema)).toMatchObject({
      state: 'usable',
      usesLeft: 1,
    });
    expect((await portal(`DELETE ${path(request)}`)).status).toBe(204);
    expect((await portal(`DELETE ${path(request)}`)).status).toBe(204);
    expect(await world.store.get(objectKeys.sealedPin(request))).toBeUndefined();
    expect((await portal(`GET ${path(request)}`)).json(activationSchema)).toMatchObject({
      state: 'withdrawn',
      usesLeft: 0,
    });
  });

  it('are answered again when they are posted again, and a PIN that is gone does not come back', async () => {
    const request = await make();
    await Promise.all([post(request), post(request)]);
    await portal(`DELETE ${path(request)}`);
    const again = await post(request);
    expect([again.status, again.json(activationSchema).state]).toEqual([201, 'withdrawn']);
    expect(await world.store.get(objectKeys.sealedPin(request))).toBeUndefined();
    expect(await code(post({ ...request, count: 3 }))).toBe('ACTIVATION_EXISTS');
    expect(await code(post({ ...request, sealedPin: await sealed() }))).toBe('ACTIVATION_EXISTS');
  });

  it('are completed by a repeat when the first call was cut off between its two writes', async () => {
    const request = await make();
    await world.store.put(objectKeys.sealedPin(request), Buffer.from(request.sealedPin));
    expect(await code(post({ ...request, sealedPin: await sealed() }))).toBe('ACTIVATION_EXISTS');
    expect((await post(request)).status).toBe(201);
  });

  it.each<[string, string, () => Promise<object> | object]>([
    ['a time that has passed', 'REQUEST_INVALID', () => ({ expiresAt: inSeconds(-1) })],
    ['more time than the cluster allows', 'REQUEST_INVALID', () => ({ expiresAt: inSeconds(700) })],
    ['a PIN that is not sealed', 'REQUEST_INVALID', () => ({ sealedPin: '123456' })],
    ['no documents', 'REQUEST_INVALID', () => ({ documents: [] })],
    ['a document twice', 'REQUEST_INVALID', () => ({ documents: [...documents, ...documents] })],
    ['more signatures than it may have', 'REQUEST_INVALID', () => ({ count: 101 })],
    ['a PIN in the clear beside the sealed one', 'REQUEST_INVALID', () => ({ pin: '123456' })],
    ['an unknown key', 'ACTIVATION_INVALID', async () => ({ sealedPin: await sealed({ kid: 'other' }) })],
    ['another encryption', 'ACTIVATION_INVALID', async () => ({ sealedPin: await sealed({ enc: 'A128GCM' }) })],
    ['a header that is none', 'ACTIVATION_INVALID', () => ({ sealedPin: 'AAAA.AA.AA.AA.AA' })],
  ])('are refused for %s: %s', async (_what, expected, more) => {
    const request = await make(await more());
    const answer = await post(request);
    expect(answer.problem().code).toBe(expected);
    expect(answer.text).not.toContain('123456');
    expect(await world.store.get(objectKeys.activation(request.activationId))).toBeUndefined();
    expect(await world.store.get(objectKeys.sealedPin(request))).toBeUndefined();
  });

  it('are refused for credentials that the client may not use, that are off, or that need none', async () => {
    expect(await code(post(await make(), 'foreign'))).toBe('CREDENTIAL_UNKNOWN');
    expect(await code(post(await make(), 'nobody'))).toBe('CREDENTIAL_UNKNOWN');
    expect(await code(post(await make(), 'off'))).toBe('CREDENTIAL_DISABLED');
    expect(await code(post(await make(), 'seal'))).toBe('REQUEST_INVALID');
    expect(await code(as('admin', 'POST /v1/credentials/leader/activations', await make()))).toBe('FORBIDDEN');
  });

  it('are nobody else’s to see', async () => {
    const request = await make();
    await post(request);
    expect(await code(as('other', `GET ${path(request)}`))).toBe('ACTIVATION_UNKNOWN');
    expect(await code(portal(`GET /v1/credentials/seal/activations/${request.activationId}`))).toBe(
      'ACTIVATION_UNKNOWN',
    );
    expect(await code(as('other', `DELETE ${path(request)}`))).toBe('ACTIVATION_UNKNOWN');
    expect(await world.store.get(objectKeys.sealedPin(request))).toBeDefined();
  });

  it('are asked for when a job is accepted, and refused where they are for something else', async () => {
    const pdf = makePdf();
    const uploaded = await call(gateway.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf });
    const { documentId } = JSON.parse(uploaded.text) as { documentId: string };
    const sha256 = createHash('sha256').update(pdf).digest('hex');
    const sign = (...activationIds: (string | undefined)[]): Promise<Answer> =>
      portal('POST /v1/signing-jobs', {
        documentId,
        expectedVersion: 0,
        steps: activationIds.map((activationId) => ({
          credentialId: 'leader',
          role: 'leader',
          level: 'B-B',
          activationId,
        })),
      });
    expect(await code(sign(undefined))).toBe('ACTIVATION_REQUIRED');
    expect(await code(sign(newId('act')))).toBe('ACTIVATION_UNKNOWN');
    expect(await code(sign(await accepted({})))).toBe('ACTIVATION_FOREIGN');
    const once = await accepted({ documents: [sha256], count: 1 });
    expect(await code(sign(once, once))).toBe('ACTIVATION_USED_UP');
    const withdrawn = await accepted({ documents: [sha256] });
    await portal(`DELETE /v1/credentials/leader/activations/${withdrawn}`);
    expect(await code(sign(withdrawn))).toBe('ACTIVATION_USED_UP');
    const answer = await sign(once);
    expect(answer.status).toBe(202);
    const { jobId } = JSON.parse(answer.text) as { jobId: string };
    const stored = Buffer.from((await world.store.get(objectKeys.jobRequest(jobId))) ?? []).toString();
    expect(JSON.parse(stored)).toMatchObject({ steps: [{ activationId: once }] });
  });

  it('are a check of a dry run, which only warns while the PIN is not given yet', async () => {
    const pdf = makePdf();
    const uploaded = await call(gateway.baseUrl, 'POST /v1/documents', { key: world.keys['portal'], pdf });
    const { documentId } = JSON.parse(uploaded.text) as { documentId: string };
    const documentSha256 = createHash('sha256').update(pdf).digest('hex');
    const checkOf = async (activationId?: string): Promise<unknown> => {
      const steps = [{ credentialId: 'leader', role: 'leader', level: 'B-B', activationId }];
      const answer = await portal('POST /v1/signing-jobs', { documentId, expectedVersion: 0, steps, dryRun: true });
      return answer.json(dryRunSchema).checks.find(({ check }) => check === 'activation');
    };
    expect(await checkOf()).toMatchObject({ outcome: 'warning', failure: { code: 'ACTIVATION_REQUIRED' } });
    expect(await checkOf(await accepted({}))).toMatchObject({
      outcome: 'failed',
      failure: { code: 'ACTIVATION_FOREIGN' },
    });
    expect(await checkOf(await accepted({ documents: [documentSha256] }))).toMatchObject({ outcome: 'passed' });
  });

  it('lose their sealed PINs when they expire', async () => {
    const request = await make({ expiresAt: inSeconds(2) });
    await post(request);
    await sleep(2_100);
    expect((await portal(`GET ${path(request)}`)).json(activationSchema)).toMatchObject({
      state: 'expired',
      usesLeft: 0,
    });
    // A gateway looks when it starts, and every minute.
    await world.startGateway({ KYSO_ACTIVATION_KEYS_FILE: keysFile });
    for (let tries = 0; tries < 200 && (await world.store.get(objectKeys.sealedPin(request))) !== undefined; tries++) {
      await sleep(50);
    }
    expect(await world.store.get(objectKeys.sealedPin(request))).toBeUndefined();
  });

  it('need a file of public keys: with private ones the gateway does not start', async () => {
    const start = world.startGateway({ KYSO_ACTIVATION_KEYS_FILE: join(world.folder, 'private-keys.json') });
    await expect(start).rejects.toThrow(/expected public keys only/);
  });
});
