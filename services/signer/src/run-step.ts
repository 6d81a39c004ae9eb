import {
  SigningError,
  type FailureCode,
  type JobOutcome,
  type QueueJob,
  type StepResult,
  type StoredJob,
} from '@kyso/contracts';
import { closeJob, readJob, readOutcome, readStepResults } from '@kyso/storage';
import { completeJob, failJob } from './release/finish-job.js';
import { signDocument } from './sign-document.js';
import type { SigningPorts } from './signing-ports.js';
import { signingWork, type SigningWork } from './signing-work.js';

/** Port to the queues: puts a step into the queue of its token. Repeats are recognised by the id. */
export interface StepQueue {
  add(job: StoredJob, step: number): Promise<void>;
}

/**
 * How long a job waits for what it needs, in milliseconds; then it fails. What counts is the time spent trying and the pauses that
 * were asked for: neither a jump of the wall clock nor a long queue is waiting.
 */
export interface WaitPolicy {
  readonly tokenWaitMs: number;
  /** For a time-stamp or revocation evidence; then LEVEL_UNREACHABLE. */
  readonly levelWaitMs: number;
  /** For errors that nobody foresaw; then INTERNAL. */
  readonly unexpectedWaitMs: number;
  /** Codes that are waited for without end: an item of a batch outlasts what is wrong with its place. */
  readonly endlessly?: ReadonlySet<FailureCode>;
}

/** What running a step needs. */
export interface RunStepPorts extends SigningPorts {
  readonly queue: StepQueue;
  readonly waits: WaitPolicy;
}

/** What became of a step. */
export type StepEnd =
  | { readonly kind: 'finished' }
  /** `waitedMs`: for how long it has waited when the delay is over; for the next run's message. */
  | { readonly kind: 'waits'; readonly delayMs: number; readonly waitedMs: number; readonly error: SigningError }
  | { readonly kind: 'failed'; readonly error: SigningError }
  /** The queue held something that is no open job: nothing to do. */
  | { readonly kind: 'dropped'; readonly reason: string };

/**
 * Runs what the queue asks for: signs the step, queues the next one or stores the outcome, and decides about failures.
 * A step that was done before, or a job that has ended, is only tidied up, so that adding it to a queue twice is harmless.
 * Without the object store it waits for it. Throws only what nobody foresaw outside the signing itself.
 */
export async function runStep(ports: RunStepPorts, message: QueueJob): Promise<StepEnd> {
  const startedMs = performance.now();
  const waitedMs = (): number => (message.waitedMs ?? 0) + (performance.now() - startedMs);
  try {
    return await advance(ports, message, waitedMs);
  } catch (error) {
    if (!(error instanceof SigningError) || patienceFor(error.code, ports.waits).forMs < Infinity) throw error;
    const delayMs = delayAfter(waitedMs());
    return { kind: 'waits', delayMs, waitedMs: waitedMs() + delayMs, error };
  }
}

async function advance(ports: RunStepPorts, message: QueueJob, waitedMs: () => number): Promise<StepEnd> {
  const job = await readJob(ports.store, message.jobId);
  if (job === undefined) return { kind: 'dropped', reason: 'no such job' };
  if (message.step >= job.steps.length) return { kind: 'dropped', reason: 'no such step' };
  const run = await runJobStep(ports, job, { step: message.step, waitedMs });
  switch (run.kind) {
    case 'ended':
      await closeJob(ports.store, job);
      return { kind: 'finished' };
    case 'earlier':
      // An earlier step is not done: it is that one's turn.
      await ports.queue.add(job, run.step);
      return { kind: 'dropped', reason: `step ${run.step} comes first` };
    case 'released':
      if (run.steps < job.steps.length) await ports.queue.add(job, run.steps);
      else await completeJob(ports, job);
      return { kind: 'finished' };
    case 'waits':
      ports.progress(job.jobId, message.step, 'waiting');
      return { ...run, waitedMs: waitedMs() + run.delayMs };
    case 'failed':
      return run;
  }
}

/** What became of one step of one job. */
export type JobStepEnd =
  | { readonly kind: 'ended'; readonly outcome: JobOutcome }
  | { readonly kind: 'earlier'; readonly step: number }
  /** Released now (then with its result) or earlier; so many steps of the job are. */
  | { readonly kind: 'released'; readonly steps: number; readonly result?: StepResult }
  | { readonly kind: 'waits'; readonly delayMs: number; readonly error: SigningError }
  /** For good, and so it is stored. */
  | { readonly kind: 'failed'; readonly error: SigningError };

/**
 * Signs one step of a job unless that was done before, and decides about failures. `waitedMs`: how long it has waited for what
 * it needs. Throws what the store throws outside the signing itself.
 */
export async function runJobStep(
  ports: SigningPorts & { readonly waits: WaitPolicy },
  job: StoredJob,
  at: { readonly step: number; readonly waitedMs: () => number },
): Promise<JobStepEnd> {
  const outcome = await readOutcome(ports.store, job);
  if (outcome !== undefined) return { kind: 'ended', outcome };
  const released = at.step === 0 && job.steps.length === 1 ? 0 : (await readStepResults(ports.store, job)).length;
  if (released < at.step) return { kind: 'earlier', step: released };
  if (released > at.step) return { kind: 'released', steps: released };
  const work = signingWork(job, at.step);
  try {
    const result = await signDocument(ports, work);
    return { kind: 'released', steps: at.step + 1, result };
  } catch (error) {
    return endFailed(ports, work, { error, waitedMs: at.waitedMs() });
  }
}

async function endFailed(
  ports: SigningPorts & { readonly waits: WaitPolicy },
  work: SigningWork,
  failure: { readonly error: unknown; readonly waitedMs: number },
): Promise<JobStepEnd> {
  const error = toSigningError(failure.error);
  const patience = patienceFor(error.code, ports.waits);
  if (failure.waitedMs < patience.forMs) return { kind: 'waits', delayMs: delayAfter(failure.waitedMs), error };
  const final =
    patience.finally === undefined
      ? error
      : new SigningError(patience.finally, {
          expected: `level ${work.step.level}`,
          found: `${error.message} Waited ${Math.round(failure.waitedMs / 1_000)} s.`,
          cause: error,
        });
  await failJob(ports, work, final);
  return { kind: 'failed', error: final };
}

function toSigningError(error: unknown): SigningError {
  return error instanceof SigningError ? error : new SigningError('INTERNAL', { cause: error });
}

/** Only what is known to pass is waited for; everything else fails at once. */
function patienceFor(code: FailureCode, waits: WaitPolicy): { readonly forMs: number; readonly finally?: FailureCode } {
  if (waits.endlessly?.has(code) === true) return { forMs: Infinity };
  switch (code) {
    case 'TOKEN_UNAVAILABLE':
      return { forMs: waits.tokenWaitMs };
    case 'TSA_UNAVAILABLE':
    case 'REVOCATION_UNAVAILABLE':
      return { forMs: waits.levelWaitMs, finally: 'LEVEL_UNREACHABLE' };
    // Without the store not even a failure can be stored; and this signer stops, another one goes on.
    case 'STORE_UNAVAILABLE':
    case 'STORE_FULL':
    case 'SERVICE_STOPPING':
      return { forMs: Infinity };
    case 'INTERNAL':
      return { forMs: waits.unexpectedWaitMs };
    default:
      return { forMs: 0 };
  }
}

/** The longer it has waited, the less often it is tried: after half a second first, later every 15 seconds. */
function delayAfter(waitedMs: number): number {
  return Math.min(15_000, Math.max(500, waitedMs / 4));
}
