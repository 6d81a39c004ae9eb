import {
  SigningError,
  objectKeys,
  toFailure,
  type BatchItem,
  type ChunkJob,
  type ChunkQueueJob,
  type StoredJob,
} from '@kyso/contracts';
import { createJson, readChunk, readOutcome, type BatchMode } from '@kyso/storage';
import { failJob } from '../release/finish-job.js';
import type { JobStepEnd } from '../run-step.js';
import type { SigningPorts } from '../signing-ports.js';
import { signingWork } from '../signing-work.js';
import { closeItem, failedItem, itemOfOutcome, releasedItem } from './item-outcome.js';
import { heldBy, heldDelayMs, type ChunkEnd } from './chunk-end.js';
import {
  failedPlace,
  placesOf,
  turnEndOf,
  type Held,
  type PlaceHolds,
  type Turn,
  type TurnEnd,
} from './place-holds.js';

/** What running a chunk needs. */
export interface RunChunkPorts extends Pick<SigningPorts, 'store' | 'clock' | 'audit'> {
  /** Does one step of one item, as if it were alone; `runJobStep` over the ports of this signer. */
  readonly runStep: (
    job: StoredJob,
    at: { readonly step: number; readonly waitedMs: () => number },
  ) => Promise<JobStepEnd>;
  readonly modeOf: (batchId: string) => Promise<BatchMode>;
  readonly holds: PlaceHolds;
  /** Runs the work when it is its turn: one bound on the items of a token over all chunks. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly addStep: (message: ChunkQueueJob, token: string) => Promise<void>;
  /** Aborted when this signer begins to stop: no further item is begun. */
  readonly stopping: AbortSignal;
  readonly observe: (item: { readonly end: JobStepEnd['kind']; readonly seconds: number }) => void;
}

/** Items in a row that could not go on, after which the others aren't tried in this pass. */
const maxWaitsInARow = 4;
/** Pause before the store is asked again. */
const storeDelayMs = 2_000;
/** What concerns all items alike. */
const ofAllItems: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_FULL', 'SERVICE_STOPPING']);
/**
 * Does one step for all items of a chunk's group, several at a time, each as if it were alone: with an intent, a version and a
 * release of its own. Then the chunk goes to the queue of the next step, or its outcomes are stored together. It may be broken
 * off at any point and run again: an item that is done is only looked at.
 */
export async function runChunk(ports: RunChunkPorts, message: ChunkQueueJob): Promise<ChunkEnd> {
  const { held } = message;
  const stillHeld = held === undefined ? undefined : ports.holds.look(held.place);
  // Not even read while nothing of it can be tried.
  if (held !== undefined && stillHeld !== undefined && (await ports.modeOf(message.batchId)) === 'go') {
    return heldBy(stillHeld, message, held.since);
  }
  const chunk = await readChunk(ports.store, message.batchId, message.chunk);
  const group = chunk?.groups[message.group];
  if (group === undefined) return { kind: 'put-aside', reason: 'no such chunk' };
  if (message.step >= group.tokens.length) return { kind: 'put-aside', reason: 'no such step' };
  return new ChunkRun(ports, message, group.jobs).run(group.tokens);
}

class ChunkRun {
  /** By position: how far the item is after this step; undefined while it has to be tried again. */
  readonly #ends: (BatchItem | 'goes-on' | undefined)[];
  readonly #startedMs = performance.now();
  #next = 0;
  #worked = 0;
  #waitsInARow = 0;
  #wait: { readonly delayMs: number; readonly error: SigningError } | undefined;
  /** What items of it wait for, by position. */
  readonly #held = new Map<number, Held>();
  #aside: string | undefined;
  #earlier: number | undefined;
  #broken: { readonly error: unknown } | undefined;

  constructor(
    private readonly ports: RunChunkPorts,
    private readonly message: ChunkQueueJob,
    private readonly jobs: readonly ChunkJob[],
  ) {
    this.#ends = jobs.map(() => undefined);
  }

