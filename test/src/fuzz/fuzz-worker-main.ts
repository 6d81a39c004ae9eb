import { demand, type FuzzSigner } from './demands.js';
import { inputOf, realSeeds } from './inputs.js';

/** What the process is told first, and then once for each input. */
export type FuzzMessage =
  | { readonly kind: 'start'; readonly signer: FuzzSigner; readonly folders: readonly string[] }
  | { readonly kind: 'try'; readonly number: number; readonly measure: boolean };

/** Its answer to each input; `heapBytes` after a garbage collection, where it was asked for. */
export interface FuzzAnswer {
  readonly number: number;
  /** `signed`, or the code of the refusal; absent where a demand was not met. */
  readonly verdict?: string;
  readonly problem?: string;
  readonly heapBytes?: number;
}

let signer: FuzzSigner | undefined;
let seeds: readonly Buffer[] = [];

process.on('message', (message: FuzzMessage) => {
  if (message.kind === 'start') {
    ({ signer } = message);
    seeds = realSeeds(message.folders);
    return;
  }
  void answer(message).then((given) => process.send?.(given));
});

async function answer({
  number,
  measure,
}: {
  readonly number: number;
  readonly measure: boolean;
}): Promise<FuzzAnswer> {
  if (signer === undefined) throw new Error('expected to be told the signer first');
  const result = await demand(inputOf(number, seeds), signer).then(
    (verdict) => ({ verdict: verdict.outcome === 'signed' ? 'signed' : verdict.code }),
    (error: unknown) => ({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  return { number, ...result, ...(measure ? { heapBytes: heapBytes() } : {}) };
}

/** What stays when everything that isn't needed is gone; the process runs with --expose-gc. */
function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
