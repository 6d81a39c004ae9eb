import { SigningError, objectKeys, type DocumentVersion, type StepResult } from '@kyso/contracts';
import { readChunks, type ByteSource } from '@kyso/pdf';
import { createJson } from '@kyso/storage';
import { createHash } from 'node:crypto';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { readIntent } from './intent.js';

/** Size and SHA-256 (hexadecimal) of a version's bytes. */
export interface ReleasedBytes {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Creates the new version from the original and its increments; the original is streamed, never joined in memory.
 * undefined when the version exists already. Throws VERSION_STALE when our claim is gone, STORE_UNAVAILABLE, STORE_FULL.
 */
export async function createVersion(
  ports: Pick<SigningPorts, 'store'>,
  work: SigningWork,
  parts: { readonly original: ByteSource; readonly increments: readonly Uint8Array[] },
): Promise<ReleasedBytes | undefined> {
  // A run that was thought dead may have failed for good meanwhile, and given the version up for another job.
  if ((await readIntent(ports, work)) === undefined) {
    throw new SigningError('VERSION_STALE', { expected: `our claim on version ${work.newVersion}`, found: 'none' });
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readChunks(parts.original, 0, parts.original.size)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
    for (const increment of parts.increments) {
      hash.update(increment);
      sizeBytes += increment.length;
      yield increment;
    }
  }
  const created = await ports.store.create(objectKeys.version(work.job.documentId, work.newVersion), bytes());
  return created ? { sizeBytes, sha256: hash.digest('hex') } : undefined;
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
