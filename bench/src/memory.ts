import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, type Cluster } from '@kyso/cli';
import { KysoClient } from '@kyso/client';
import type { BenchArguments } from './arguments.js';
import { withCluster } from './bench-cluster.js';
import { printResult, rounded } from './figures.js';
import { makeInput } from './input-files.js';
import { residentMiB } from './process-figures.js';

const prefix = 'bench';
const filesPerFolder = 1_000;
const lookEveryMs = 2_000;

/** What the memory of one process did over the batch, in MiB. */
interface Resident {
  /** The most until a tenth of the documents were done. */
  readonly firstTenth: number;
  /** The most of each of the following fifths of the batch. */
  readonly fifths: readonly number[];
  readonly most: number;
}

/** Lays a file into the inbox of the sandbox's client, many times: as an upload by file would. */
async function fillInbox(cluster: Cluster, file: string, documents: number): Promise<void> {
  const inbox = join(cluster.folder, 'store/inbox/igate', prefix);
  for (let made = 0; made < documents; made += filesPerFolder) {
    const folder = join(inbox, String(made / filesPerFolder));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const first = join(folder, '0.pdf');
    await copyFile(file, first);
    const names = Array.from({ length: Math.min(filesPerFolder, documents - made) - 1 }, (_, index) => index + 1);
    // Names of one file: what is read is the same, and the disk is not filled with copies. A file has 65,000 names at most.
    for (const name of names) await link(first, join(folder, `${name}.pdf`));
  }
}

/** Memory of every process over one batch of many small documents, listed from the store and signed B-B. */
export async function benchMemory(args: BenchArguments): Promise<void> {
  const documents = args.documents ?? 100_000;
  const file = args.pdf ?? join(checkout, 'var/bench/3kB.pdf');
  if (args.pdf === undefined) await makeInput(file, { pages: 1, sizeBytes: 3_000 });
  const documentBytes = (await readFile(file)).length;
  await withCluster({}, async (cluster) => {
    await fillInbox(cluster, file, documents);
    const client = new KysoClient(cluster);
    const order = {
      source: { kind: 'prefix' as const, prefix },
      steps: [{ credentialId: 'leader', role: 'leader' as const, level: 'B-B' as const }],
      priority: 5,
    };
    const looks: { readonly share: number; readonly mib: Readonly<Record<string, number>> }[] = [];
    const start = performance.now();
    const { batchId } = await client.batches.create(order, { idempotencyKey: randomUUID() });
    let batch = await client.batches.show(batchId);
    while (batch.status !== 'completed') {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      batch = await client.batches.show(batchId);
      const mib: Record<string, number> = {};
      for (const { name, pid } of cluster.processes()) mib[name] = await residentMiB(pid);
      looks.push({ share: batch.items.completed / documents, mib });
    }
    const seconds = (performance.now() - start) / 1_000;
    if (batch.items.completed !== documents) throw new Error(`${batch.items.completed} of ${documents} signed`);
    const names = cluster.processes().map(({ name }) => name);
    const residentMiBByProcess = Object.fromEntries(names.map((name) => [name, residentOf(name, looks)]));
    const documentsPerSecond = rounded(documents / seconds);
    printResult('memory', { n: documents, documentBytes, documentsPerSecond, residentMiB: residentMiBByProcess });
  });
}

function residentOf(
  name: string,
  looks: readonly { readonly share: number; readonly mib: Readonly<Record<string, number>> }[],
): Resident {
  const most = (from: number, to: number): number =>
    rounded(Math.max(0, ...looks.filter(({ share }) => share >= from && share <= to).map(({ mib }) => mib[name] ?? 0)));
  return {
    firstTenth: most(0, 0.1),
    fifths: [0, 0.2, 0.4, 0.6, 0.8].map((from) => most(from, from + 0.2)),
    most: most(0, 1),
  };
}
