import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import type { KysoClient, SigningJob } from '@kyso/client';
import { judge } from '../judges/judges.js';
import { endedJob, portalOf } from '../portal.js';

const folder = join(checkout, 'var/test', `crash-${randomUUID()}`);
const jobsPerKill = 50;
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

/** Calls again while the gateway is away; with one Idempotency-Key a repeat is the same job. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const status = (error as { status?: number }).status;
      const passing = status === undefined || status >= 500;
      if (!passing || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function processKey(name: string): Promise<number> {
  const pid = cluster.processes().find((process) => process.name === name)?.pid ?? 0;
  if (pid === 0) throw new Error(`no process ${name}`);
  return pid;
}

describe.each(['signer', 'gateway', 'redis', 'tsa-proxy', 'revocation-cache', 'sandbox-authority'])(
  '%s killed in the middle of 50 jobs',
  (name) => {
    it('loses no accepted job and releases none twice', async () => {
      const pdf = new Uint8Array(await readFile(join(checkout, 'samples/quyet-dinh.pdf')));
      const documentIds = await Promise.all(
        Array.from({ length: jobsPerKill }, async () => (await client.upload(pdf, { name: 'crash.pdf' })).documentId),
      );
      const jobs: SigningJob[] = [];
      let killed: Promise<void> | undefined;
      await Promise.all(
        documentIds.map(async (documentId, i) => {
          const idempotencyKey = randomUUID();
          const request = {
            documentId,
            expectedVersion: 0,
            steps: [{ credentialId: 'leader', role: 'leader' as const, level: 'B-LT' as const }],
          };
          jobs.push(await persistently(() => client.sign(request, { idempotencyKey, waitSeconds: 0 })));
          if (i === jobsPerKill / 2) killed ??= processKey(name).then((pid) => void process.kill(pid, 'SIGKILL'));
        }),
      );
      await killed;
      for (const job of jobs) {
        const ended = await persistently(() => endedJob(client, job.jobId, 90_000));
        expect(ended).toMatchObject({ status: 'completed', steps: [{ version: 1, level: 'B-LT' }] });
      }
      for (const [i, documentId] of documentIds.entries()) {
        const { versions } = await persistently(() => client.document(documentId));
        expect(versions.map((version) => version.version)).toEqual([0, 1]);
        if (i % 10 !== 0) continue;
        const file = join(folder, `${documentId}.pdf`);
        await writeFile(file, await client.download(documentId, 1));
        const said = await judge(file, {
          signers: cluster.sandbox.trustAnchorsFile,
          tsa: cluster.sandbox.tsaTrustAnchorsFile,
        });
        expect(said).toMatchObject({ signatures: 1, timestamps: 1 });
      }
    }, 240_000);
  },
);
