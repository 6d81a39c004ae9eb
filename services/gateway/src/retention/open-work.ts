import { objectKeys, type ChunkJob, type StoredJob } from '@kyso/contracts';
import { readChunk, readFedChunk, readJob, type ObjectStore } from '@kyso/storage';
import type { BatchArchive } from '../batches/batch-archive.js';
import type { JobArchive } from '../jobs/job-archive.js';

/** Requests that are read at a time. */
const readAtATime = 32;

/**
 * Finds the work that is still to be done on a document. No index leads from documents to their jobs, since erasing is rare and
 * signing is not: this reads the requests of all open jobs, and the chunks of open batches that are being signed.
 */
export class OpenWork {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly jobs: Pick<JobArchive, 'openMarks'>;
      readonly batches: Pick<BatchArchive, 'open'>;
    },
  ) {}

  /** What signs the document or is going to, for `found`: a job, or an item of a batch that was begun. */
  async on(documentId: string): Promise<string | undefined> {
    return (await this.jobOn(documentId)) ?? (await this.itemOn(documentId));
  }

  /** The documents of all open work. Work that is taken meanwhile may be missing. */
  async documents(): Promise<ReadonlySet<string>> {
    const { batches } = this.parts;
    const found = new Set<string>();
    for await (const { documentId } of this.openJobs()) found.add(documentId);
    for (const batchId of await batches.open()) {
      for (const [chunk] of await this.chunksOf(batchId)) {
        for (const { job } of await this.itemsOf(batchId, chunk)) found.add(job.documentId);
      }
    }
    return found;
  }

  private async jobOn(documentId: string): Promise<string | undefined> {
    for await (const job of this.openJobs()) if (job.documentId === documentId) return `signing job ${job.jobId}`;
    return undefined;
  }

  private async *openJobs(): AsyncGenerator<StoredJob> {
    let group: string[] = [];
    for await (const { jobId } of this.parts.jobs.openMarks()) {
      group.push(jobId);
      if (group.length < readAtATime) continue;
      yield* await this.jobsOf(group);
      group = [];
    }
    yield* await this.jobsOf(group);
  }

  private async jobsOf(jobIds: readonly string[]): Promise<readonly StoredJob[]> {
    const read = await Promise.all(jobIds.map((jobId) => readJob(this.parts.store, jobId)));
    return read.filter((job) => job !== undefined);
  }

  private async itemOn(documentId: string): Promise<string | undefined> {
    const { batches, store } = this.parts;
    for (const batchId of await batches.open()) {
      for (const [chunk, endedGroups] of await this.chunksOf(batchId)) {
        // One that has not ended wholly is read even where this item has: what is asked for is rare, and waiting does no harm.
        if (endedGroups > 0 && (await readFedChunk(store, batchId, chunk))?.groups === endedGroups) continue;
        const found = (await this.itemsOf(batchId, chunk)).find(({ job }) => job.documentId === documentId);
        if (found !== undefined) return `item ${found.item} of batch ${batchId}`;
      }
    }
    return undefined;
  }

  private async itemsOf(batchId: string, chunk: number): Promise<readonly ChunkJob[]> {
    return (await readChunk(this.parts.store, batchId, chunk))?.groups.flatMap(({ jobs }) => jobs) ?? [];
  }

  /** The chunks that were begun, each with the number of its groups that have ended. */
  private async chunksOf(batchId: string): Promise<ReadonlyMap<number, number>> {
    const prefix = objectKeys.batchChunksPrefix(batchId);
    const ended = new Map<number, number>();
    for await (const { key } of this.parts.store.list(prefix)) {
      const name = key.slice(prefix.length);
      const chunk = Number(name.split('.')[0]);
      ended.set(chunk, (ended.get(chunk) ?? 0) + (name.endsWith('.done.json') ? 1 : 0));
    }
    return ended;
  }
}
