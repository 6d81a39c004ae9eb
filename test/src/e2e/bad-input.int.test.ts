import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import type { KysoClient, SigningJob, SigningStep } from '@kyso/client';
import { failureCodes, type FailureCode } from '@kyso/contracts';
import { tellAuthority } from '../authority.js';
import { endedJob, portalOf } from '../portal.js';

const run = promisify(execFile);
const folder = join(checkout, 'var/test', `bad-input-${randomUUID()}`);
const sample = join(checkout, 'samples/quyet-dinh.pdf');
const leader: SigningStep = { credentialId: 'leader', role: 'leader', level: 'B-B' };
let cluster: Cluster;
let client: KysoClient;
let documentId: string;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  cluster = await startCluster({
    folder: join(folder, 'cluster'),
    env: {
      signer: { KYSO_LEVEL_WAIT_MS: '1000', KYSO_REVOCATION_REMEMBER_MS: '0' },
      gateway: { KYSO_MAX_DOCUMENT_BYTES: '5000000' },
    },
  });
  client = portalOf(cluster);
  documentId = (await client.upload(new Uint8Array(await readFile(sample)), { name: 'sample.pdf' })).documentId;
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/**
 * Every object of the store but images, what tells how jobs ended, what signers read from their tokens, and what the gateway
 * notes for its own housekeeping at any time; files that are just being written are looked at last.
 */
async function kept(): Promise<string[]> {
  const all = await readdir(join(folder, 'cluster/store'), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'cluster/store/').length))
    .filter((name) => !/^(images|jobs|sweeps|\.tmp)\//.test(name) && !name.endsWith('/inventory.json'))
    .toSorted();
}

/** The problem that a call ends with: its status is the table's, its texts are there, and no stack is. */
async function problemOf(call: Promise<unknown>): Promise<FailureCode> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) =>
      reason as { status: number; problem: { code: FailureCode; messageVi: string; messageEn: string } },
  );
  if (error === undefined) throw new Error('expected a problem, found an answer');
  const { status, problem } = error;
  expect(status).toBe(failureCodes[problem.code].httpStatus);
  expect(problem).toMatchObject({ messageVi: failureCodes[problem.code].vi, messageEn: failureCodes[problem.code].en });
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.js:\d+|at [A-Z]\w+\./);
  return problem.code;
}

function sign(step: Partial<SigningStep>, of = documentId): Promise<SigningJob> {
  const request = { documentId: of, expectedVersion: 0, steps: [{ ...leader, ...step }] };
  return client.sign(request, { idempotencyKey: randomUUID(), waitSeconds: 0 });
}

async function failureOf(step: Partial<SigningStep>): Promise<string | undefined> {
  const ended = await endedJob(client, (await sign(step)).jobId, 60_000);
  return ended.failure?.code;
}

async function variant(args: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(folder, `${randomUUID()}.pdf`);
  await run('qpdf', [...args, sample, file]);
  return new Uint8Array(await readFile(file));
}

