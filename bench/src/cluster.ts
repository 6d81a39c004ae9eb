import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, type Cluster } from '@kyso/cli';
import type { Document, Level, SigningJob, SigningJobRequest } from '@kyso/contracts';
import type { BenchArguments } from './arguments.js';
import { withCluster } from './bench-cluster.js';
import { measureCluster } from './cluster-cpu.js';
import { median, percentile, printResult, rounded } from './figures.js';
import { HttpLoad } from './http-load.js';
import { makeInput } from './input-files.js';

const documentsPerRound = 300;
const inParallel = 16;
/** Services run for weeks; V8 goes on compiling for the first thousand documents and more, at a cost that they never have again. */
const warmUpDocuments = 1_000;

interface Round {
  readonly documentsPerSecond: number;
  readonly latenciesMs: number[];
  readonly cpuMsPerDocument: Record<string, number>;
}

/** One document as iGate would send it: upload, sign, download. Returns its milliseconds. */
async function oneDocument(load: HttpLoad, pdf: Uint8Array, imagePngBase64: string, level: Level): Promise<number> {
  const start = performance.now();
  const { documentId } = await load.json<Document>('POST', '/v1/documents', { type: 'application/pdf', body: pdf });
  const request: SigningJobRequest = {
    documentId,
    expectedVersion: 0,
    steps: [
      {
        credentialId: 'leader',
        role: 'leader',
        level,
        placement: { page: 1, rectangle: { xPt: 300, yPt: 100, widthPt: 200, heightPt: 100 } },
        appearance: { imagePngBase64, lines: ['Người ký: {signerName}'], fontSizePt: 10 },
      },
    ],
  };
  const job = await load.json<SigningJob>('POST', '/v1/signing-jobs', {
    type: 'application/json',
    body: Buffer.from(JSON.stringify(request)),
    headers: { 'idempotency-key': randomUUID(), prefer: 'wait=30' },
  });
  if (job.status !== 'completed') {
    throw new Error(`job ${job.jobId} ${job.status}: ${job.failure?.code} ${job.failure?.found ?? ''}`);
  }
  const signed = await load.call('GET', `/v1/documents/${documentId}/versions/1`);
  if (signed.length <= pdf.length) throw new Error('the signed file is not larger than the upload');
  return performance.now() - start;
}

async function round(cluster: Cluster, count: number, one: () => Promise<number>): Promise<Round> {
  const own = process.cpuUsage();
  const latenciesMs: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next++;
      latenciesMs.push(await one());
    }
  };
  const work = await measureCluster(cluster, count, () => Promise.all(Array.from({ length: inParallel }, lane)));
  const { user, system } = process.cpuUsage(own);
  const cpuMsPerDocument = { ...work.cpuMsPerDocument, 'load-generator': rounded((user + system) / 1_000 / count) };
  return { documentsPerSecond: count / work.seconds, latenciesMs, cpuMsPerDocument };
}

/** Upload, sign and download through all processes of a cluster on loopback, first B-B, then B-LT. */
export async function benchCluster(args: BenchArguments): Promise<void> {
  const file = args.pdf ?? join(checkout, 'var/bench/200kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 3, sizeBytes: 200_000 });
  const pdf = await readFile(file);
  const image = (await readFile(args.image ?? join(checkout, 'samples/chu-ky-lanh-dao.png'))).toString('base64');
  await withCluster({}, async (cluster) => {
    const load = new HttpLoad(cluster.baseUrl, cluster.apiKey);
    const levels: Record<string, unknown> = {};
    for (const level of ['B-B', 'B-LT'] as const) {
      const one = (): Promise<number> => oneDocument(load, pdf, image, level);
      await round(cluster, warmUpDocuments, one);
      const rounds: Round[] = [];
      for (let i = 0; i < args.rounds; i++) rounds.push(await round(cluster, documentsPerRound, one));
      const latencies = rounds.flatMap((r) => r.latenciesMs);
      levels[level] = {
        documentsPerSecond: rounded(median(rounds.map((r) => r.documentsPerSecond))),
        p50Ms: rounded(percentile(latencies, 0.5)),
        p95Ms: rounded(percentile(latencies, 0.95)),
        cpuMsPerDocument: rounds.at(-1)?.cpuMsPerDocument,
      };
    }
    load.close();
    printResult('cluster', {
      n: args.rounds * documentsPerRound,
      warmUpDocuments,
      rounds: args.rounds,
      inParallel,
      documentBytes: pdf.length,
      levels,
    });
  });
}
