import {
  SigningError,
  objectKeys,
  stepResultSchema,
  storedOutcomeSchema,
  toFailure,
  type StepResult,
  type StoredJob,
  type StoredOutcome,
} from '@kyso/contracts';
import { createJson, getJson } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { dropIntent } from './intent.js';

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'progress'>;

export function readStepResult(
  ports: Pick<Ports, 'store'>,
  jobId: string,
  step: number,
): Promise<StepResult | undefined> {
  return getJson(ports.store, objectKeys.stepResult(jobId, step), stepResultSchema);
}

export function readOutcome(ports: Pick<Ports, 'store'>, jobId: string): Promise<StoredOutcome | undefined> {
  return getJson(ports.store, objectKeys.outcome(jobId), storedOutcomeSchema);
}

/** Index of the first step that was not released; the number of steps when all were. */
export async function firstOpenStep(ports: Pick<Ports, 'store'>, job: StoredJob): Promise<number> {
  for (let step = 0; step < job.steps.length; step++) {
    if ((await readStepResult(ports, job.jobId, step)) === undefined) return step;
  }
  return job.steps.length;
}

/** Stores that every step was released, once, and takes the job off the list of open ones. Harmless when repeated. */
export async function completeJob(ports: Ports, job: StoredJob): Promise<void> {
  const steps = await releasedSteps(ports, job);
  await storeOutcome(ports, { jobId: job.jobId, status: 'completed', completedAt: nowIso(ports), steps });
  ports.progress(job.jobId, job.steps.length - 1, 'completed');
}

/**
 * Ends a job that can't be completed. The claim is given up before the outcome is stored: a client that reads the outcome
 * and asks again must not meet it. Harmless when repeated.
 */
export async function failJob(ports: Ports, work: SigningWork, error: SigningError): Promise<void> {
  await dropIntent(ports, work);
  const { job } = work;
  const steps = await releasedSteps(ports, job);
  await storeOutcome(ports, {
    jobId: job.jobId,
    status: 'failed',
    completedAt: nowIso(ports),
    steps,
    failure: toFailure(error),
  });
  ports.progress(job.jobId, work.stepIndex, 'failed');
}

/** Ends what is left to do for a job whose outcome is stored. */
export async function clearOpenJob(ports: Pick<Ports, 'store'>, jobId: string): Promise<void> {
  await ports.store.delete(objectKeys.openJob(jobId));
}

async function storeOutcome(ports: Ports, outcome: StoredOutcome): Promise<void> {
  await createJson(ports.store, objectKeys.outcome(outcome.jobId), outcome);
  await clearOpenJob(ports, outcome.jobId);
}

async function releasedSteps(ports: Pick<Ports, 'store'>, job: StoredJob): Promise<StepResult[]> {
  const steps: StepResult[] = [];
  for (let step = 0; step < job.steps.length; step++) {
    const result = await readStepResult(ports, job.jobId, step);
    if (result === undefined) break;
    steps.push(result);
  }
  return steps;
}

function nowIso(ports: Pick<Ports, 'clock'>): string {
  return ports.clock.now().toISOString();
}
