import { isStepRelease, jobFailureSchema, objectKeys, signingIntentSchema } from '@kyso/contracts';
import { readRelease } from './job-records.js';
import { getJson } from './json-object.js';
import type { ObjectStore } from './object-store.js';

/** What the store says of the outcome of uses of keys, for whoever holds the audit logs against it. */
export interface StoredUseRecords {
  /** What released the version; undefined when nothing did, or a later time-stamp, which needs no key. */
  releaseOf(
    documentId: string,
    version: number,
  ): Promise<{ readonly jobId: string; readonly step: number; readonly signatureSha256?: string } | undefined>;
  /** The code of the failure that the job ended with. */
  failureOf(jobId: string): Promise<string | undefined>;
  /** Which step has a claim on the version. */
  claimOf(documentId: string, version: number): Promise<{ readonly jobId: string; readonly step: number } | undefined>;
  hasDocument(documentId: string): Promise<boolean>;
}

/** Each call reads the store; throws SigningError STORE_UNAVAILABLE, INTERNAL for a record that does not fit. */
export function storedUseRecords(store: ObjectStore): StoredUseRecords {
  return {
    releaseOf: async (documentId, version) => {
      const record = await readRelease(store, documentId, version);
      if (record === undefined || !isStepRelease(record)) return undefined;
      const { jobId, result, signatureSha256 } = record;
      return { jobId, step: result.step, ...(signatureSha256 === undefined ? {} : { signatureSha256 }) };
    },
    failureOf: async (jobId) => (await getJson(store, objectKeys.jobFailure(jobId), jobFailureSchema))?.failure.code,
    claimOf: (documentId, version) => getJson(store, objectKeys.intent(documentId, version), signingIntentSchema),
    hasDocument: async (documentId) => (await store.stat(objectKeys.version(documentId, 0))) !== undefined,
  };
}
