import { SigningError, objectKeys, toFailure, type JobFailure, type StoredJob } from '@kyso/contracts';
import { closeJob, createJson } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { findUnreleased, intentKey, openUseOf } from './intent.js';
import { auditLostUse } from './lost-use.js';

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'progress'>;
type FailPorts = Ports & Pick<SigningPorts, 'audit'>;

/** Takes a job whose last step was released off the list of open ones. Harmless when repeated. */
export async function completeJob(ports: Ports, job: StoredJob): Promise<void> {
  await closeJob(ports.store, job);
  ports.progress(job.jobId, job.steps.length - 1, 'completed');
}

/**
 * Ends a job that can't be completed. The claim is given up before the failure is stored: a client that reads the failure
 * and asks again must not meet it. Harmless when repeated.
 */
export async function failJob(ports: FailPorts, work: SigningWork, error: SigningError): Promise<void> {
  await giveUpClaim(ports, work, error);
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

/** Gives the claim up, if it is ours and nothing was released with it. What the key gave under it is lost with it. */
async function giveUpClaim(ports: FailPorts, work: SigningWork, error: SigningError): Promise<void> {
  const intent = await findUnreleased(ports, work);
  if (intent === undefined) return;
  const use = openUseOf(intent) ?? intent.signature;
  // The step has put down an uncertain use itself.
  if (use !== undefined && error.code !== 'KEY_USE_UNCERTAIN') {
    const { useId } = use;
    await auditLostUse(ports, work, { useId, intent, reason: 'job-failed', next: 'stop', code: error.code });
  }
  await ports.store.delete(intentKey(work));
}
