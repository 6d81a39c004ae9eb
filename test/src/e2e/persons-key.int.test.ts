import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import {
  activationKeysSchema,
  credentialDetailSchema,
  documentSchema,
  newId,
  objectKeys,
  problemSchema,
  signingJobSchema,
  tokenSchema,
  type ApiClientRecord,
  type CredentialDetail,
  type SigningJob,
} from '@kyso/contracts';
import { findSofthsmModule } from '@kyso/sandbox';
import { openStore, putJson } from '@kyso/storage';
import { CompactEncrypt, importJWK } from 'jose';

const run = promisify(execFile);
const folder = join(checkout, 'var/test', `persons-key-${randomUUID()}`);
const sample = join(checkout, 'samples/quyet-dinh.pdf');
const adminKey = `kyso_admin_${randomBytes(32).toString('base64url')}`;
let cluster: Cluster;
let pin: string;

const keySet = (key: KeyObject): string =>
  JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: '1', alg: 'ECDH-ES+A256KW', use: 'enc' }] });

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(folder, 'private.json'), keySet(privateKey), { mode: 0o600 });
  await writeFile(join(folder, 'public.json'), keySet(publicKey));
  const token = { name: 'leader', label: 'leader', modulePath: findSofthsmModule(), mode: 'usb' };
  await writeFile(join(folder, 'tokens.json'), JSON.stringify([token]));
  cluster = await startCluster({
    folder: join(folder, 'cluster'),
    env: {
      signer: {
        KYSO_TOKENS_FILE: join(folder, 'tokens.json'),
        KYSO_ACTIVATION_KEYS_FILE: join(folder, 'private.json'),
        KYSO_LOG_LEVEL: 'debug',
      },
      gateway: { KYSO_ACTIVATION_KEYS_FILE: join(folder, 'public.json'), KYSO_LOG_LEVEL: 'debug' },
    },
  });
  pin = (await readFile(cluster.sandbox.pinFiles['leader'] ?? '', 'utf8')).trim();
  const admin: ApiClientRecord = {
    clientId: 'admin',
    name: 'Quản trị',
    keySha256: createHash('sha256').update(adminKey).digest('hex'),
    scopes: ['manage', 'operate'],
    credentials: {},
    enabled: true,
  };
  await putJson(await openStore({ folder: join(folder, 'cluster/store') }), objectKeys.client('admin'), admin);
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function send(key: string, line: string, body?: unknown): Promise<Response> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const bytes = body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body);
  const type = body instanceof Uint8Array ? 'application/pdf' : 'application/json';
  return fetch(new URL(path, cluster.baseUrl), {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: bytes }),
  });
}
const portal = (line: string, body?: unknown): Promise<Response> => send(cluster.apiKey, line, body);
const admin = (line: string, body?: unknown): Promise<Response> => send(adminKey, line, body);
const refusal = async (answer: Promise<Response>): Promise<string> =>
  problemSchema.parse(await (await answer).json()).code;

async function upload(pdf: Uint8Array): Promise<string> {
  return documentSchema.parse(await (await portal('POST /v1/documents', pdf)).json()).documentId;
}

/** What the official's browser does. */
async function activate(given: string, documents: readonly string[]): Promise<string> {
  const { keys } = activationKeysSchema.parse(await (await portal('GET /v1/activation-keys')).json());
  const [key] = keys;
  if (key === undefined) throw new Error('no key');
  const expiresAt = new Date(Date.now() + 120_000).toISOString();
  const bounds = { activationId: newId('act'), count: 1, documents, expiresAt };
  const plaintext = { ...bounds, clientId: 'igate', credentialId: 'an', pin: given };
  const sealedPin = await new CompactEncrypt(Buffer.from(JSON.stringify(plaintext)))
    .setProtectedHeader({ alg: key.alg, enc: 'A256GCM', kid: key.kid })
    .encrypt(await importJWK({ ...key } as Parameters<typeof importJWK>[0], key.alg));
  const answer = await portal('POST /v1/credentials/an/activations', { ...bounds, sealedPin });
  expect(answer.status).toBe(201);
  return bounds.activationId;
}

const step = { credentialId: 'an', role: 'leader', level: 'B-T' };
const request = (documentId: string, more: object): object => ({
  documentId,
  expectedVersion: 0,
  actor: { id: 'an.nv' },
  steps: [{ ...step, ...more }],
});
async function ended(answer: Response): Promise<SigningJob> {
  let job = signingJobSchema.parse(await answer.json());
  for (let tries = 0; tries < 600 && job.completedAt === undefined; tries++) {
    await sleep(50);
    job = signingJobSchema.parse(await (await portal(`GET /v1/signing-jobs/${job.jobId}`)).json());
  }
  return job;
}

