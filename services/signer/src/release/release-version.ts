import { SigningError, objectKeys, type Release, type StepResult } from '@kyso/contracts';
import { readChunks } from '@kyso/pdf';
import { createJson, type ObjectSource, type WantedVersion } from '@kyso/storage';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { readIntent } from './intent.js';

/**
 * Creates the new version from the original and its increments: put together by the store where it can, else streamed, never
 * joined in memory; only with our claim on it.
 * False when the version exists already. Throws VERSION_STALE when our claim is gone, STORE_UNAVAILABLE, STORE_FULL.
 */
export async function createVersion(
  ports: Pick<SigningPorts, 'store'>,
  work: SigningWork,
  parts: { readonly original: ObjectSource; readonly increments: readonly Uint8Array[] },
): Promise<boolean> {
  // A run that was thought dead may have failed for good meanwhile, and given the version up for another job.
  if ((await readIntent(ports, work)) === undefined) {
    throw new SigningError('VERSION_STALE', { expected: `our claim on version ${work.newVersion}`, found: 'none' });
  }
  return appendVersion(ports, { documentId: work.job.documentId, version: work.newVersion }, parts);
}

/** Creates a version from the one before and increments. False when it exists already. Throws STORE_UNAVAILABLE, STORE_FULL. */
export async function appendVersion(
  ports: Pick<SigningPorts, 'store'>,
  { documentId, version }: WantedVersion,
  { original, increments }: { readonly original: ObjectSource; readonly increments: readonly Uint8Array[] },
): Promise<boolean> {
  const key = objectKeys.version(documentId, version);
  if (original.tag !== undefined) {
    const base = objectKeys.version(documentId, version - 1);
    const body = { base, baseBytes: original.size, baseTag: original.tag, tail: increments };
    const created = await ports.store.createFrom?.(key, body);
    if (created !== undefined) return created;
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield* readChunks(original, 0, original.size);
    yield* increments;
  }
  return ports.store.create(key, bytes());
}

/** What released a version: the step's result, and by which signature. */
export interface Released {
  readonly result: StepResult;
  /** SHA-256 of the signature value, hexadecimal. */
  readonly signatureSha256: string;
}

/** Stores what released a version that exists, and so the step's result. Harmless when repeated. */
export async function recordRelease(
  ports: Pick<SigningPorts, 'store' | 'clock'>,
  work: SigningWork,
  { result, signatureSha256 }: Released,
): Promise<void> {
  const createdAt = ports.clock.now().toISOString();
  const release: Release = { jobId: work.job.jobId, createdAt, result, signatureSha256 };
  await createJson(ports.store, objectKeys.release(work.job.documentId, work.newVersion), release);
}
