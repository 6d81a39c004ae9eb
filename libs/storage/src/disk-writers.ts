import { setImmediate } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { asStoreError } from './store-error.js';
import type { WriteBatch, WriteOutcome, WriteRequest } from './write-batch.js';

/** Bounds what one answer waits for, and the files that a thread has open. */
const maxBatchRequests = 32;
const maxBatchBytes = 4_194_304;
/** Fewer requests than this are not shared among threads: a wake-up costs more CPU than the fsync that it would do at once. */
const minShare = 4;

/** A request that waits for its outcome. */
interface Job {
  readonly request: WriteRequest;
  readonly body: Uint8Array;
  /** For the error: `put a/b`. */
  readonly doing: string;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Threads that write. Node's asynchronous calls cost 25 to 50 µs of the main thread each, and a wake-up; creating a small object
 * takes nine of them. A thread does all of that with synchronous calls, for all requests that have come together: those of one
 * turn of the event loop, and those that came while all threads were busy. The threads start when they are needed, and hold the
 * process open only while they have something to do.
 */
export class DiskWriters {
  readonly #waiting: Job[] = [];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, readonly Job[]>();
  #count = 0;
  #scheduled = false;

  constructor(
    private readonly maxThreads: number,
    private readonly script = new URL('./write-worker.js', import.meta.url),
  ) {}

  /**
   * Does the request; the body must not be changed before that is done. false: the name was taken (create).
   * Throws SigningError STORE_UNAVAILABLE (also when the thread died), STORE_FULL.
   */
  write(request: WriteRequest, body: Uint8Array, doing: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, body, doing, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const free = this.#idle.length + this.maxThreads - this.#count;
      if (free === 0) return;
      const share = Math.max(minShare, Math.ceil(this.#waiting.length / free));
      const jobs = this.#take(Math.min(share, maxBatchRequests));
      const worker = this.#idle.pop() ?? this.#start();
      this.#send(worker, jobs);
    }
  }

  #take(count: number): Job[] {
    let bytes = 0;
    let taken = 0;
    for (const { body } of this.#waiting) {
      bytes += body.byteLength;
      if (taken === count || (taken > 0 && bytes > maxBatchBytes)) break;
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }

  #start(): Worker {
    this.#count++;
    // Not the options of this process: they may load code into every thread, or open a debugger's port.
    const worker = new Worker(this.script, { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    // What it dies of comes before 'exit', or not at all.
    let fault: unknown;
    worker.on('error', (error) => (fault = error));
    worker.once('exit', (code) => this.#gone(worker, fault ?? new Error(`a writing thread ended with ${code}`)));
    worker.on('message', (outcomes: readonly WriteOutcome[]) => this.#answered(worker, outcomes));
    return worker;
  }

  #send(worker: Worker, jobs: readonly Job[]): void {
    const bodies = new Uint8Array(jobs.reduce((sum, { body }) => sum + body.byteLength, 0));
    let offset = 0;
    for (const { body } of jobs) {
      bodies.set(body, offset);
      offset += body.byteLength;
    }
    this.#busy.set(worker, jobs);
    worker.ref();
    const batch: WriteBatch = { requests: jobs.map(({ request }) => request), bodies };
    worker.postMessage(batch, [bodies.buffer]);
  }

  #answered(worker: Worker, outcomes: readonly WriteOutcome[]): void {
    const jobs = this.#busy.get(worker) ?? [];
    this.#busy.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    jobs.forEach(({ doing, resolve, reject }, index) => {
      const outcome = outcomes[index];
      if (typeof outcome === 'boolean') resolve(outcome);
      else reject(asStoreError(outcome, doing));
    });
    // Not at once: what those who wait for these answers write next goes along.
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** What it had to do may be done or not; whoever starts next takes its place. */
  #gone(worker: Worker, fault: unknown): void {
    const jobs = this.#busy.get(worker) ?? [];
    this.#busy.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#count--;
    for (const { doing, reject } of jobs) reject(asStoreError(fault, doing));
    if (this.#waiting.length > 0) this.#schedule();
  }
}
