import {
  isStepRelease,
  jobFailureSchema,
  objectKeys,
  storedJobSchema,
  versionRecordSchema,
  type JobOutcome,
  type Release,
  type StepResult,
  type StoredJob,
  type VersionRecord,
} from '@kyso/contracts';
import { keepJobEnd } from './event-outbox.js';
import { getJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';

/** The job's request as it was accepted; undefined when there is no such job. */
export function readJob(store: ObjectStore, jobId: string): Promise<StoredJob | undefined> {
  return getJson(store, objectKeys.jobRequest(jobId), storedJobSchema);
}

/** What released a version, whosever job it was, or a later time-stamp; undefined while nothing did. `version` from 1. */
export function readRelease(
  store: ObjectStore,
  documentId: string,
  version: number,
): Promise<VersionRecord | undefined> {
  return getJson(store, objectKeys.release(documentId, version), versionRecordSchema);
}

/** What released the document's versions, from version 1 on, in order. */
export async function readReleases(store: ObjectStore, documentId: string): Promise<VersionRecord[]> {
  const releases: VersionRecord[] = [];
  for (;;) {
    const release = await readRelease(store, documentId, releases.length + 1);
    if (release === undefined) return releases;
    releases.push(release);
  }
}

/** The results of the job's steps so far, in order; of all steps when it is completed. */
export async function readStepResults(store: ObjectStore, job: StoredJob): Promise<StepResult[]> {
  const results: StepResult[] = [];
  while (results.length < job.steps.length) {
    const release = await readReleaseOf(store, job, results.length);
    if (release === undefined) break;
    results.push(release.result);
  }
  return results;
}

/**
 * How the job ended; undefined while it is open. What was released counts more than a failure that is stored: a run that was
 * thought dead may release the version after another run has given the job up, and a released version stays.
 */
export async function readOutcome(store: ObjectStore, job: StoredJob): Promise<JobOutcome | undefined> {
  const lastStep = job.steps.length - 1;
  // The last step alone says whether the job is completed: it is only signed after the others.
  const last = await readReleaseOf(store, job, lastStep);
  if (last !== undefined) {
    const steps = lastStep === 0 ? [last.result] : await readStepResults(store, job);
    return { status: 'completed', completedAt: last.createdAt, steps };
  }
  const failed = await getJson(store, objectKeys.jobFailure(job.jobId), jobFailureSchema);
  if (failed === undefined) return undefined;
  const steps = await readStepResults(store, job);
  return { status: 'failed', completedAt: failed.failedAt, steps, failure: failed.failure };
}

/** The release of the version that a step makes, if it was this job that released it. */
async function readReleaseOf(store: ObjectStore, job: StoredJob, step: number): Promise<Release | undefined> {
  const release = await readRelease(store, job.documentId, job.expectedVersion + step + 1);
  if (release === undefined || !isStepRelease(release)) return undefined;
  return release.jobId === job.jobId && release.result.step === step ? release : undefined;
}

/**
 * Takes a job that has ended off the list of open ones. Where its policy lets time-stamps wait and one was left out, it goes
 * onto the list of those that wait first. Where its client has webhooks, they will be told of its end: the event is kept before
 * the mark goes, and whoever finds the mark closes the job again. Harmless when repeated.
 */
export async function closeJob(store: ObjectStore, job: StoredJob): Promise<void> {
  if (job.webhooks === true) await tellEnd(store, job);
  if (job.policy?.timestamp === 'deferred') {
    const steps = await readStepResults(store, job);
    if (steps.some(({ deferredLevel }) => deferredLevel !== undefined)) {
      // A name is all that is asked of it, and an empty object costs a folder store least.
      await store.put(objectKeys.openTimestamp(job), new Uint8Array(0));
    }
  }
  await store.delete(objectKeys.openJob(job));
}

/** Before the mark of a later time-stamp: its event comes after this one. */
async function tellEnd(store: ObjectStore, job: StoredJob): Promise<void> {
  // Without its mark it was closed before, with the event; to keep it again would tell it twice. An item of a batch has none.
  if ((await store.stat(objectKeys.openJob(job))) === undefined) return;
  const outcome = await readOutcome(store, job);
  if (outcome !== undefined) await keepJobEnd(store, job, outcome);
}
