import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KysoError, type KysoClient } from '@kyso/client';
import { sendBatch } from './batch-traffic.js';
import type { DocumentPlan, SentDocument } from './document-plans.js';
import { persistently } from './persistently.js';

/** Documents on their way, and the deadline that holds for all of them once there is one. */
export class Traffic {
  readonly sent: SentDocument[] = [];
  readonly #work: Promise<void>[] = [];
  #deadlineMs = Infinity;

  constructor(
    private readonly client: KysoClient,
    private readonly complain: (what: string) => void,
  ) {}

  /** Those that have not ended. */
  get open(): SentDocument[] {
    return this.sent.filter(({ endedAtMs }) => endedAtMs === undefined);
  }

  /** Sends those of a batch, and the others one after the other with their pauses; waits for none of them. */
  async post(plans: readonly DocumentPlan[]): Promise<void> {
    const together = plans.filter(({ inBatch }) => inBatch).map((plan) => ({ plan }));
    this.sent.push(...together);
    if (together.length > 0) this.#watch(sendBatch(this.client, together, () => this.#deadlineMs));
    for (const plan of plans) {
      if (plan.inBatch) continue;
      await sleep(plan.pauseMs);
      const document: SentDocument = { plan };
      this.sent.push(document);
      this.#watch(send(this.client, document, () => this.#deadlineMs));
    }
  }

  #watch(work: Promise<void>): void {
    this.#work.push(
      work.catch((error: unknown) =>
        this.complain(`a document did not end: ${error instanceof Error ? error.message : String(error)}`),
      ),
    );
  }

  /** From now on every document has so many milliseconds. */
  allow(patienceMs: number): void {
    this.#deadlineMs = performance.now() + patienceMs;
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.#work);
  }
}

/**
 * Sends one document as a careful portal does: it repeats what may be repeated, with one Idempotency-Key, and looks again and
 * again until the job has ended. Throws when `deadlineMs` (monotonic) is over.
 */
export async function send(client: KysoClient, sent: SentDocument, deadlineMs: () => number): Promise<void> {
  try {
    const uploaded = await persistently(() => client.upload(sent.plan.pdf, { name: 'faults.pdf' }), deadlineMs);
    sent.documentId = uploaded.documentId;
    const request = { documentId: uploaded.documentId, expectedVersion: 0, steps: sent.plan.steps };
    const idempotencyKey = randomUUID();
    const job = await persistently(() => client.sign(request, { idempotencyKey }), deadlineMs);
    sent.jobId = job.jobId;
    for (;;) {
      const now = await persistently(() => client.job(job.jobId), deadlineMs);
      if (now.status === 'completed' || now.status === 'failed') {
        sent.endedAtMs = performance.now();
        sent.ended = { ...now, status: now.status };
        return;
      }
      if (performance.now() > deadlineMs()) throw new Error(`job ${job.jobId} is still ${now.status}`);
      await sleep(100);
    }
  } catch (error) {
    if (!(error instanceof KysoError)) throw error;
    sent.refused = error.code ?? String(error.status);
    sent.endedAtMs = performance.now();
  }
}
