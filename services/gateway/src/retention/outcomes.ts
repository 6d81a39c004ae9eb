import { isStepRelease, objectKeys } from '@kyso/contracts';
import { readReleases, type ObjectStore } from '@kyso/storage';
import type { JobArchive } from '../jobs/job-archive.js';
import { documentObjects } from './document-objects.js';

/**
 * Deletes what was left of a document when it was erased: results, claims and turns, with the requests of its jobs. Only
 * `erased.json` stays, so that no repeat of an Idempotency-Key can have it signed again. Harmless when repeated.
 */
export async function removeOutcomes(
  store: ObjectStore,
  archive: Pick<JobArchive, 'forget'>,
  documentId: string,
): Promise<void> {
  for (const release of await readReleases(store, documentId)) {
    if (!isStepRelease(release)) continue;
    const { jobId } = release;
    await store.delete(objectKeys.jobFailure(jobId));
    await store.delete(objectKeys.jobRequest(jobId));
    archive.forget(jobId);
  }
  const { keys } = await documentObjects(store, documentId);
  const gone = [...keys].filter((key) => key !== objectKeys.erasure(documentId));
  // From the last version: what is left never has a gap, and the first result is how the next sweep finds the document.
  for (const key of gone.toSorted((a, b) => versionOf(b) - versionOf(a))) await store.delete(key);
}

function versionOf(key: string): number {
  return Number(/\/(\d+)\./.exec(key)?.[1] ?? 0);
}
