import {
  batchEndSchema,
  objectKeys,
  SigningError,
  storedManifestSchema,
  type ApiClientRecord,
  type BatchControl,
  type BatchEnd,
  type StoredBatch,
  type StoredManifest,
} from '@kyso/contracts';
import { createJson, getJson, maxBatchControls, readBatch, readControls, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';

const nothing = new Uint8Array(0);
/** Listing names of a client's batches: 13 digits of milliseconds, a dot, the id. */
const nameLength = 44;

/** What the object store says of batches. Request, manifest and end never change once they are there. */
export class BatchArchive {
  /** Few: an order may carry an image. */
  private readonly batches = new ExpiringCache<StoredBatch>({ maxEntries: 50, maxAgeMs: Infinity });
  private readonly manifests = new ExpiringCache<StoredManifest>({ maxEntries: 2_000, maxAgeMs: Infinity });
  private readonly ends = new ExpiringCache<BatchEnd>({ maxEntries: 2_000, maxAgeMs: Infinity });
  private readonly controls = new ExpiringCache<Awaited<ReturnType<typeof readControls>>>({
    maxEntries: 2_000,
    maxAgeMs: Infinity,
  });

  constructor(private readonly store: ObjectStore) {}

  /** Stores the batch unless one of its id is there; gives the one that counts. The mark comes last: with it the batch runs. */
  async keep(wanted: StoredBatch): Promise<StoredBatch> {
    const { store } = this;
    const created = await createJson(store, objectKeys.batch(wanted.batchId), wanted);
    const batch = created ? wanted : await this.batch(wanted.batchId);
    if (batch === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'a batch that disappeared' });
    this.batches.set(batch.batchId, batch);
    if ((await this.end(batch.batchId)) === undefined) {
      await store.put(objectKeys.clientBatch(batch), nothing);
      await store.put(objectKeys.openBatch(batch), nothing);
    }
    return batch;
  }

  batch(batchId: string): Promise<StoredBatch | undefined> {
    return this.known(this.batches, batchId, () => readBatch(this.store, batchId));
  }

  /** A batch that the client may steer: its own, or any for one who operates the cluster. Throws BATCH_UNKNOWN. */
  async steeredBy(client: ApiClientRecord, batchId: string): Promise<StoredBatch> {
    const batch = client.scopes.includes('operate') ? await this.batch(batchId) : undefined;
    return batch ?? this.batchOf(client, batchId);
  }

  /** The client's batch. Throws BATCH_UNKNOWN, also for somebody else's. */
  async batchOf(client: ApiClientRecord, batchId: string): Promise<StoredBatch> {
    const batch = await this.batch(batchId);
    if (batch?.clientId !== client.clientId) throw new SigningError('BATCH_UNKNOWN', { found: batchId });
    return batch;
  }

  manifest(batchId: string): Promise<StoredManifest | undefined> {
    const key = objectKeys.batchManifest(batchId);
    return this.known(this.manifests, batchId, () => getJson(this.store, key, storedManifestSchema));
  }

  /** Makes this the batch's manifest unless it has one; gives the one that counts. */
  async keepManifest(batchId: string, wanted: StoredManifest): Promise<StoredManifest> {
    if (await createJson(this.store, objectKeys.batchManifest(batchId), wanted)) return wanted;
    const found = await this.manifest(batchId);
    if (found === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'a manifest that disappeared' });
    return found;
  }

  /** How many batches of the client have not ended. */
  async openOf(clientId: string): Promise<number> {
    let open = 0;
    for (const batchId of await this.open()) if ((await this.batch(batchId))?.clientId === clientId) open += 1;
    return open;
  }

  end(batchId: string): Promise<BatchEnd | undefined> {
    const key = objectKeys.batchEnd(batchId);
    return this.known(this.ends, batchId, () => getJson(this.store, key, batchEndSchema));
  }

  /** Stores how the batch ended; harmless when repeated. */
  async keepEnd(batchId: string, end: BatchEnd): Promise<void> {
    await createJson(this.store, objectKeys.batchEnd(batchId), end);
  }

  /** Takes an ended batch off the list of open ones. */
  async unmark(batch: StoredBatch): Promise<void> {
    await this.store.delete(objectKeys.openBatch(batch));
  }

  /** What was last wanted of the batch. */
  async control(batchId: string): Promise<BatchControl | undefined> {
    const controls = await readControls(this.store, batchId, this.controls.get(batchId));
    this.controls.set(batchId, controls);
    return controls.last;
  }

  /** Adds what is wanted now, unless `mayFollow` refuses it after what was wanted last. Throws what `mayFollow` throws, and BATCH_STATE after too many changes. */
  async addControl(
    batchId: string,
    control: BatchControl,
    mayFollow: (last: BatchControl | undefined) => boolean,
  ): Promise<void> {
    for (;;) {
      const { count, last } = await readControls(this.store, batchId, this.controls.get(batchId));
      if (!mayFollow(last)) return;
      if (count >= maxBatchControls - (control.action === 'cancel' ? 0 : 1)) {
        throw new SigningError('BATCH_STATE', {
          expected: `at most ${maxBatchControls - 1} changes and a cancellation`,
          found: `${count} changes`,
        });
      }
      if (await createJson(this.store, objectKeys.batchControl(batchId, count + 1), control)) return;
    }
  }

  /** The ids of all batches that have not ended, oldest first. */
  async open(): Promise<string[]> {
    return (await this.names(objectKeys.openBatchesPrefix)).sort().map((name) => name.slice(14));
  }

  /** Names of the client's batches, newest first: those before `before`, at most `limit`. */
  async ofClient(
    clientId: string,
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<string[]> {
    const names = await this.names(objectKeys.clientBatchesPrefix(clientId));
    const older = page.before === undefined ? names : names.filter((name) => name < (page.before ?? ''));
    return older.sort().reverse().slice(0, page.limit);
  }

  private async names(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { key } of this.store.list(prefix)) {
      const name = key.slice(prefix.length);
      if (name.length === nameLength) names.push(name);
    }
    return names;
  }

  private async known<T>(
    cache: ExpiringCache<T>,
    batchId: string,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const cached = cache.get(batchId);
    if (cached !== undefined) return cached;
    const value = await read();
    if (value !== undefined) cache.set(batchId, value);
    return value;
  }
}
