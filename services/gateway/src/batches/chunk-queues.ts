import {
  chunkJobOptions,
  chunkQueueJobId,
  chunkQueueJobSchema,
  queueName,
  type ChunkHold,
  type ChunkQueueJob,
} from '@kyso/contracts';
import type { JobQueues } from '../jobs/job-queues.js';

/** A group of a chunk and the way that it takes over the tokens. */
export interface ChunkPlace {
  readonly batchId: string;
  readonly chunk: number;
  readonly group: number;
  readonly tokens: readonly string[];
}

/** What a queue knows of a group: whether it has it, and what the group waits for, if it does. */
export interface QueuedGroup {
  readonly isQueued: boolean;
  readonly held?: ChunkHold;
}

/** The bulk queues, for chunks. */
export class ChunkQueues {
  constructor(private readonly queues: Pick<JobQueues, 'addChunk' | 'messages'>) {}

  /** Adds the group's first step; a step that was done is only looked at. Of two priorities (1 to 10) the higher goes first. */
  async add({ batchId, chunk, group, tokens }: ChunkPlace, priority: number): Promise<void> {
    const [token] = tokens;
    if (token === undefined) throw new RangeError(`chunk ${chunk} of ${batchId}: expected tokens, found none`);
    const message: ChunkQueueJob = { batchId, chunk, group, step: 0 };
    // BullMQ's own goes the other way.
    const options = { ...chunkJobOptions, jobId: chunkQueueJobId(message), priority: 11 - priority };
    await this.queues.addChunk(queueName(token, 'bulk'), message, options);
  }

  /** Looks for any step of each group. Throws when Redis does not answer. */
  async look(places: readonly ChunkPlace[]): Promise<QueuedGroup[]> {
    const asked = places.flatMap(({ tokens, ...group }) =>
      tokens.map((token, step) => ({ name: queueName(token, 'bulk'), jobId: chunkQueueJobId({ ...group, step }) })),
    );
    const messages = await this.queues.messages(asked);
    let next = 0;
    return places.map(({ tokens }) => {
      const [message] = messages.slice(next, (next += tokens.length)).filter((one) => one !== undefined);
      const held = message === undefined ? undefined : heldIn(message);
      return { isQueued: message !== undefined, ...(held === undefined ? {} : { held }) };
    });
  }
}

/** What the message of another release says may not be understood; it is a hint for people. */
function heldIn(message: string): ChunkHold | undefined {
  try {
    return chunkQueueJobSchema.parse(JSON.parse(message)).held;
  } catch {
    return undefined;
  }
}
