import type { StoredBatch } from '@kyso/contracts';
import { batchMode, readBatch, readControls, type BatchMode, type ObjectStore } from '@kyso/storage';

/** So much later a pause, a cancellation or the end of a window is noticed. */
const rereadAfterMs = 1_000;
/** More batches than run at a time. */
const maxBatches = 200;

interface Known {
  /** Of the batch; the rest of it may be large. */
  readonly window: Pick<StoredBatch, 'window'>;
  controls: Awaited<ReturnType<typeof readControls>>;
  readAtMs: number;
}

/** What is wanted of batches now, looked up once a second for each of them. */
export class BatchGate {
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<Known | undefined>>();

  constructor(
    private readonly store: ObjectStore,
    private readonly now: () => Date,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Whether a further item of the batch may be begun. A batch that is not there is a cancelled one. */
  async mode(batchId: string): Promise<BatchMode> {
    const known = this.#known.get(batchId);
    const fresh = known !== undefined && this.nowMs() - known.readAtMs < rereadAfterMs;
    const current = fresh ? known : await this.#readOnce(batchId);
    if (current === undefined) return 'cancel';
    return batchMode(current.window, current.controls.last, { now: this.now(), begun: true });
  }

  #readOnce(batchId: string): Promise<Known | undefined> {
    const reading = this.#reading.get(batchId);
    if (reading !== undefined) return reading;
    const started = this.#read(batchId).finally(() => this.#reading.delete(batchId));
    this.#reading.set(batchId, started);
    return started;
  }

  async #read(batchId: string): Promise<Known | undefined> {
    const known = this.#known.get(batchId);
    const batch = known?.window ?? (await readBatch(this.store, batchId));
    if (batch === undefined) return undefined;
    const window = batch.window === undefined ? {} : { window: batch.window };
    const controls = await readControls(this.store, batchId, known?.controls);
    const read: Known = { window, controls, readAtMs: this.nowMs() };
    this.#known.delete(batchId);
    this.#known.set(batchId, read);
    if (this.#known.size > maxBatches) this.#known.delete(this.#known.keys().next().value ?? '');
    return read;
  }
}
