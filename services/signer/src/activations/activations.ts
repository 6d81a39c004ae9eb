import {
  activationEndSchema,
  activationRecordSchema,
  activationUseSchema,
  objectKeys,
  SigningError,
  type ActivationEnd,
  type ActivationRecord,
  type ActivationUse,
} from '@kyso/contracts';
import type { ByteSource } from '@kyso/pdf';
import { createJson, getJson, readJob, readOutcome } from '@kyso/storage';
import { createHash } from 'node:crypto';
import type { ActivatedLogin } from '../hsm/digest-signer.js';
import { PinRefused } from '../hsm/token-failures.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';

type Ports = Pick<SigningPorts, 'store' | 'clock'>;

const readBytes = 1_048_576;
/** A void activation that can't be noted would be good for another try: so often it is tried to note it. */
const maxVoidTries = 3;

/**
 * What the step may log in with; undefined for a step without an activation. One of the activation's uses is claimed for this
 * (job, step) by creating an object, so that all signers together use the key for no more steps than the PIN was given for;
 * a repeat of the step finds its own claim. Throws SigningError ACTIVATION_UNKNOWN, ACTIVATION_FOREIGN, ACTIVATION_EXPIRED,
 * ACTIVATION_USED_UP, ACTIVATION_INVALID, STORE_UNAVAILABLE.
 */
export async function claimActivation(
  ports: Ports,
  work: SigningWork,
  original: ByteSource,
): Promise<ActivatedLogin | undefined> {
  const { activationId } = work.step;
  if (activationId === undefined) return undefined;
  const record = await getJson(ports.store, objectKeys.activation(activationId), activationRecordSchema);
  if (record === undefined || record.clientId !== work.job.clientId) {
    throw new SigningError('ACTIVATION_UNKNOWN', { found: activationId });
  }
  if (record.credentialId !== work.step.credentialId) {
    throw new SigningError('ACTIVATION_FOREIGN', { expected: record.credentialId, found: work.step.credentialId });
  }
  const now = ports.clock.now();
  if (now >= new Date(record.expiresAt)) {
    throw new SigningError('ACTIVATION_EXPIRED', {
      expected: `a time before ${record.expiresAt}`,
      found: now.toISOString(),
    });
  }
  await assertNotEnded(ports, record);
  await assertSeen(ports, work, { record, original });
  const sealedPin = await readSealedPin(ports, record);
  await claimUse(ports, work, record);
  const { count, documents, expiresAt, clientId, credentialId } = record;
  return { sealedPin, bounds: { activationId, count, documents, expiresAt, clientId, credentialId } };
}

/** After a release: when every use was made and its step has ended, the sealed PIN goes. Failures leave it to its expiry. */
export async function endIfUsedUp(ports: Ports, work: SigningWork): Promise<void> {
  const { activationId } = work.step;
  if (activationId === undefined) return;
  try {
    const record = await getJson(ports.store, objectKeys.activation(activationId), activationRecordSchema);
    if (record === undefined) return;
    for (let n = record.count; n >= 1; n--) {
      const use = await getJson(ports.store, objectKeys.activationUse(activationId, n), activationUseSchema);
      if (use === undefined || !(await hasEnded(ports, work, use))) return;
    }
    await endActivation(ports, record, 'used-up');
  } catch {
    // The step is released; what is left of the activation expires, and the gateway deletes it then.
  }
}

/** A PIN that was wrong, or is not what it should be, is never tried again, whatever becomes of the quarantine. */
export async function voidIfWrong(ports: Ports, activation: ActivatedLogin | undefined, error: unknown): Promise<void> {
  if (activation === undefined) return;
  const isWrong = error instanceof PinRefused;
  const isInvalid = error instanceof SigningError && error.code === 'ACTIVATION_INVALID';
  if (!isWrong && !isInvalid) return;
  for (let tries = 1; tries <= maxVoidTries; tries++) {
    try {
      return await endActivation(ports, activation.bounds, isWrong ? 'pin-incorrect' : 'seal-invalid');
    } catch {
      // The caller reports what happened to the PIN: that matters more.
    }
  }
}

async function endActivation(
  ports: Ports,
  activation: Pick<ActivationRecord, 'activationId' | 'expiresAt'>,
  reason: ActivationEnd['reason'],
): Promise<void> {
  const end: ActivationEnd = { reason, at: ports.clock.now().toISOString() };
  await createJson(ports.store, objectKeys.activationEnd(activation.activationId), end);
  await ports.store.delete(objectKeys.sealedPin(activation));
}

async function assertNotEnded({ store }: Ports, { activationId }: ActivationRecord): Promise<void> {
  const end = await getJson(store, objectKeys.activationEnd(activationId), activationEndSchema);
  if (end === undefined) return;
  throw new SigningError('ACTIVATION_USED_UP', {
    expected: 'a usable activation',
    found: `${end.reason} at ${end.at}`,
  });
}

/** What is signed begins with the version that the official saw: the one that the request named. */
async function assertSeen(
  { store }: Ports,
  work: SigningWork,
  { record, original }: { readonly record: ActivationRecord; readonly original: ByteSource },
): Promise<void> {
  const { documentId, expectedVersion, seenVersion = expectedVersion } = work.job;
  const seen = await store.stat(objectKeys.version(documentId, seenVersion));
  if (seen === undefined) throw new SigningError('VERSION_UNKNOWN', { found: `version ${seenVersion}` });
  const hash = createHash('sha256');
  for (let start = 0; start < seen.sizeBytes; start += readBytes) {
    hash.update(await original.read(start, Math.min(readBytes, seen.sizeBytes - start)));
  }
  const sha256 = hash.digest('hex');
  if (record.documents.includes(sha256)) return;
  throw new SigningError('ACTIVATION_FOREIGN', {
    expected: `one of the ${record.documents.length} documents of ${record.activationId}`,
    found: `version ${seenVersion} of ${documentId}, SHA-256 ${sha256}`,
  });
}

async function readSealedPin({ store }: Ports, record: ActivationRecord): Promise<string> {
  const bytes = await store.get(objectKeys.sealedPin(record));
  if (bytes === undefined) throw new SigningError('ACTIVATION_USED_UP', { expected: 'its sealed PIN', found: 'none' });
  if (createHash('sha256').update(bytes).digest('hex') !== record.sealedPinSha256) {
    throw new SigningError('ACTIVATION_INVALID', { expected: 'the sealed PIN that was handed in', found: 'another' });
  }
  return Buffer.from(bytes).toString('ascii');
}

async function claimUse({ store, clock }: Ports, work: SigningWork, record: ActivationRecord): Promise<void> {
  const { activationId, count } = record;
  const mine: ActivationUse = { jobId: work.job.jobId, step: work.stepIndex, at: clock.now().toISOString() };
  for (let n = 1; n <= count; n++) {
    const key = objectKeys.activationUse(activationId, n);
    if (await createJson(store, key, mine)) return;
    const use = await getJson(store, key, activationUseSchema);
    if (use?.jobId === mine.jobId && use.step === mine.step) return;
  }
  throw new SigningError('ACTIVATION_USED_UP', { expected: `at most ${count} signatures`, found: 'one more' });
}

async function hasEnded({ store }: Ports, work: SigningWork, use: ActivationUse): Promise<boolean> {
  if (use.jobId === work.job.jobId && use.step === work.stepIndex) return true;
  const job = await readJob(store, use.jobId);
  if (job === undefined || (await readOutcome(store, job)) !== undefined) return true;
  return (await store.stat(objectKeys.release(job.documentId, job.expectedVersion + use.step + 1))) !== undefined;
}