describe('the key of a person, from the token to the signature', () => {
  let pdf: Uint8Array;
  let sha256: string;
  beforeAll(async () => {
    pdf = new Uint8Array(await readFile(sample));
    sha256 = createHash('sha256').update(pdf).digest('hex');
  });

  it('is found on the token, enrolled, and shown with its revocation status', async () => {
    for (let tries = 0; tries < 400; tries++) {
      const answer = await admin('GET /v1/tokens/leader');
      if (answer.ok && tokenSchema.parse(await answer.json()).inventory !== undefined) break;
      await sleep(50);
    }
    const token = tokenSchema.parse(await (await admin('GET /v1/tokens/leader')).json());
    expect(token).toMatchObject({
      state: 'ready',
      inventory: { login: 'activation', keys: [{ privateKeySeen: false }] },
    });
    const enrolment = {
      credentialId: 'an',
      kind: 'person',
      token: 'leader',
      keyId: token.inventory?.keys[0]?.keyId,
      scheme: 'rsa-pkcs1',
      owner: 'Nguyễn Văn An',
      roles: ['leader'],
      clients: { igate: ['leader'] },
      users: ['an.nv'],
      // The token shows no issuer.
      certificatesPem: cluster.sandbox.credentials.find(({ credentialId }) => credentialId === 'leader')
        ?.certificatesPem,
    };
    expect((await admin('POST /v1/credentials', enrolment)).status).toBe(201);
    const shown: CredentialDetail = credentialDetailSchema.parse(await (await portal('GET /v1/credentials/an')).json());
    expect(shown).toMatchObject({ subjectName: 'Nguyễn Văn An', roles: ['leader'], revocation: { status: 'good' } });
    expect(shown.revocation.certificates).not.toHaveLength(0);
  }, 60_000);

  it('signs once what the PIN was given for, for its owner alone', async () => {
    const documentId = await upload(pdf);
    expect(await refusal(portal('POST /v1/signing-jobs', request(documentId, {})))).toBe('ACTIVATION_REQUIRED');
    const activationId = await activate(pin, [sha256]);
    const other = { ...request(documentId, { activationId }), actor: { id: 'binh.tt' } };
    expect(await refusal(portal('POST /v1/signing-jobs', other))).toBe('ACTOR_FORBIDDEN');
    const job = await ended(await portal('POST /v1/signing-jobs', request(documentId, { activationId })));
    expect(job).toMatchObject({ status: 'completed', steps: [{ level: 'B-T' }] });
    const signed = await portal(`GET /v1/documents/${documentId}/versions/1`);
    const file = join(folder, 'signed.pdf');
    await writeFile(file, Buffer.from(await signed.arrayBuffer()));
    expect((await run('pdfsig', ['-nocert', file])).stdout).toContain('Signature is Valid');
    const again = await upload(pdf);
    expect(await refusal(portal('POST /v1/signing-jobs', request(again, { activationId })))).toBe('ACTIVATION_USED_UP');
  }, 60_000);

  it('is not tried twice with a wrong PIN; an operator lifts the quarantine, and the right one signs', async () => {
    const wrong = `wrong-${randomBytes(16).toString('hex')}`;
    const documentId = await upload(pdf);
    const first = await activate(wrong, [sha256]);
    const failed = await ended(await portal('POST /v1/signing-jobs', request(documentId, { activationId: first })));
    expect(failed.failure?.code).toBe('PIN_INCORRECT');
    const { quarantine } = tokenSchema.parse(await (await admin('GET /v1/tokens/leader')).json());
    expect(quarantine).toMatchObject({ reason: 'PIN_INCORRECT' });
    const second = await activate(pin, [sha256]);
    const refused = await ended(await portal('POST /v1/signing-jobs', request(documentId, { activationId: second })));
    expect(refused.failure?.code).toMatch(/^(PIN_INCORRECT|TOKEN_QUARANTINED)$/);
    // The signer has seen the quarantine before it is lifted: only then may it try again.
    await sleep(4_000);
    const lifted = await admin(`DELETE /v1/tokens/leader/quarantine?at=${quarantine?.at}&actor=truc`);
    expect(lifted.status).toBe(204);
    let job: SigningJob | undefined;
    for (let tries = 0; tries < 20 && job?.status !== 'completed'; tries++) {
      await sleep(1_000);
      const activationId = await activate(pin, [sha256]);
      job = await ended(await portal('POST /v1/signing-jobs', request(documentId, { activationId })));
    }
    expect(job).toMatchObject({ status: 'completed' });
    expect(await everythingHolds([pin, wrong])).toEqual([]);
  }, 120_000);

  it('is withdrawn at once', async () => {
    const documentId = await upload(pdf);
    const activationId = await activate(pin, [sha256]);
    expect((await admin('POST /v1/credentials/an/disable', { reason: 'Thôi việc' })).status).toBe(200);
    const answer = portal('POST /v1/signing-jobs', request(documentId, { activationId }));
    expect(await refusal(answer)).toBe('CREDENTIAL_DISABLED');
  }, 60_000);
});

/** Names of files of the cluster (logs, store, audit, Redis) that hold one of the secrets; the token itself is left out. */
async function everythingHolds(secrets: readonly string[]): Promise<string[]> {
  const root = join(folder, 'cluster');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(join(root, 'sandbox')) || path.endsWith('.pdf')) continue;
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (secrets.some((secret) => bytes.includes(secret))) found.push(path.slice(root.length));
  }
  return found;
}