const classic = (objects: string[]): Uint8Array<ArrayBuffer> => {
  let body = '%PDF-1.7\n';
  const offsets = objects.map((object, i) => {
    const offset = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = body.length;
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return new Uint8Array(Buffer.from(body, 'latin1'));
};

async function unchanged(call: () => Promise<void>): Promise<void> {
  const before = await kept();
  await call();
  expect(await kept()).toEqual(before);
  expect((await client.document(documentId)).versions).toHaveLength(1);
}

describe('an upload is refused and leaves nothing behind', () => {
  const cases: [string, FailureCode, () => Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>][] = [
    ['that is empty', 'PDF_EMPTY', () => new Uint8Array(0)],
    [
      'that is no PDF',
      'PDF_NOT_A_PDF',
      () => new Uint8Array(Buffer.from('PK\u0003\u0004 a Word file, perhaps'.repeat(50))),
    ],
    ['that is truncated', 'PDF_DAMAGED', async () => new Uint8Array((await readFile(sample)).subarray(0, 100_000))],
    [
      'without pages',
      'PDF_NO_PAGES',
      () => classic(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Count 0 /Kids [] >>']),
    ],
    ['that needs a password', 'PDF_PASSWORD_NEEDED', () => variant(['--encrypt', 'secret', 'owner', '256', '--'])],
    [
      'whose owner forbids changes',
      'PDF_OWNER_FORBIDS',
      () => variant(['--encrypt', '', 'owner', '256', '--modify=none', '--']),
    ],
    ['over the limit', 'DOCUMENT_TOO_LARGE', () => new Uint8Array(Buffer.alloc(5_000_001, '%PDF-1.7\n'))],
  ];
  it.each(cases)('%s: %s', async (_what, code, make) => {
    const before = await kept();
    expect(await problemOf(client.upload(await make(), { name: 'bad.pdf' }))).toBe(code);
    expect(await kept()).toEqual(before);
  });
});

describe('a signing job is refused before it is accepted', () => {
  const rectangle = { xPt: 100, yPt: 100, widthPt: 100, heightPt: 50 };
  const lines = { lines: ['Ký'], fontSizePt: 10 };
  const cases: [string, FailureCode, Partial<SigningStep>][] = [
    ['an unknown page', 'PAGE_UNKNOWN', { placement: { page: 99, rectangle }, appearance: lines }],
    [
      'a rectangle off the page',
      'RECTANGLE_OFF_PAGE',
      { placement: { page: 1, rectangle: { ...rectangle, xPt: 590 } }, appearance: lines },
    ],
    [
      'an image that is no PNG',
      'IMAGE_INVALID',
      {
        placement: { page: 1, rectangle },
        appearance: { imagePngBase64: Buffer.from('GIF89a').toString('base64'), fontSizePt: 10 },
      },
    ],
    [
      'a character without a glyph',
      'TEXT_NOT_DRAWABLE',
      { placement: { page: 1, rectangle }, appearance: { lines: ['漢字'], fontSizePt: 10 } },
    ],
    ['an unknown credential', 'CREDENTIAL_UNKNOWN', { credentialId: 'nobody' }],
    ['a role that the client may not use', 'CREDENTIAL_FORBIDDEN', { role: 'clerk' }],
    ['an expired certificate', 'CERTIFICATE_EXPIRED', { credentialId: 'former-leader' }],
  ];
  it.each(cases)('%s: %s', async (_what, code, step) => {
    const before = await kept();
    expect(await problemOf(sign(step))).toBe(code);
    expect(await kept()).toEqual(before);
  });

  it('without a key, for any address', async () => {
    const stranger = portalOf({ baseUrl: cluster.baseUrl, apiKey: 'kyso_igate_wrong' });
    expect(await problemOf(stranger.credentials())).toBe('UNAUTHENTICATED');
    expect(await problemOf(stranger.document(documentId))).toBe('UNAUTHENTICATED');
  });
});

describe('a signing job fails with its code and leaves the document as it was', () => {
  it('LEVEL_UNREACHABLE when no time-stamp can be had', async () => {
    await tellAuthority(cluster, '/faults', { tsa: 'wrong-imprint' });
    try {
      await unchanged(async () => expect(await failureOf({ level: 'B-T' })).toBe('LEVEL_UNREACHABLE'));
    } finally {
      await tellAuthority(cluster, '/faults', {});
    }
  }, 60_000);

  it('CERTIFICATE_REVOKED for a revoked certificate', async () => {
    await tellAuthority(cluster, '/revoke', { credentialId: 'leader-ecdsa' });
    await unchanged(async () =>
      expect(await failureOf({ credentialId: 'leader-ecdsa', level: 'B-LT' })).toBe('CERTIFICATE_REVOKED'),
    );
  }, 60_000);

  it('PIN_INCORRECT for a wrong PIN, which is tried once, and the token stays in quarantine', async () => {
    await writeFile(cluster.sandbox.pinFiles['office'] ?? '', '000000', { mode: 0o600 });
    const pid = cluster.processes().find(({ name }) => name === 'signer')?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await failureOf({ credentialId: 'clerk', role: 'digitised' })).toMatch(
      /^(PIN_INCORRECT|TOKEN_QUARANTINED)$/,
    );
    const quarantine = await readFile(join(folder, 'cluster/store/tokens/office/quarantine.json'), 'utf8');
    expect(quarantine).not.toContain('000000');
    const shown = (await client.credentials()).find(({ credentialId }) => credentialId === 'clerk');
    expect(shown?.tokenState).toBe('quarantined');
    expect(await failureOf({ credentialId: 'clerk', role: 'digitised' })).toMatch(
      /^(PIN_INCORRECT|TOKEN_QUARANTINED)$/,
    );
    expect((await client.document(documentId)).versions).toHaveLength(1);
  }, 90_000);
});

describe('after all refusals', () => {
  it('no half-written file is left', async () => {
    const temporary = join(folder, 'cluster/store/.tmp');
    const deadline = Date.now() + 10_000;
    while ((await readdir(temporary)).length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await readdir(temporary)).toEqual([]);
  });
});
