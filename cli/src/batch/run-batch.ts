import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { type Batch, type BatchItem, type BatchItemRequest, type BatchRequest, type KysoClient } from '@kyso/client';
import { Journal } from './journal.js';
import { refusalOf, type RefusedFile } from './refused-file.js';
import type { ProgressLine } from './progress-line.js';

export interface FolderOrder {
  /** The PDFs below it are signed. */
  readonly folder: string;
  /** Where the signed ones go, under the same names. */
  readonly out: string;
  readonly request: Omit<BatchRequest, 'source'>;
}

/** Uploads and downloads at a time. */
const atATime = 4;
const pollMs = 500;

/**
 * Signs the PDFs of a folder as one batch: uploads, orders, waits, downloads. Cut off at any point and run again with the same
 * order it goes on where it was: what was uploaded is not uploaded again, and the batch is the same batch.
 */
export async function runBatch(client: KysoClient, order: FolderOrder, progress: ProgressLine): Promise<FolderOutcome> {
  const { out, request } = order;
  await mkdir(out, { recursive: true });
  const journal = await Journal.open(join(out, '.kyso-batch.ndjson'));
  const wanted = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  if (journal.order !== undefined && journal.order !== wanted) {
    throw new Error(`${out} holds a batch of another order; choose another --out`);
  }
  if (journal.batchKey === undefined) await journal.add({ batchKey: randomUUID(), order: wanted });
  const batchId = journal.batchId ?? (await begin(client, order, { journal, progress }));
  const batch = await followed(client, batchId, progress);
  const { refused } = journal;
  await fetchSigned(client, batchId, { out, total: batch.items.completed, refused, progress });
  return { batch, refused };
}

export interface FolderOutcome {
  readonly batch: Batch;
  readonly refused: readonly RefusedFile[];
}

async function begin(
  client: KysoClient,
  { folder, out, request }: FolderOrder,
  { journal, progress }: { readonly journal: Journal; readonly progress: ProgressLine },
): Promise<string> {
  const files = await pdfsIn(folder, out);
  if (files.length === 0) throw new Error(`${folder}: expected PDF files, found none`);
  const items: BatchItemRequest[] = [];
  let done = 0;
  await inParallel(files, async (file, index) => {
    const path = join(folder, file);
    const { size, mtimeMs } = await stat(path);
    const fingerprint = `${size}-${mtimeMs}`;
    let documentId = journal.documentOf(file, fingerprint);
    if (documentId === undefined) {
      try {
        ({ documentId } = await upload(client, path, file));
        await journal.add({ file, fingerprint, documentId });
      } catch (error) {
        const refused = refusalOf(error, file);
        if (refused === undefined) throw error;
        await journal.add({ refused });
      }
    }
    if (documentId !== undefined) items[index] = { documentId, expectedVersion: 0, reference: file };
    progress.show('uploaded', { done: ++done, total: files.length });
  });
  progress.end();
  if (items.length === 0) throw new Error(`${folder}: no file of it can be signed`);
  const source = { kind: 'manifest' } as const;
  const batch = await client.batches.create({ ...request, source }, { idempotencyKey: journal.batchKey ?? '' });
  if (batch.status === 'awaiting-manifest')
    await client.batches.sendManifest(
      batch.batchId,
      items.filter((item) => item !== undefined),
    );
  await journal.add({ batchId: batch.batchId });
  return batch.batchId;
}

async function upload(client: KysoClient, path: string, name: string): Promise<{ documentId: string }> {
  const stream = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
  return client.upload(stream, { name: name.slice(-255) });
}

async function followed(client: KysoClient, batchId: string, progress: ProgressLine): Promise<Batch> {
  for (;;) {
    const batch = await client.batches.show(batchId);
    const { completed, failed, cancelled, total = 0 } = batch.items;
    const rate = batch.itemsPerSecond === undefined ? '' : `${batch.itemsPerSecond.toFixed(1)}/s`;
    const end = batch.expectedEnd === undefined ? '' : `until ${batch.expectedEnd.slice(11, 19)} UTC`;
    const rest = [batch.status, rate, end, failed > 0 ? `${failed} failed` : ''].filter((one) => one !== '').join(', ');
    progress.show('signed', { done: completed + failed + cancelled, total, rest });
    if (batch.endedAt !== undefined) {
      progress.end();
      return batch;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Writes signed files whole or not at all, and the result manifest. */
async function fetchSigned(
  client: KysoClient,
  batchId: string,
  to: {
    readonly out: string;
    readonly total: number;
    readonly refused: readonly RefusedFile[];
    readonly progress: ProgressLine;
  },
): Promise<void> {
  const { out, total, refused, progress } = to;
  const lines = refused.map((one) => JSON.stringify(one));
  let done = 0;
  let page: BatchItem[] = [];
  const flush = async (): Promise<void> => {
    await inParallel(page, async ({ documentId = '', reference = '', version = 0 }) => {
      const target = join(out, reference);
      if (!(await exists(target))) {
        await mkdir(join(target, '..'), { recursive: true });
        await writeFile(`${target}.part`, await client.download(documentId, version));
        await rename(`${target}.part`, target);
      }
      progress.show('downloaded', { done: ++done, total });
    });
    page = [];
  };
  for await (const item of client.batches.items(batchId)) {
    lines.push(JSON.stringify(item));
    if (item.status !== 'completed') continue;
    page.push(item);
    if (page.length === 100) await flush();
  }
  await flush();
  progress.end();
  await writeFile(join(out, 'results.ndjson'), `${lines.join('\n')}\n`);
}

async function pdfsIn(folder: string, out: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const inOut = `${relative(folder, out)}/`;
  return entries
    .filter((entry) => entry.isFile() && /\.pdf$/i.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(inOut))
    .sort();
}

async function inParallel<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const takeTurns = async (): Promise<void> => {
    for (let index = next++; index < all.length; index = next++) await work(all[index]!, index);
  };
  await Promise.all(Array.from({ length: atATime }, takeTurns));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
