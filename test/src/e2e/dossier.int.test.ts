import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import type { KysoClient, SigningJob, SigningStep } from '@kyso/client';
import type { ApiClientRecord, Level } from '@kyso/contracts';
import { judge, renderedPages, textOf } from '../judges/judges.js';
import { endedJob, portalOf } from '../portal.js';

const folder = join(checkout, 'var/test', `dossier-${randomUUID()}`);
const sample = join(checkout, 'samples/quyet-dinh.pdf');
let cluster: Cluster;
let client: KysoClient;
let steps: { leader: SigningStep; seal: SigningStep };

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  cluster = await startCluster({ folder: join(folder, 'cluster') });
  client = portalOf(cluster);
  const places = JSON.parse(await readFile(join(checkout, 'samples/placements.json'), 'utf8')) as {
    leader: NonNullable<SigningStep['placement']>;
    clerk: NonNullable<SigningStep['placement']>;
  };
  steps = {
    leader: {
      credentialId: 'leader',
      role: 'leader',
      level: 'B-B',
      placement: places.leader,
      appearance: { imagePngBase64: await image('chu-ky-lanh-dao.png'), fontSizePt: 10 },
    },
    seal: {
      credentialId: 'organisation',
      role: 'clerk',
      level: 'B-B',
      placement: places.clerk,
      appearance: { imagePngBase64: await image('con-dau.png'), fontSizePt: 10 },
    },
  };
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function image(name: string): Promise<string> {
  return (await readFile(join(checkout, 'samples', name))).toString('base64');
}

async function uploaded(): Promise<string> {
  return (await client.upload(new Uint8Array(await readFile(sample)), { name: 'quyết định.pdf' })).documentId;
}

async function signed(documentId: string, expectedVersion: number, wanted: SigningStep[]): Promise<SigningJob> {
  const accepted = await client.sign(
    { documentId, expectedVersion, steps: wanted },
    { idempotencyKey: randomUUID(), waitSeconds: 30 },
  );
  return endedJob(client, accepted.jobId, 60_000);
}

describe.each<Level>(['B-B', 'B-T', 'B-LT', 'B-LTA'])('a dossier at level %s', (level) => {
  it('is signed by the leader and sealed, and every judge accepts it', async () => {
    const documentId = await uploaded();
    const job = await signed(documentId, 0, [
      { ...steps.leader, level },
      { ...steps.seal, level },
    ]);
    expect(job).toMatchObject({
      status: 'completed',
      steps: [
        { level, version: 1 },
        { level, version: 2 },
      ],
    });
    const file = join(folder, `${documentId}.pdf`);
    const bytes = await client.download(documentId, 2);
    await writeFile(file, bytes);

    const said = await judge(file, {
      signers: cluster.sandbox.trustAnchorsFile,
      tsa: cluster.sandbox.tsaTrustAnchorsFile,
    });
    expect(said.signatures).toBe(2);
    expect(said.timestamps).toBe(level === 'B-B' ? 0 : 2);
    expect(said.documentTimestamps).toBe(level === 'B-LTA' ? 2 : 0);
    // poppler does not judge document time-stamps; openssl has.
    expect(said.pdfsig.match(/Signature is Valid/g)).toHaveLength(2);
    expect(said.pdfsig).not.toMatch(/Signature is Invalid|Digest Mismatch/);

    const upload = await readFile(sample);
    expect(Buffer.from(bytes.buffer, 0, upload.length).equals(upload)).toBe(true);
    const first = await client.download(documentId, 1);
    expect(Buffer.from(bytes.buffer, 0, first.length).equals(Buffer.from(first))).toBe(true);
    expect(await textOf(file)).toBe(await textOf(sample));
    expect(await renderedPages(file, { hideAnnotations: true })).toEqual(
      await renderedPages(sample, { hideAnnotations: true }),
    );
    const [before] = await renderedPages(sample, { hideAnnotations: false });
    const [after] = await renderedPages(file, { hideAnnotations: false });
    expect(after).not.toBe(before);

    const report = await client.verify(documentId, 2);
    expect(report.verdict).toBe('valid');
    expect(report.signatures.filter((s) => s.kind === 'signature').map((s) => [s.verdict, s.level])).toEqual([
      ['valid', level],
      ['valid', level],
    ]);
  }, 120_000);
});

describe('the order of the signers', () => {
  it('refuses the seal before the authorised person has signed, and leaves nothing behind', async () => {
    const documentId = await uploaded();
    const job = await signed(documentId, 0, [steps.seal]);
    expect(job).toMatchObject({ status: 'failed', failure: { code: 'APPROVAL_MISSING' } });
    expect((await client.document(documentId)).versions).toHaveLength(1);
  });

  it('refuses the seal as an approval, also to a client that has the right to it', async () => {
    const apiKey = `kyso_other_${randomBytes(32).toString('base64url')}`;
    const record: ApiClientRecord = {
      clientId: 'other',
      name: 'A client with a right that it should not have',
      keySha256: createHash('sha256').update(apiKey).digest('hex'),
      scopes: ['documents', 'sign'],
      credentials: { organisation: ['leader'] },
      enabled: true,
    };
    await writeFile(join(folder, 'cluster/store/clients/other.json'), JSON.stringify(record));
    const other = portalOf({ baseUrl: cluster.baseUrl, apiKey });
    const { documentId } = await other.upload(new Uint8Array(await readFile(sample)), { name: 'x.pdf' });
    const { jobId } = await other.sign(
      { documentId, expectedVersion: 0, steps: [{ ...steps.seal, role: 'leader' }] },
      { idempotencyKey: randomUUID(), waitSeconds: 30 },
    );
    expect(await endedJob(other, jobId, 30_000)).toMatchObject({
      status: 'failed',
      failure: { code: 'CREDENTIAL_FORBIDDEN' },
    });
  });

  it('refuses a stale version and signs the current one', async () => {
    const documentId = await uploaded();
    expect((await signed(documentId, 0, [steps.leader])).status).toBe('completed');
    await expect(signed(documentId, 0, [steps.leader])).rejects.toMatchObject({
      status: 409,
      problem: { code: 'VERSION_STALE' },
    });
    expect((await signed(documentId, 1, [steps.seal])).status).toBe('completed');
  });
});

describe('the same request twice', () => {
  it('is one job, and one signature', async () => {
    const documentId = await uploaded();
    const request = { documentId, expectedVersion: 0, steps: [steps.leader] };
    const idempotencyKey = randomUUID();
    const [one, two] = await Promise.all([
      client.sign(request, { idempotencyKey, waitSeconds: 20 }),
      client.sign(request, { idempotencyKey, waitSeconds: 20 }),
    ]);
    expect(two.jobId).toBe(one.jobId);
    await endedJob(client, one.jobId, 30_000);
    expect((await client.document(documentId)).versions).toHaveLength(2);
    await expect(
      client.sign({ ...request, reference: 'other' }, { idempotencyKey, waitSeconds: 0 }),
    ).rejects.toMatchObject({
      problem: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });
});
