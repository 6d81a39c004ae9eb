import { createHash } from 'node:crypto';
import {
  documentRecordSchema,
  isStepRelease,
  objectKeys,
  versionRecordSchema,
  type Release,
  type VersionRecord,
} from '@kyso/contracts';
import { getJson, type ObjectStore } from '@kyso/storage';
import type { SentDocument } from './document-plans.js';

/** What the store holds of one document. */
export interface StoredDocument {
  readonly documentId: string;
  /** Version 0 and those after it. */
  readonly versions: readonly Uint8Array[];
  /** What released version n, at n - 1. */
  readonly releases: readonly Release[];
}

type Complain = (what: string) => void;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Compares one document in the store with what its sender was told: all versions are there, each released once, by its job and
 * step, each the beginning of the next one; nothing is left of a claim.
 */
export async function checkDocument(
  store: ObjectStore,
  { documentId, ended, plan }: SentDocument & { readonly documentId: string },
  complain: Complain,
): Promise<StoredDocument> {
  const record = await getJson(store, objectKeys.documentRecord(documentId), documentRecordSchema);
  const names = new Set<string>();
  for await (const { key, sizeBytes } of store.list(`documents/${documentId}/`)) {
    names.add(key.slice(key.lastIndexOf('/') + 1));
    if (sizeBytes === 0) complain(`${key} is empty`);
  }
  const versions: Uint8Array[] = [];
  const releases: Release[] = [];
  for (let version = 0; ; version++) {
    const pdf = await store.get(objectKeys.version(documentId, version));
    if (pdf === undefined) break;
    names.delete(`${version}.pdf`);
    const released = version === 0 ? undefined : await readRecord(store, documentId, version);
    names.delete(`${version}.json`);
    names.delete(`${version}.intent.json`);
    const wanted = version === 0 ? record : released;
    if (wanted === undefined) complain(`version ${version} of ${documentId} has no record`);
    else if (wanted.sha256 !== sha256(pdf)) complain(`version ${version} of ${documentId} is not what its record says`);
    const before = versions.at(-1);
    if (before !== undefined && !Buffer.from(pdf.buffer, pdf.byteOffset, before.length).equals(before)) {
      complain(`version ${version} of ${documentId} does not begin with the one before`);
    }
    versions.push(pdf);
    if (released !== undefined) releases.push(released.release);
  }
  names.delete('document.json');
  if (record === undefined) complain(`${documentId} is lost: it has no record`);
  if (names.size > 0) complain(`${documentId} has left-overs: ${[...names].join(', ')}`);
  if (record !== undefined && sha256(plan.pdf) !== record.sha256) complain(`${documentId} is not what was uploaded`);
  for (const [index, { jobId, result }] of releases.entries()) {
    if (jobId !== ended?.jobId || result.step !== index) {
      complain(`version ${index + 1} of ${documentId} was released by ${jobId}, step ${result.step}`);
    }
    if (result.level !== plan.steps[index]?.level)
      complain(`version ${index + 1} of ${documentId} has ${result.level}`);
  }
  if (ended?.status === 'completed' && releases.length !== plan.steps.length) {
    complain(`${documentId} is completed with ${releases.length} of ${plan.steps.length} steps released`);
  }
  if (ended?.status === 'failed' && releases.length >= plan.steps.length) {
    complain(`${documentId} is said to have failed, but all its steps are released`);
  }
  return { documentId, versions, releases };
}

async function readRecord(
  store: ObjectStore,
  documentId: string,
  version: number,
): Promise<{ sha256: string; release: Release } | undefined> {
  const record: VersionRecord | undefined = await getJson(
    store,
    objectKeys.release(documentId, version),
    versionRecordSchema,
  );
  if (record === undefined || !isStepRelease(record)) return undefined;
  return { sha256: record.result.sha256, release: record };
}
