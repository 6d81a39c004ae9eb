import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KysoError, type KysoClient, type SigningJob, type SigningStep } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import type { Random } from '../random.js';

/** What one document is to become. */
export interface DocumentPlan {
  readonly pdf: Uint8Array<ArrayBuffer>;
  readonly steps: SigningStep[];
  /** Pause after the document before it, milliseconds. */
  readonly pauseMs: number;
}

/** A document on its way. */
export interface SentDocument {
  readonly plan: DocumentPlan;
  /** From the moment that the gateway said it has it. */
  documentId?: string;
  jobId?: string;
  /** The job when it has ended. */
  ended?: SigningJob;
  /** By this process's monotonic clock. */
  endedAtMs?: number;
  /** The gateway refused it for good, with this code. */
  refused?: string;
}

/** `count` documents: levels in turn, a third of them with the organisation's seal after the leader's signature. */
export function planDocuments(
  random: Random,
  options: {
    readonly count: number;
    readonly levels: readonly Level[];
    readonly pdfs: readonly Uint8Array<ArrayBuffer>[];
  },
): DocumentPlan[] {
  const first = random.below(options.levels.length);
  return Array.from({ length: options.count }, (_, index) => {
    const level = options.levels[(first + index) % options.levels.length] ?? 'B-B';
    const leader: SigningStep = { credentialId: 'leader', role: 'leader', level };
    const seal: SigningStep = { credentialId: 'organisation', role: 'clerk', level };
    return {
      pdf: random.pick(options.pdfs),
      steps: random.oneIn(3) ? [leader, seal] : [leader],
      pauseMs: random.below(120),
    };
  });
}

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

  /** Sends them one after the other with their pauses, and waits for none of them. */
  async post(plans: readonly DocumentPlan[]): Promise<void> {
    for (const plan of plans) {
      await sleep(plan.pauseMs);
      const document: SentDocument = { plan };
      this.sent.push(document);
      const work = send(this.client, document, () => this.#deadlineMs);
      this.#work.push(
        work.catch((error: unknown) =>
          this.complain(`a document did not end: ${error instanceof Error ? error.message : String(error)}`),
        ),
      );
    }
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
        sent.ended = now;
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

/** A call that gets no answer at all is given up, as every HTTP client should. */
const answerWithinMs = 20_000;

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${answerWithinMs} ms`)), answerWithinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Repeats what got no answer, and what the answer says may be repeated (docs/api.md, errors and what to repeat). */
export async function persistently<T>(call: () => Promise<T>, deadlineMs: () => number): Promise<T> {
  for (;;) {
    try {
      return await withPatience(call());
    } catch (error) {
      const noAnswer = !(error instanceof KysoError) || error.problem.retryable === undefined;
      const mayPass = noAnswer || error.problem.retryable === true;
      if (!mayPass || performance.now() > deadlineMs()) throw error;
      await sleep(150);
    }
  }
}
