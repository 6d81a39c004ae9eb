import { chunkJobOptions, chunkQueueJobId, queueName, type ChunkQueueJob } from '@kyso/contracts';
import type { JobQueues } from '../jobs/job-queues.js';

/** A group of a chunk and the way that it takes over the tokens. */
export interface ChunkPlace {
  readonly batchId: string;
  readonly chunk: number;
  readonly group: number;
  readonly tokens: readonly string[];
}

/** The bulk queues, for chunks. */
export class ChunkQueues {
  constructor(private readonly queues: Pick<JobQueues, 'addChunk' | 'knows'>) {}

  /** Adds the group's first step; a step that was done is only looked at. Of two priorities (1 to 10) the higher goes first. */
  async add({ batchId, chunk, group, tokens }: ChunkPlace, priority: number): Promise<void> {
    const [token] = tokens;
    if (token === undefined) throw new RangeError(`chunk ${chunk} of ${batchId}: expected tokens, found none`);
    const message: ChunkQueueJob = { batchId, chunk, group, step: 0 };
    // BullMQ's own goes the other way.
    const options = { ...chunkJobOptions, jobId: chunkQueueJobId(message), priority: 11 - priority };
    await this.queues.addChunk(queueName(token, 'bulk'), message, options);
  }

  /** Whether any step of each group is on its queue. */
  async areKnown(places: readonly ChunkPlace[]): Promise<boolean[]> {
    const asked = places.flatMap(({ tokens, ...group }) =>
      tokens.map((token, step) => ({ name: queueName(token, 'bulk'), jobId: chunkQueueJobId({ ...group, step }) })),
    );
    const known = await this.queues.knows(asked);
    let next = 0;
    return places.map(({ tokens }) => known.slice(next, (next += tokens.length)).includes(true));
  }
}
