import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import type { KysoClient, SigningJob, SigningStep } from '@kyso/client';
import { tellAuthority } from '../authority.js';
import { judge } from '../judges/judges.js';
import { portalOf } from '../portal.js';

const folder = join(checkout, 'var/test', `deferred-${randomUUID()}`);
const leader: SigningStep = { credentialId: 'leader', role: 'leader', level: 'B-LT' };
const seal: SigningStep = { credentialId: 'organisation', role: 'clerk', level: 'B-LT' };
let cluster: Cluster;
let client: KysoClient;

beforeAll(async () => {
  cluster = await startCluster({ folder });
  client = portalOf(cluster);
}, 120_000);

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const found = await what();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe('while no time-stamp authority answers', () => {
  it('a policy lets a dossier be released, and it is time-stamped afterwards, whatever is killed meanwhile', async () => {
    const sign = (documentId: string, expectedVersion: number, step: SigningStep): Promise<SigningJob> =>
      client.signed(
        { documentId, expectedVersion, steps: [step], policy: 'night' },
        { idempotencyKey: randomUUID(), timeoutMs: 60_000 },
      );
    const pdf = new Uint8Array(await readFile(join(checkout, 'samples/quyet-dinh.pdf')));
    const { documentId } = await client.upload(pdf, { name: 'quyet-dinh.pdf' });
    await tellAuthority(cluster, '/faults', { tsa: 'down' });
    const approved = await sign(documentId, 0, leader);
    expect(approved.steps).toMatchObject([{ version: 1, level: 'B-B', deferredLevel: 'B-LT' }]);
    const issued = await sign(documentId, 1, seal);
    expect(issued.steps).toMatchObject([{ version: 2, level: 'B-B', deferredLevel: 'B-LT' }]);
    const released = await client.download(documentId, 'current');

    for (const name of ['redis', 'signer']) {
      const pid = cluster.processes().find((process) => process.name === name)?.pid;
      if (pid === undefined) throw new Error(`no process ${name}`);
      process.kill(pid, 'SIGKILL');
    }
    await tellAuthority(cluster, '/faults', {});
    const later = await until(async () => (await client.job(issued.jobId)).steps[0]?.timestampedLater);
    expect(later).toMatchObject({ version: 3, level: 'B-LT' });
    expect((await client.job(approved.jobId)).steps[0]?.timestampedLater).toEqual(later);

    const bytes = await client.download(documentId, 'current');
    expect(Buffer.from(bytes.buffer, 0, released.length).equals(Buffer.from(released))).toBe(true);
    const file = join(folder, 'stamped.pdf');
    await writeFile(file, bytes);
    const said = await judge(file, {
      signers: cluster.sandbox.trustAnchorsFile,
      tsa: cluster.sandbox.tsaTrustAnchorsFile,
    });
    expect(said).toMatchObject({ signatures: 2, timestamps: 0, documentTimestamps: 1 });
    const { verdict, signatures } = await client.verify(documentId);
    expect(verdict).toBe('valid');
    expect(signatures.map(({ kind, level }) => `${kind} ${level}`)).toEqual([
      'signature B-LT',
      'signature B-LT',
      'document-timestamp none',
    ]);
  }, 180_000);
});
