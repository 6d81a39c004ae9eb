import { SigningError, objectKeys, toFailure, type JobFailure, type StoredJob } from '@kyso/contracts';
import { closeJob, createJson } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { dropIntent } from './intent.js';

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'progress'>;

/** Takes a job whose last step was released off the list of open ones. Harmless when repeated. */
export async function completeJob(ports: Ports, job: StoredJob): Promise<void> {
  await closeJob(ports.store, job);
  ports.progress(job.jobId, job.steps.length - 1, 'completed');
}

/**
 * Ends a job that can't be completed. The claim is given up before the failure is stored: a client that reads the failure
 * and asks again must not meet it. Harmless when repeated.
 */
export async function failJob(ports: Ports, work: SigningWork, error: SigningError): Promise<void> {
  await dropIntent(ports, work);
  const { job } = work;
  const failed: JobFailure = {
    jobId: job.jobId,
    failedAt: ports.clock.now().toISOString(),
    failure: toFailure(error),
  };
  await createJson(ports.store, objectKeys.jobFailure(job.jobId), failed);
  await closeJob(ports.store, job);
  ports.progress(job.jobId, work.stepIndex, 'failed');
}
