import type { Failure, SigningStep } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import type { Random } from '../random.js';

/** What one document is to become. */
export interface DocumentPlan {
  readonly pdf: Uint8Array<ArrayBuffer>;
  readonly steps: SigningStep[];
  /** Pause after the document before it, milliseconds. */
  readonly pauseMs: number;
  /** Whether it goes with others in one batch. */
  readonly inBatch: boolean;
}

/** A document on its way. */
export interface SentDocument {
  readonly plan: DocumentPlan;
  /** From the moment that the gateway said it has it. */
  documentId?: string;
  jobId?: string;
  /** The job, or the item of a batch, when it has ended. */
  ended?: { readonly jobId?: string; readonly status: 'completed' | 'failed'; readonly failure?: Failure };
  /** By this process's monotonic clock. */
  endedAtMs?: number;
  /** The gateway refused it for good, with this code. */
  refused?: string;
}

/**
 * `count` documents: levels in turn, a third of them with the organisation's seal after the leader's signature; every second one
 * goes into a batch, whose documents all have the same steps.
 */
export function planDocuments(
  random: Random,
  options: {
    readonly count: number;
    readonly levels: readonly Level[];
    readonly pdfs: readonly Uint8Array<ArrayBuffer>[];
  },
): DocumentPlan[] {
  const first = random.below(options.levels.length);
  const batchIsSealed = random.oneIn(3);
  return Array.from({ length: options.count }, (_, index) => {
    const [leader, seal] = bothSteps(options.levels[(first + index) % options.levels.length] ?? 'B-B');
    const inBatch = index % 2 === 1;
    const isSealed = random.oneIn(3);
    return {
      pdf: random.pick(options.pdfs),
      steps: (inBatch ? batchIsSealed : isSealed) ? [leader, seal] : [leader],
      pauseMs: random.below(120),
      inBatch,
    };
  });
}

/** One at B-LT, with the leader's signature and the organisation's seal. */
export function sealedDocument(pdf: Uint8Array<ArrayBuffer>): DocumentPlan {
  return { pdf, steps: bothSteps('B-LT'), pauseMs: 0, inBatch: false };
}

function bothSteps(level: Level): [leader: SigningStep, seal: SigningStep] {
  return [
    { credentialId: 'leader', role: 'leader', level },
    { credentialId: 'organisation', role: 'clerk', level },
  ];
}
