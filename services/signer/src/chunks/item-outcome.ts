import {
  objectKeys,
  type BatchItem,
  type ChunkJob,
  type Failure,
  type JobOutcome,
  type StepResult,
  type StoredJob,
} from '@kyso/contracts';
import { closeJob, createJson, readStepResults, type ObjectStore } from '@kyso/storage';

function named({
  item,
  object,
  job,
}: ChunkJob): Pick<BatchItem, 'item' | 'reference' | 'object' | 'documentId' | 'jobId'> {
  const { reference, documentId, jobId } = job;
  return {
    item,
    ...(reference === undefined ? {} : { reference }),
    ...(object === undefined ? {} : { object }),
    documentId,
    jobId,
  };
}

/** An item whose last step was released. */
export function releasedItem(item: ChunkJob, result: StepResult, endedAt: Date): BatchItem {
  const { version, level, deferredLevel, sizeBytes, sha256 } = result;
  return {
    ...named(item),
    status: 'completed',
    version,
    level,
    ...(deferredLevel === undefined ? {} : { deferredLevel }),
    sizeBytes,
    sha256,
    endedAt: endedAt.toISOString(),
  };
}

/** An item that can't be completed; `stepsDone` of its steps were released. */
export function failedItem(
  item: ChunkJob,
  end: { readonly failure: Failure; readonly stepsDone: number; readonly endedAt: string },
): BatchItem {
  const { failure, stepsDone, endedAt } = end;
  return {
    ...named(item),
    status: failure.code === 'BATCH_CANCELLED' ? 'cancelled' : 'failed',
    ...(stepsDone === 0 ? {} : { version: item.job.expectedVersion + stepsDone }),
    endedAt,
    failure,
  };
}

/** What is stored of an item that had ended before. */
export function itemOfOutcome(item: ChunkJob, outcome: JobOutcome): BatchItem {
  const last = outcome.steps.at(-1);
  if (outcome.failure === undefined && last !== undefined) {
    return releasedItem(item, last, new Date(outcome.completedAt));
  }
  if (outcome.failure === undefined)
    throw new TypeError(`${item.job.jobId}: expected an outcome with a step or a failure`);
  const { failure, completedAt } = outcome;
  return failedItem(item, { failure, stepsDone: outcome.steps.length, endedAt: completedAt });
}

/**
 * Closes the job of an item that has ended. One of which a signature was released without its time-stamp gets a record of its
 * own, `jobs/<id>.json`: whoever adds the time-stamp knows no batches. Harmless when repeated.
 */
export async function closeItem(store: ObjectStore, job: StoredJob): Promise<void> {
  if (job.policy?.timestamp !== 'deferred') return;
  const steps = await readStepResults(store, job);
  if (steps.every(({ deferredLevel }) => deferredLevel === undefined)) return;
  await createJson(store, objectKeys.jobRequest(job.jobId), job);
  await closeJob(store, job);
}
