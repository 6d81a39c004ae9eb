import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KysoError, type BatchItem, type KysoClient } from '@kyso/client';
import type { SentDocument } from './document-plans.js';
import { persistently } from './persistently.js';

/**
 * Sends documents as one batch, as a careful scheduler does: it repeats what may be repeated, and looks again and again until the
 * batch has ended. All have the same number of steps; their levels are theirs. Throws when `deadlineMs` (monotonic) is over.
 */
export async function sendBatch(
  client: KysoClient,
  documents: readonly SentDocument[],
  deadlineMs: () => number,
): Promise<void> {
  const uploaded: SentDocument[] = [];
  for (const document of documents) if (await upload(client, document, deadlineMs)) uploaded.push(document);
  const steps = uploaded[0]?.plan.steps;
  if (steps === undefined) return;
  const idempotencyKey = randomUUID();
  const request = { source: { kind: 'manifest' }, steps, priority: 5 } as const;
  const { batchId } = await persistently(() => client.batches.create(request, { idempotencyKey }), deadlineMs);
  const manifest = uploaded.map(({ documentId = '', plan }) => ({
    documentId,
    expectedVersion: 0,
    steps: plan.steps.map(({ level }) => (level === undefined ? {} : { level })),
  }));
  await persistently(() => client.batches.sendManifest(batchId, manifest), deadlineMs).catch((error: unknown) => {
    // It came through, its answer did not, and the batch has ended before this repeat.
    if (!(error instanceof KysoError) || error.code !== 'BATCH_STATE') throw error;
  });
  await untilEnded(client, batchId, deadlineMs);
  const items = await persistently(() => outcomesOf(client, batchId), deadlineMs);
  const endedAtMs = performance.now();
  for (const [index, document] of uploaded.entries()) {
    const item = items.find((one) => one.item === index);
    if (item === undefined) throw new Error(`batch ${batchId} has ended without an outcome of item ${index}`);
    if (item.jobId !== undefined) document.jobId = item.jobId;
    document.ended = { ...item, status: item.status === 'completed' ? 'completed' : 'failed' };
    document.endedAtMs = endedAtMs;
  }
}

/** False when the gateway refused it for good. */
async function upload(client: KysoClient, sent: SentDocument, deadlineMs: () => number): Promise<boolean> {
  try {
    const uploaded = await persistently(() => client.upload(sent.plan.pdf, { name: 'faults.pdf' }), deadlineMs);
    sent.documentId = uploaded.documentId;
    return true;
  } catch (error) {
    if (!(error instanceof KysoError)) throw error;
    sent.refused = error.code ?? String(error.status);
    sent.endedAtMs = performance.now();
    return false;
  }
}

async function untilEnded(client: KysoClient, batchId: string, deadlineMs: () => number): Promise<void> {
  for (;;) {
    const batch = await persistently(() => client.batches.show(batchId), deadlineMs);
    if (batch.endedAt !== undefined) return;
    if (performance.now() > deadlineMs()) throw new Error(`batch ${batchId} is still ${batch.status}`);
    await sleep(100);
  }
}

async function outcomesOf(client: KysoClient, batchId: string): Promise<BatchItem[]> {
  const items: BatchItem[] = [];
  for await (const item of client.batches.items(batchId)) items.push(item);
  return items;
}
