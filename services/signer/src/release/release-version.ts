import { SigningError, objectKeys, type DocumentVersion, type StepResult } from '@kyso/contracts';
import { readChunks, type ByteSource } from '@kyso/pdf';
import { createJson } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { readIntent } from './intent.js';

/**
 * Creates the new version from the original and its increments; the original is streamed, never joined in memory.
 * False when the version exists already. Throws VERSION_STALE when our claim is gone, STORE_UNAVAILABLE, STORE_FULL.
 */
export async function createVersion(
  ports: Pick<SigningPorts, 'store'>,
  work: SigningWork,
  parts: { readonly original: ByteSource; readonly increments: readonly Uint8Array[] },
): Promise<boolean> {
  // A run that was thought dead may have failed for good meanwhile, and given the version up for another job.
  if ((await readIntent(ports, work)) === undefined) {
    throw new SigningError('VERSION_STALE', { expected: `our claim on version ${work.newVersion}`, found: 'none' });
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield* readChunks(parts.original, 0, parts.original.size);
    yield* parts.increments;
  }
  return ports.store.create(objectKeys.version(work.job.documentId, work.newVersion), bytes());
}

/** Stores the records of a version that exists: of the version, then of the step. Harmless when repeated. */
export async function recordRelease(
  ports: Pick<SigningPorts, 'store' | 'clock'>,
  work: SigningWork,
  result: StepResult,
): Promise<void> {
  const version: DocumentVersion = {
    version: work.newVersion,
    sizeBytes: result.sizeBytes,
    sha256: result.sha256,
    createdAt: ports.clock.now().toISOString(),
    jobId: work.job.jobId,
    step: work.stepIndex,
  };
  await createJson(ports.store, objectKeys.versionRecord(work.job.documentId, work.newVersion), version);
  await createJson(ports.store, objectKeys.stepResult(work.job.jobId, work.stepIndex), result);
}