  async run(tokens: readonly string[]): Promise<ChunkEnd> {
    const { message, ports } = this;
    // As many as there are: how many run at a time, the turns say.
    await Promise.all(this.jobs.map(() => ports.inTurn(() => this.#tryNext())));
    // Only now: while items still run, nobody may begin the chunk again.
    if (this.#broken !== undefined) throw this.#broken.error;
    if (this.#earlier !== undefined) {
      // The step before was not done for all of them: the queue had lost its place.
      await this.#addStep(this.#earlier, tokens);
      return { kind: 'put-aside', reason: `step ${this.#earlier} comes first` };
    }
    if (this.#aside !== undefined) return { kind: 'put-aside', reason: this.#aside };
    if (this.#wait !== undefined) return { kind: 'waits', waitedMs: this.#waitedMs(this.#wait.delayMs), ...this.#wait };
    const held = this.#firstHeld();
    if (held !== undefined) {
      const before = this.#worked > 0 ? undefined : message.held?.since;
      return heldBy(held, message, before ?? ports.clock.now().toISOString());
    }
    const items = this.#ends.filter((end): end is BatchItem => typeof end === 'object');
    if (items.length < this.jobs.length) await this.#addStep(message.step + 1, tokens);
    else await this.#storeOutcomes(items);
    return { kind: 'finished', items: this.#worked };
  }

  /** Counted without the wall clock: an hour that it jumps is no hour of waiting. Progress counts: it begins anew. */
  #waitedMs(delayMs: number): number {
    if (this.#worked > 0) return delayMs;
    return (this.message.waitedMs ?? 0) + (performance.now() - this.#startedMs) + delayMs;
  }

  async #addStep(step: number, tokens: readonly string[]): Promise<void> {
    const token = tokens[step];
    if (token === undefined) throw new RangeError(`expected a step below ${tokens.length}, found ${step}`);
    const { batchId, chunk, group } = this.message;
    await this.ports.addStep({ batchId, chunk, group, step }, token);
  }

  async #storeOutcomes(items: readonly BatchItem[]): Promise<void> {
    const endedAt = this.ports.clock.now().toISOString();
    await createJson(this.ports.store, objectKeys.groupOutcome(this.message), { endedAt, items });
  }

  /** Never throws: what is broken is told when all items have come to rest. */
  async #tryNext(): Promise<void> {
    try {
      if (this.#broken === undefined) await this.#runNext();
    } catch (error) {
      if (error instanceof SigningError && ofAllItems.has(error.code)) {
        this.#waitsInARow = maxWaitsInARow;
        this.#wait = { delayMs: storeDelayMs, error };
      } else this.#broken ??= { error };
    }
  }

  async #runNext(): Promise<void> {
    let position: number | undefined = this.#next++;
    while (position !== undefined && this.#goesOn()) position = await this.#runAt(position);
  }

  #goesOn(): boolean {
    if (this.#aside !== undefined || this.#earlier !== undefined || this.#waitsInARow >= maxWaitsInARow) return false;
    if (!this.ports.stopping.aborted) return true;
    this.#wait = { delayMs: 0, error: new SigningError('SERVICE_STOPPING') };
    return false;
  }

  /** Gives the position of another one to be run now, or undefined. */
  async #runAt(position: number): Promise<number | undefined> {
    const mode = await this.ports.modeOf(this.message.batchId);
    if (mode === 'paused' || mode === 'waits') {
      this.#aside = mode;
      return undefined;
    }
    const item = this.jobs[position];
    if (item === undefined) return undefined;
    if (mode === 'cancel' && (await this.#cancel(position, item))) return undefined;
    const turn = this.ports.holds.begin(placesOf(item.job, this.message.step));
    if ('held' in turn) {
      this.#held.set(position, turn.held);
      return undefined;
    }
    const { end, tells } = await this.#runItem(item, turn);
    await this.#note(position, item, end);
    // It tried a place for all and told nothing of it, as one does that was done before: one that was held meanwhile tries it.
    return turn.probes.size > 0 && tells === 'unknown' ? this.#takeHeld() : undefined;
  }

  async #runItem({ job }: ChunkJob, turn: Turn): Promise<{ readonly end: JobStepEnd; readonly tells: TurnEnd }> {
    const { ports, message } = this;
    const { step } = message;
    const startedMs = performance.now();
    let tells: TurnEnd = 'unknown';
    try {
      const end = await ports.runStep(job, { step, waitedMs: () => this.#waitedMs(0) });
      tells = turnEndOf(job, step, end);
      ports.observe({ end: end.kind, seconds: (performance.now() - startedMs) / 1_000 });
      return { end, tells };
    } finally {
      ports.holds.end(turn, tells);
    }
  }

  #takeHeld(): number | undefined {
    const [position] = this.#held.keys();
    if (position !== undefined) this.#held.delete(position);
    return position;
  }

  /** Of several places that it waits for, the one that may be tried first, as it stands now. */
  #firstHeld(): Held | undefined {
    const holds = [...this.#held.values()].map((held) => this.ports.holds.look(held.place) ?? held);
    return holds.sort((a, b) => a.retryInMs - b.retryInMs)[0];
  }

  async #note(position: number, item: ChunkJob, end: JobStepEnd): Promise<void> {
    switch (end.kind) {
      case 'ended':
        return this.#ended(position, item, itemOfOutcome(item, end.outcome));
      case 'earlier':
        this.#earlier = Math.min(this.#earlier ?? end.step, end.step);
        return;
      case 'released':
        this.#worked += 1;
        this.#waitsInARow = 0;
        if (end.steps < item.job.steps.length) this.#ends[position] = 'goes-on';
        else if (end.result !== undefined) {
          return this.#ended(position, item, releasedItem(item, end.result, this.ports.clock.now()));
        }
        return;
      case 'failed':
        this.#worked += 1;
        this.#waitsInARow = 0;
        return this.#ended(position, item, this.#failed(item, end.error));
      case 'waits': {
        const { error, delayMs } = end;
        const place = failedPlace(item.job, this.message.step, error);
        if (place !== undefined) {
          this.#held.set(position, { place, error, retryInMs: heldDelayMs.least });
          return;
        }
        this.#waitsInARow = ofAllItems.has(error.code) ? maxWaitsInARow : this.#waitsInARow + 1;
        this.#wait = { delayMs, error };
      }
    }
  }

  /** Ends an item that was not begun; false for one that was released already, or may have been. */
  async #cancel(position: number, item: ChunkJob): Promise<boolean> {
    const { store } = this.ports;
    const { job } = item;
    const outcome = await readOutcome(store, job);
    if (outcome !== undefined) {
      await this.#ended(position, item, itemOfOutcome(item, outcome));
      return true;
    }
    const work = signingWork(job, this.message.step);
    // A version without its record: a run was killed in between, and it is taken up without the key.
    if ((await store.stat(objectKeys.version(job.documentId, work.newVersion))) !== undefined) return false;
    const error = new SigningError('BATCH_CANCELLED');
    await failJob({ ...this.ports, progress: () => undefined }, work, error);
    await this.#ended(position, item, this.#failed(item, error));
    return true;
  }

  async #ended(position: number, item: ChunkJob, end: BatchItem): Promise<void> {
    await closeItem(this.ports.store, item.job);
    this.#ends[position] = end;
  }

  #failed(item: ChunkJob, error: SigningError): BatchItem {
    const endedAt = this.ports.clock.now().toISOString();
    return failedItem(item, { failure: toFailure(error), stepsDone: this.message.step, endedAt });
  }
}
