import { failureCodes, type BatchHold, type ChunkHold } from '@kyso/contracts';
import type { BatchTally } from './batch-tally.js';
import type { ChunkPlace, ChunkQueues } from './chunk-queues.js';

/** How the open groups of a batch stand on their queues. */
export interface QueueLook {
  /** Those that no queue knows: they were put aside, or Redis was lost. */
  readonly missing: readonly ChunkPlace[];
  /** Chunks of which every group waits for something that it needs. */
  readonly chunksHeld: number;
  /** What they wait for, one for each code, the oldest first. */
  readonly holds: readonly BatchHold[];
  /** Whether nothing goes on: every open group is held. */
  readonly isHeld: boolean;
}

/** Looks up what the open groups of a batch are doing. Throws when Redis does not answer. */
export async function lookAtQueues(tally: BatchTally, queues: Pick<ChunkQueues, 'look'>): Promise<QueueLook> {
  const places = await tally.openGroups();
  const groups = await queues.look(places);
  const missing: ChunkPlace[] = [];
  const goingOn = new Set<number>();
  const holds = new Map<string, ChunkHold>();
  for (const [index, place] of places.entries()) {
    const { isQueued, held } = groups[index] ?? { isQueued: false };
    if (!isQueued) missing.push(place);
    if (held === undefined) goingOn.add(place.chunk);
    else if (held.since < (holds.get(held.code)?.since ?? '~')) holds.set(held.code, held);
  }
  return {
    missing,
    chunksHeld: tally.open.size - goingOn.size,
    holds: [...holds.values()].sort((a, b) => (a.since < b.since ? -1 : 1)).map(describeHold),
    isHeld: places.length > 0 && goingOn.size === 0,
  };
}

function describeHold({ code, expected, found, since }: ChunkHold): BatchHold {
  const { vi, en } = failureCodes[code];
  return {
    code,
    messageVi: vi,
    messageEn: en,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    since,
  };
}
