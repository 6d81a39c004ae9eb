import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '@kyso/cli';
import type { KysoClient } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import { tellAuthority } from '../authority.js';
import { demoSteps, type SignedCell } from './matrix.js';

export const deferredStructure = 'deferred';
const levels: readonly Level[] = ['B-T', 'B-LT', 'B-LTA'];
const patienceMs = 60_000;

/** A decision signed twice while no time-stamp authority answers, and time-stamped when one does again. */
export async function signDeferred(
  cluster: Cluster,
  client: KysoClient,
  { sourceFile, folder }: { readonly sourceFile: string; readonly folder: string },
): Promise<SignedCell[]> {
  const cells: SignedCell[] = [];
  const bytes = new Uint8Array(await readFile(sourceFile));
  for (const level of levels) {
    const cell = { structure: deferredStructure, level };
    try {
      await tellAuthority(cluster, '/faults', { tsa: 'down' });
      const { documentId } = await client.upload(bytes, { name: 'deferred.pdf' });
      const steps = (await demoSteps()).map((step) => ({ ...step, level }));
      const request = { documentId, expectedVersion: 0, steps, policy: 'night' };
      const job = await client.signed(request, { idempotencyKey: randomUUID(), timeoutMs: patienceMs });
      if (job.steps.some((step) => step.level !== 'B-B')) throw new Error('expected signatures without a time-stamp');
      await tellAuthority(cluster, '/faults', {});
      await untilTimestamped(client, job.jobId);
      const file = join(folder, `${deferredStructure}-${level}.pdf`);
      await writeFile(file, await client.download(documentId, 'current'));
      cells.push({ ...cell, file });
    } catch (error) {
      cells.push({ ...cell, refusal: error instanceof Error ? error.message : String(error) });
    } finally {
      await tellAuthority(cluster, '/faults', {});
    }
  }
  return cells;
}

async function untilTimestamped(client: KysoClient, jobId: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { steps } = await client.job(jobId);
    if (steps.every(({ timestampedLater }) => timestampedLater !== undefined)) return;
    if (Date.now() > deadline) throw new Error(`no time-stamp for ${jobId} after ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
