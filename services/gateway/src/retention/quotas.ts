import { SigningError, type ApiClientRecord, type QuotaName, type RetentionReport } from '@kyso/contracts';
import type { Taken, UsageBook } from './usage-book.js';

export interface QuotasParts {
  readonly usage: UsageBook;
  readonly lastSweep: () => Promise<RetentionReport | undefined>;
  readonly openBatches: (clientId: string) => Promise<number>;
}

/**
 * What clients may take up at most. Only clients that have quotas are looked at. Without Redis nobody knows what was taken, and
 * nobody is refused: quotas keep order among callers, they protect no document.
 */
export class Quotas {
  /** How often each quota refused something, in this process. */
  readonly refusals = new Map<QuotaName, number>();

  constructor(private readonly parts: QuotasParts) {}

  /** One more document of so many bytes, as far as they are known. Throws QUOTA_EXCEEDED. */
  async assertDocument({ clientId, quotas }: ApiClientRecord, bytes: number): Promise<void> {
    if (quotas?.documentsPerDay !== undefined) {
      const { documents } = await this.#today(clientId);
      this.#assert('documentsPerDay', quotas.documentsPerDay, documents + 1);
    }
    if (quotas?.storedBytes !== undefined) {
      this.#assert('storedBytes', quotas.storedBytes, (await this.stored(clientId)).bytes + bytes);
    }
  }

  /** So many more signing jobs. Throws QUOTA_EXCEEDED. */
  async assertJobs({ clientId, quotas }: ApiClientRecord, count: number): Promise<void> {
    if (quotas?.jobsPerDay === undefined) return;
    this.#assert('jobsPerDay', quotas.jobsPerDay, (await this.#today(clientId)).jobs + count);
  }

  /** One more batch. Throws QUOTA_EXCEEDED. */
  async assertBatch(client: ApiClientRecord): Promise<void> {
    const { clientId, quotas } = client;
    await this.assertJobs(client, 1);
    if (quotas?.openBatches === undefined) return;
    this.#assert('openBatches', quotas.openBatches, (await this.parts.openBatches(clientId)) + 1);
  }

  /** So many documents in one batch. Throws QUOTA_EXCEEDED. */
  assertItems({ quotas }: ApiClientRecord, count: number): void {
    if (quotas?.batchItems !== undefined) this.#assert('batchItems', quotas.batchItems, count);
  }

  tookDocument(clientId: string, bytes: number): void {
    this.parts.usage.count(clientId, 'documents', 1);
    this.parts.usage.count(clientId, 'bytes', bytes);
  }

  tookJobs(clientId: string, count: number): void {
    this.parts.usage.count(clientId, 'jobs', count);
  }

  /** What the client has in the store: as the last sweep counted it, with the uploads since. */
  async stored(clientId: string): Promise<{ readonly documents: number; readonly bytes: number }> {
    const swept = (await this.parts.lastSweep())?.clients[clientId];
    const total = await this.parts.usage.total(clientId).catch(() => undefined);
    const since = (counter: 'documents' | 'bytes'): number =>
      Math.max(0, (total?.[counter] ?? 0) - (swept?.counted[counter] ?? 0));
    return {
      documents: (swept?.documents ?? 0) + since('documents'),
      bytes: (swept?.bytes ?? 0) + since('bytes'),
    };
  }

  #today(clientId: string): Promise<Taken> {
    const { usage } = this.parts;
    return usage.taken(clientId, usage.today()).catch(() => ({ documents: 0, bytes: 0, jobs: 0 }));
  }

  #assert(quota: QuotaName, limit: number, wanted: number): void {
    if (wanted <= limit) return;
    this.refusals.set(quota, (this.refusals.get(quota) ?? 0) + 1);
    throw new SigningError('QUOTA_EXCEEDED', { expected: `${quota} at most ${limit}`, found: String(wanted) });
  }
}
