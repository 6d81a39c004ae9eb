import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, type Cluster } from '@kyso/cli';
import { KysoClient, type Batch } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import type { BenchArguments } from './arguments.js';
import { withCluster } from './bench-cluster.js';
import { measureCluster, type ClusterWork } from './cluster-cpu.js';
import { median, percentile, printResult, rounded } from './figures.js';
import { makeInput } from './input-files.js';
import { profileArguments, profileNow, roomsOfProfile } from './profile.js';
import { rawSignatures } from './raw-signatures.js';

const credentialId = 'leader';
/** V8 goes on compiling for the first thousand documents and more. */
const warmUpDocuments = 1_000;
const uploadsInParallel = 8;
/** Interactive signatures that are timed, idle and under a batch, one after the other as an official would ask for them. */
const interactiveSignatures = 60;
const interactivePauseMs = 100;
/** Enough that the batch outlasts them. */
const documentsBeside = 4_000;
const documentsProfiled = 2_000;

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
      credentialId,
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
  /** To the raw rate of the token. */
  readonly ratio: number;
  readonly cpuMsPerDocument: ClusterWork['cpuMsPerDocument'];
  readonly cpuMsByThread: ClusterWork['cpuMsByThread'];
}

/** One batch for each level, the uploads not counted. */
async function measureLevels(
  cluster: Cluster,
  run: {
    readonly client: KysoClient;
    readonly pdf: Uint8Array<ArrayBuffer>;
    readonly documents: number;
    readonly levels: readonly Level[];
    readonly rawPerSecond: number;
  },
): Promise<Record<string, Measured>> {
  const { client, documents } = run;
  const measured: Record<string, Measured> = {};
  for (const level of run.levels) {
    const documentIds = await uploaded(client, run.pdf, documents);
    const { seconds, cpuMsPerDocument, cpuMsByThread } = await measureCluster(cluster, documents, async () => {
      await ended(client, await begin(client, documentIds, level));
    });
    const perSecond = documents / seconds;
    measured[level] = {
      documentsPerSecond: rounded(perSecond),
      ratio: rounded(perSecond / run.rawPerSecond),
      cpuMsPerDocument,
      cpuMsByThread,
    };
  }
  return measured;
}

/** Where the signer's event loop spends its time, by level: batches in a cluster of its own, since a profile slows it down. */
async function profiled(
  pdf: Uint8Array<ArrayBuffer>,
  levels: readonly Level[],
): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  const folder = join(checkout, 'var/bench/profile');
  await rm(folder, { recursive: true, force: true });
  const spans = await withCluster({ nodeArguments: { signer: profileArguments(folder) } }, async (cluster) => {
    const client = new KysoClient(cluster);
    await ended(client, await begin(client, await uploaded(client, pdf, warmUpDocuments), 'B-B'));
    const found: Record<string, { readonly fromUs: number; readonly toUs: number }> = {};
    for (const level of levels) {
      const documentIds = await uploaded(client, pdf, documentsProfiled);
      const fromUs = profileNow();
      await ended(client, await begin(client, documentIds, level));
      found[level] = { fromUs, toUs: profileNow() };
    }
    return found;
  });
  const rooms: Record<string, Readonly<Record<string, number>>> = {};
  for (const [level, span] of Object.entries(spans)) {
    rooms[level] = await roomsOfProfile(folder, { ...span, documents: documentsProfiled });
  }
  return rooms;
}

/** Milliseconds of interactive signatures, B-B, from the request to the answer. */
async function interactive(client: KysoClient, documentIds: readonly string[]): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (const documentId of documentIds) {
    const start = performance.now();
    await client.sign(
      { documentId, expectedVersion: 0, steps: [{ credentialId, role: 'leader', level: 'B-B' }] },
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

/** Interactive signatures, idle and beside a batch. */
async function measureInteractive(client: KysoClient, pdf: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>> {
  await interactive(client, await uploaded(client, pdf, interactiveSignatures));
  const idle = await interactive(client, await uploaded(client, pdf, interactiveSignatures));
  const beside = await uploaded(client, pdf, interactiveSignatures);
  const batchId = await begin(client, await uploaded(client, pdf, documentsBeside), 'B-B');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const busy = await interactive(client, beside);
  const { items } = await client.batches.show(batchId);
  if (items.completed === items.total)
    throw new Error(`a batch of ${documentsBeside} ended before the signatures beside it`);
  await ended(client, batchId);
  return {
    n: interactiveSignatures,
    idle: percentiles(idle),
    underBatch: percentiles(busy),
    ratioP95: rounded(percentile(busy, 0.95) / percentile(idle, 0.95)),
  };
}

/** Batches of documents of 200 kB through all processes of a cluster on loopback, and interactive signatures beside one. */
export async function benchBulk(args: BenchArguments): Promise<void> {
  const file = args.pdf ?? join(checkout, 'var/bench/200kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 3, sizeBytes: 200_000 });
  const pdf = new Uint8Array(await readFile(file));
  const documents = args.documents ?? 10_000;
  const figures = await withCluster({}, async (cluster) => {
    const raw = await rawSignatures(cluster.sandbox, credentialId);
    const client = new KysoClient(cluster);
    await ended(client, await begin(client, await uploaded(client, pdf, warmUpDocuments), 'B-B'));
    const run = { client, pdf, documents, levels: args.levels, rawPerSecond: raw.perSecond };
    return {
      rawSignPerSecond: rounded(raw.perSecond),
      cpuMsPerRawSign: rounded(raw.cpuMs),
      levels: await measureLevels(cluster, run),
      interactive: await measureInteractive(client, pdf),
    };
  });
  const rooms = await profiled(pdf, args.levels);
  printResult('bulk', {
    n: documents,
    warmUpDocuments,
    documentBytes: pdf.length,
    key: 'RSA-2048 PKCS#1 v1.5',
    ...figures,
    signerEventLoopMsPerDocument: rooms,
  });
}
