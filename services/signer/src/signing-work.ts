import { SigningError, type StoredJob, type StoredStep } from '@kyso/contracts';

/** One step of one job: what is to be signed, with what, and which version it makes. */
export interface SigningWork {
  readonly job: StoredJob;
  readonly stepIndex: number;
  readonly step: StoredStep;
  /** The version that is signed, and the one that will be created. */
  readonly baseVersion: number;
  readonly newVersion: number;
  /**
   * Names of new fields; unique for each (job, step), which also proves whose a released version is. A step may fill a field
   * that is there already: the intent has the name that counts.
   */
  readonly fieldName: string;
  readonly timestampFieldName: string;
}

/** Throws SigningError REQUEST_INVALID when the job has no such step. */
export function signingWork(job: StoredJob, stepIndex: number): SigningWork {
  const step = job.steps[stepIndex];
  if (step === undefined) {
    throw new SigningError('REQUEST_INVALID', {
      expected: `a step below ${job.steps.length}`,
      found: String(stepIndex),
    });
  }
  const name = `${job.jobId.slice('job_'.length)}-${stepIndex}`;
  return {
    job,
    stepIndex,
    step,
    baseVersion: job.expectedVersion + stepIndex,
    newVersion: job.expectedVersion + stepIndex + 1,
    fieldName: `Signature-${name}`,
    timestampFieldName: `Timestamp-${name}`,
  };
}
