import {
  batchChunkSchema,
  batchControlSchema,
  fedChunkSchema,
  groupOutcomeSchema,
  objectKeys,
  storedBatchSchema,
  windowAt,
  type BatchChunk,
  type BatchControl,
  type FedChunk,
  type GroupOutcome,
  type StoredBatch,
} from '@kyso/contracts';
import { getJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';

/** More changes than anybody makes to one batch; the last of them can only be its cancellation. */
export const maxBatchControls = 1_000;

/** The batch as it was asked for; undefined when there is no such batch. */
export function readBatch(store: ObjectStore, batchId: string): Promise<StoredBatch | undefined> {
  return getJson(store, objectKeys.batch(batchId), storedBatchSchema);
}

export function readChunk(store: ObjectStore, batchId: string, chunk: number): Promise<BatchChunk | undefined> {
  return getJson(store, objectKeys.batchChunk(batchId, chunk), batchChunkSchema);
}

export function readFedChunk(store: ObjectStore, batchId: string, chunk: number): Promise<FedChunk | undefined> {
  return getJson(store, objectKeys.fedChunk(batchId, chunk), fedChunkSchema);
}

export function readGroupOutcome(
  store: ObjectStore,
  group: { readonly batchId: string; readonly chunk: number; readonly group: number },
): Promise<GroupOutcome | undefined> {
  return getJson(store, objectKeys.groupOutcome(group), groupOutcomeSchema);
}

/**
 * What was last wanted of a batch, and how many changes there were; none before the first. `known`: what an earlier call gave,
 * so that only what came since is read.
 */
export async function readControls(
  store: ObjectStore,
  batchId: string,
  known: { readonly count: number; readonly last: BatchControl | undefined } = { count: 0, last: undefined },
): Promise<{ readonly count: number; readonly last: BatchControl | undefined }> {
  let { count, last } = known;
  while (last?.action !== 'cancel' && count < maxBatchControls) {
    const next = await getJson(store, objectKeys.batchControl(batchId, count + 1), batchControlSchema);
    if (next === undefined) break;
    count += 1;
    last = next;
  }
  return { count, last };
}

/** What may be done with a batch now: begin further items; none; or end those that are left. */
export type BatchMode = 'go' | 'paused' | 'waits' | 'cancel';

/** Of what was last wanted of it, and of its window. `begun`: whether an item of it was fed already. */
export function batchMode(
  batch: Pick<StoredBatch, 'window'>,
  control: BatchControl | undefined,
  at: { readonly now: Date; readonly begun: boolean },
): BatchMode {
  if (control?.action === 'cancel') return 'cancel';
  if (control?.action === 'pause') return 'paused';
  const { window } = batch;
  if (window === undefined || (at.begun && window.atEnd === 'finish')) return 'go';
  return windowAt(window, at.now).isOpen ? 'go' : 'waits';
}
