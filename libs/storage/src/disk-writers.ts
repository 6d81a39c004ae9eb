import { setImmediate } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { asStoreError } from './store-error.js';
import { bodyStart, type WriteOutcome, type WriteRequest } from './write-batch.js';

/** Bounds what one answer waits for, and the files that a thread has open. */
const maxBatchRequests = 32;
/** The memory that a thread has in common with the process, and so the largest body. */
const memoryBytes = 4_194_304;

/** How threads share the work. */
export interface DiskWriterSettings {
  readonly maxThreads: number;
  /**
   * So long requests wait for a thread that is busy before another one takes them. On a disk that is fast enough one thread then
   * does all of the work, with more requests to a batch: each wake-up costs CPU, and so does each commit of the file system.
   */
  readonly patienceMs: number;
  /** Of the bodies of one batch, unless it is one request: the file system commits them together, and others wait for that. */
  readonly maxBatchBytes: number;
}

/** A request that waits for its outcome. */
interface Job {
  readonly request: WriteRequest;
  readonly body: readonly Uint8Array[];
  /** For the error: `put a/b`. */
  readonly doing: string;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread, and the memory that both sides have in common: the bodies of its batch, one after the other. */
interface Writer {
  readonly worker: Worker;
  readonly bodies: Uint8Array;
}

/**
 * Threads that write. Node's asynchronous calls cost 25 to 50 µs of the main thread each, and a wake-up; creating a small object
 * takes nine of them. A thread does all of that with synchronous calls, for all requests that have come together: those of one
 * turn of the event loop, and those that came while all threads were busy. The threads start when they are needed, and hold the
 * process open only while they have something to do.
 */
export class DiskWriters {
  readonly #waiting: Job[] = [];
  readonly #idle: Writer[] = [];
  readonly #busy = new Map<Writer, readonly Job[]>();
  #count = 0;
  #scheduled = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: DiskWriterSettings,
    private readonly script = new URL('./write-worker.js', import.meta.url),
  ) {}

  /**
   * Does the request; the parts of the body (`request.bodyBytes` in all, at most 4 MiB) must not be changed before that is done.
   * false: the name was taken (create). Throws SigningError STORE_UNAVAILABLE (also when the thread died), STORE_FULL.
   */
  write(request: WriteRequest, body: readonly Uint8Array[], doing: string): Promise<boolean> {
    if (request.bodyBytes > memoryBytes) {
      return Promise.reject(new RangeError(`expected a body of at most ${memoryBytes}, found ${request.bodyBytes}`));
    }
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

  /** To a thread if none is busy, or if all that waits is more than one batch; else after a while. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      if (this.#busy.size > 0 && this.#waiting.length < maxBatchRequests) return this.#dispatchLater();
      if (!this.#sendNext()) return;
    }
  }

  #dispatchLater(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (this.#waiting.length > 0) this.#sendNext();
    }, this.settings.patienceMs);
  }

  /** False when all threads are busy. */
  #sendNext(): boolean {
    const writer = this.#idle.pop() ?? (this.#count < this.settings.maxThreads ? this.#start() : undefined);
    if (writer === undefined) return false;
    this.#send(writer, this.#take(maxBatchRequests));
    return true;
  }

  #take(count: number): Job[] {
    let bytes = 0;
    let taken = 0;
    for (const { request } of this.#waiting) {
      bytes = bodyStart(bytes) + request.bodyBytes;
      if (taken === count || (taken > 0 && bytes > this.settings.maxBatchBytes)) break;
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }

  #start(): Writer {
    this.#count++;
    const memory = new SharedArrayBuffer(memoryBytes);
    const worker = new Worker(this.script, {
      // Not the options of this process: they may load code into every thread, or open a debugger's port.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      workerData: memory,
    });
    const writer: Writer = { worker, bodies: new Uint8Array(memory) };
    // What it dies of comes before 'exit', or not at all.
    let fault: unknown;
    worker.on('error', (error) => (fault = error));
    worker.once('exit', (code) => this.#gone(writer, fault ?? new Error(`a writing thread ended with ${code}`)));
    worker.on('message', (outcomes: readonly WriteOutcome[]) => this.#answered(writer, outcomes));
    return writer;
  }

  #send(writer: Writer, jobs: readonly Job[]): void {
    let end = 0;
    for (const { body } of jobs) {
      end = bodyStart(end);
      for (const part of body) {
        writer.bodies.set(part, end);
        end += part.byteLength;
      }
    }
    this.#busy.set(writer, jobs);
    writer.worker.ref();
    writer.worker.postMessage(jobs.map(({ request }) => request));
  }

  #answered(writer: Writer, outcomes: readonly WriteOutcome[]): void {
    const jobs = this.#busy.get(writer) ?? [];
    this.#busy.delete(writer);
    clearTimeout(this.#patience);
    this.#patience = undefined;
    writer.worker.unref();
    this.#idle.push(writer);
    jobs.forEach(({ doing, resolve, reject }, index) => {
      const outcome = outcomes[index];
      if (typeof outcome === 'boolean') resolve(outcome);
      else reject(asStoreError(outcome, doing));
    });
    // Not at once: what those who wait for these answers write next goes along.
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** What it had to do may be done or not; whoever starts next takes its place. */
  #gone(writer: Writer, fault: unknown): void {
    const jobs = this.#busy.get(writer) ?? [];
    this.#busy.delete(writer);
    const index = this.#idle.indexOf(writer);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#count--;
    for (const { doing, reject } of jobs) reject(asStoreError(fault, doing));
    if (this.#waiting.length > 0) this.#schedule();
  }
}
