import {
  SigningError,
  objectKeys,
  placeholderShortageSchema,
  signingIntentSchema,
  type StepResult,
} from '@kyso/contracts';
import { createJson, getJson, putJson } from '@kyso/storage';
import { z } from 'zod';
import type { PreparedCredential } from '../credentials/credential-source.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';

/** The stored intent, with what must survive a crash besides. */
const intentSchema = signingIntentSchema.extend({
  placeholderGrown: z.boolean().optional().describe('The reserved space was too small once; stated in the result'),
  placeholderShortage: placeholderShortageSchema.optional(),
});
export type Intent = z.infer<typeof intentSchema>;

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'policy'>;

function keyOf(work: SigningWork): string {
  return objectKeys.intent(work.job.documentId, work.newVersion);
}

export function isOurs(intent: Intent, work: SigningWork): boolean {
  return intent.jobId === work.job.jobId && intent.step === work.stepIndex;
}

/** The claim on the version that this step will make, if there is one. Throws VERSION_STALE when it is somebody else's. */
export async function readIntent(ports: Pick<Ports, 'store'>, work: SigningWork): Promise<Intent | undefined> {
  const intent = await getJson(ports.store, keyOf(work), intentSchema);
  if (intent === undefined || isOurs(intent, work)) return intent;
  throw new SigningError('VERSION_STALE', {
    expected: `version ${work.newVersion} unclaimed`,
    found: `claimed by ${intent.jobId}`,
  });
}

/**
 * Claims the new version for this step, or takes up the claim that an earlier run of it made: then all values are used
 * again, so that the to-be-signed bytes are the same. A claim that waited long, or one for another certificate than the
 * credential has now, is replaced. Throws VERSION_STALE when another job was first.
 */
export async function claimVersion(
  ports: Ports,
  work: SigningWork,
  fresh: {
    readonly credential: PreparedCredential;
    readonly fieldName: string;
    readonly reservedBytes: number;
    readonly found: Intent | undefined;
  },
): Promise<Intent> {
  const { credential, fieldName, reservedBytes, found } = fresh;
  const now = ports.clock.now();
  const { scheme, digestAlgorithm } = credential.record;
  // /M holds whole seconds.
  const signingTime = new Date(Math.floor(now.getTime() / 1_000) * 1_000).toISOString();
  const intent: Intent = {
    jobId: work.job.jobId,
    step: work.stepIndex,
    documentId: work.job.documentId,
    version: work.newVersion,
    fieldName,
    signingTime,
    reservedBytes: Math.max(reservedBytes, found?.placeholderGrown === true ? found.reservedBytes : 0),
    certificateSha256: credential.certificate.sha256,
    scheme,
    digestAlgorithm,
    ...growthOf(found),
  };
  if (found !== undefined) {
    const ageMs = now.getTime() - Date.parse(found.signingTime);
    const usable =
      found.fieldName === fieldName &&
      found.certificateSha256 === intent.certificateSha256 &&
      found.scheme === scheme &&
      found.digestAlgorithm === digestAlgorithm &&
      ageMs <= ports.policy.maxIntentAgeMs &&
      ageMs >= 0;
    if (usable) return found;
    await putJson(ports.store, keyOf(work), intent);
    return intent;
  }
  if (await createJson(ports.store, keyOf(work), intent)) return intent;
  // Somebody was faster: another job, or another run of ours.
  const other = await readIntent(ports, work);
  return other ?? claimVersion(ports, work, { credential, fieldName, reservedBytes, found: undefined });
}

/** What a step's result says of a placeholder that was too small, and why. */
export function growthOf(intent: Intent | undefined): Pick<StepResult, 'placeholderGrown' | 'placeholderShortage'> {
  if (intent?.placeholderGrown !== true) return {};
  const { placeholderShortage } = intent;
  return { placeholderGrown: true, ...(placeholderShortage === undefined ? {} : { placeholderShortage }) };
}

/** Replaces our claim by one with more room, because the CMS did not fit. */
export async function growIntent(ports: Ports, work: SigningWork, grown: Intent, neededBytes: number): Promise<Intent> {
  // Room for a time-stamp token that is a little larger at the next try.
  const intent: Intent = {
    ...grown,
    reservedBytes: neededBytes + 512,
    placeholderGrown: true,
    placeholderShortage: { reservedBytes: grown.reservedBytes, neededBytes },
  };
  await putJson(ports.store, keyOf(work), intent);
  return intent;
}

/** Gives the claim up, if it is ours and nothing was released with it. */
export async function dropIntent(ports: Pick<Ports, 'store'>, work: SigningWork): Promise<void> {
  const intent = await getJson(ports.store, keyOf(work), intentSchema);
  if (intent === undefined || !isOurs(intent, work)) return;
  if ((await ports.store.stat(objectKeys.version(work.job.documentId, work.newVersion))) !== undefined) return;
  await ports.store.delete(keyOf(work));
}
