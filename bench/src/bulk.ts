import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, startCluster, type Cluster } from '@kyso/cli';
import { KysoClient, type Batch } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import type { BenchArguments } from './arguments.js';
import { median, percentile, printResult, rounded } from './figures.js';
import { makeInput } from './input-files.js';
import { cpuSeconds } from './process-cpu.js';

/** V8 goes on compiling for the first thousand documents and more. */
const warmUpDocuments = 1_000;
const uploadsInParallel = 8;
/** Interactive signatures that are timed, idle and under a batch, one after the other as an official would ask for them. */
const interactiveSignatures = 60;
const interactivePauseMs = 100;

/** Uploads documents, not measured. */
async function uploaded(client: KysoClient, pdf: Uint8Array<ArrayBuffer>, count: number): Promise<string[]> {
  const ids: string[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) ids.push((await client.upload(pdf)).documentId);
  };
  await Promise.all(Array.from({ length: uploadsInParallel }, lane));
  return ids;
}

async function begin(client: KysoClient, documentIds: readonly string[], level: Level): Promise<string> {
  const steps = [
    {
      credentialId: 'leader',
      role: 'leader' as const,
      level,
      placement: { page: 1, rectangle: { xPt: 300, yPt: 100, widthPt: 200, heightPt: 100 } },
      appearance: { lines: ['Người ký: {signerName}'], fontSizePt: 10 },
    },
  ];
  const order = { source: { kind: 'manifest' as const }, steps, priority: 5 };
  const { batchId } = await client.batches.create(order, { idempotencyKey: randomUUID() });
  await client.batches.sendManifest(
    batchId,
    documentIds.map((documentId) => ({ documentId, expectedVersion: 0 })),
  );
  return batchId;
}

async function ended(client: KysoClient, batchId: string): Promise<Batch> {
  const batch = await client.batches.ended(batchId, { timeoutMs: 3_600_000, everyMs: 200 });
  if (batch.items.completed !== batch.items.total) {
    throw new Error(`batch ${batchId}: ${batch.items.completed} of ${batch.items.total} signed`);
  }
  return batch;
}

interface Measured {
  readonly documentsPerSecond: number;
  readonly cpuMsPerDocument: Readonly<Record<string, number>>;
}

async function measured(cluster: Cluster, count: number, work: () => Promise<unknown>): Promise<Measured> {
  const processes = cluster.processes();
  const before = await Promise.all(processes.map(({ pid }) => cpuSeconds(pid)));
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  const cpuMsPerDocument: Record<string, number> = {};
  for (const [i, { name, pid }] of processes.entries()) {
    cpuMsPerDocument[name] = rounded((((await cpuSeconds(pid)) - (before[i] ?? 0)) * 1_000) / count);
  }
  return { documentsPerSecond: rounded(count / seconds), cpuMsPerDocument };
}

/** Milliseconds of interactive signatures, B-B, from the request to the answer. */
async function interactive(client: KysoClient, documentIds: readonly string[]): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (const documentId of documentIds) {
    const start = performance.now();
    await client.sign(
      { documentId, expectedVersion: 0, steps: [{ credentialId: 'leader', role: 'leader', level: 'B-B' }] },
      { idempotencyKey: randomUUID(), waitSeconds: 30 },
    );
    latenciesMs.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, interactivePauseMs));
  }
  return latenciesMs;
}

function percentiles(latenciesMs: number[]): { readonly p50Ms: number; readonly p95Ms: number } {
  return { p50Ms: rounded(median(latenciesMs)), p95Ms: rounded(percentile(latenciesMs, 0.95)) };
}

/** Batches of documents of 200 kB through all processes of a cluster on loopback, and interactive signatures beside one. */
export async function benchBulk(args: BenchArguments): Promise<void> {
  const file = args.pdf ?? join(checkout, 'var/bench/200kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 3, sizeBytes: 200_000 });
  const pdf = new Uint8Array(await readFile(file));
  const documents = args.documents ?? 10_000;
  const cluster = await startCluster({ folder: join(checkout, 'var/bench/cluster') });
  try {
    const client = new KysoClient(cluster);
    await ended(client, await begin(client, await uploaded(client, pdf, warmUpDocuments), 'B-B'));
    const levels: Record<string, Measured> = {};
    for (const level of ['B-B', 'B-T', 'B-LT'] as const) {
      const documentIds = await uploaded(client, pdf, documents);
      levels[level] = await measured(cluster, documents, async () => {
        await ended(client, await begin(client, documentIds, level));
      });
    }
    const idle = await interactive(client, await uploaded(client, pdf, interactiveSignatures));
    const beside = await uploaded(client, pdf, interactiveSignatures);
    const batchId = await begin(client, await uploaded(client, pdf, Math.min(documents, 2_000)), 'B-B');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const busy = await interactive(client, beside);
    await ended(client, batchId);
    printResult('bulk', {
      n: documents,
      warmUpDocuments,
      documentBytes: pdf.length,
      levels,
      interactive: {
        n: interactiveSignatures,
        idle: percentiles(idle),
        underBatch: percentiles(busy),
        ratioP95: rounded(percentile(busy, 0.95) / percentile(idle, 0.95)),
      },
    });
  } finally {
    await cluster.stop();
  }
}
