import type { ObjectStore } from '@kyso/storage';
import { BatchTally } from './batch-tally.js';

/** More batches than are looked at at a time; of another one the counting begins anew. */
const maxTallies = 200;

/** The tallies of open batches in this process, for the feeder and for those who ask. */
export class BatchTallies {
  private readonly tallies = new Map<string, BatchTally>();

  constructor(private readonly store: ObjectStore) {}

  of(batchId: string): BatchTally {
    const tally = this.tallies.get(batchId) ?? new BatchTally(this.store, batchId);
    this.tallies.delete(batchId);
    this.tallies.set(batchId, tally);
    if (this.tallies.size > maxTallies) this.tallies.delete(this.tallies.keys().next().value ?? '');
    return tally;
  }

  forget(batchId: string): void {
    this.tallies.delete(batchId);
  }
}
