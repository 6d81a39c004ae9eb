import { SigningError, objectKeys, type Release, type StepResult } from '@kyso/contracts';
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

/** Stores what released a version that exists, and so the step's result. Harmless when repeated. */
export async function recordRelease(
  ports: Pick<SigningPorts, 'store' | 'clock'>,
  work: SigningWork,
  result: StepResult,
): Promise<void> {
  const release: Release = { jobId: work.job.jobId, createdAt: ports.clock.now().toISOString(), result };
  await createJson(ports.store, objectKeys.release(work.job.documentId, work.newVersion), release);
}
