import {
  SigningError,
  instantSchema,
  objectKeys,
  placeholderShortageSchema,
  signingIntentSchema,
  type StepResult,
} from '@kyso/contracts';
import { getJson } from '@kyso/storage';
import { z } from 'zod';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';

const openUseSchema = z.object({ useId: z.string(), at: instantSchema });
/** A use of the key that was about to begin when it was stored. */
export type OpenUse = z.infer<typeof openUseSchema>;

/** The stored intent, with what must survive a crash besides. */
const intentSchema = signingIntentSchema.extend({
  placeholderGrown: z.boolean().optional().describe('The reserved space was too small once; stated in the result'),
  placeholderShortage: placeholderShortageSchema.optional(),
  keyUses: z
    .int()
    .min(0)
    .optional()
    .describe(
      'How often the key was used for this step, or may have been; absent in claims from before uses were counted',
    ),
  openUse: openUseSchema.optional().describe('The last use, while nobody has said what came of it'),
  signedDigest: z.string().optional().describe('Of the signed attributes that the last use was for, hexadecimal'),
  signature: z
    .object({ useId: z.string(), valueBase64: z.string().max(4_096) })
    .optional()
    .describe(
      'What the last use gave, while it waits for a time-stamp or the like: no signer has to use the key again',
    ),
});
export type Intent = z.infer<typeof intentSchema>;

export function isOurs(intent: Intent, work: SigningWork): boolean {
  return intent.jobId === work.job.jobId && intent.step === work.stepIndex;
}

/** The claim on the version that this step will make, if there is one. Throws VERSION_STALE when it is somebody else's. */
export async function readIntent(ports: Pick<SigningPorts, 'store'>, work: SigningWork): Promise<Intent | undefined> {
  const intent = await getJson(ports.store, intentKey(work), intentSchema);
  if (intent === undefined || isOurs(intent, work)) return intent;
  throw new SigningError('VERSION_STALE', {
    expected: `version ${work.newVersion} unclaimed`,
    found: `claimed by ${intent.jobId}`,
  });
}

export function intentKey(work: SigningWork): string {
  return objectKeys.intent(work.job.documentId, work.newVersion);
}

export function keyUsesOf(intent: Intent | undefined): number {
  return intent === undefined ? 0 : (intent.keyUses ?? 1);
}

/** The use under a claim of which nobody has said what came of it. A claim from before uses were counted may have one. */
export function openUseOf(intent: Intent | undefined): OpenUse | undefined {
  if (intent?.openUse !== undefined) return intent.openUse;
  return intent !== undefined && intent.keyUses === undefined
    ? { useId: 'unknown', at: intent.signingTime }
    : undefined;
}

/** What a step's result says of a placeholder that was too small, and why, and of a key that was used more than once. */
export function statedOfIntent(
  intent: Intent | undefined,
): Pick<StepResult, 'placeholderGrown' | 'placeholderShortage' | 'keyUses'> {
  const uses = keyUsesOf(intent);
  return { ...(uses < 2 ? {} : { keyUses: uses }), ...growthOf(intent) };
}

/** What is kept of a placeholder that was too small. */
export function growthOf(intent: Intent | undefined): Pick<Intent, 'placeholderGrown' | 'placeholderShortage'> {
  if (intent?.placeholderGrown !== true) return {};
  const { placeholderShortage } = intent;
  return { placeholderGrown: true, ...(placeholderShortage === undefined ? {} : { placeholderShortage }) };
}

/** Our claim as it is stored, if nothing was released with it: it may be given up. */
export async function findUnreleased(
  ports: Pick<SigningPorts, 'store'>,
  work: SigningWork,
): Promise<Intent | undefined> {
  const intent = await getJson(ports.store, intentKey(work), intentSchema);
  if (intent === undefined || !isOurs(intent, work)) return undefined;
  const version = objectKeys.version(work.job.documentId, work.newVersion);
  return (await ports.store.stat(version)) === undefined ? intent : undefined;
}
