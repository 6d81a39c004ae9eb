import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import type { Intent } from './intent.js';

/** Why what a use gave, if it gave anything, is never released. */
export type LossReason =
  /** An earlier run of the step began it and left neither a version nor a word. */
  | 'no-trace'
  /** The token was asked and did not answer. */
  | 'no-answer'
  | 'placeholder-too-small'
  /** The signature waited so long that a new signing time was taken, or for another certificate. */
  | 'outdated'
  /** Another run of the same step released the version. */
  | 'released-by-another-run'
  | 'job-failed';

/** What the step does next: the key gives the same signature again, or another one, or is not used for it any more. */
export type AfterLoss = 'same-again' | 'again' | 'not-needed' | 'stop';

/**
 * Puts down that the signature of an earlier use is lost, or that there was none: joined by `useId`, job, step and version to the
 * entries around that use, which may stand in the log of another signer. Throws STORE_UNAVAILABLE, STORE_FULL.
 */
export function auditLostUse(
  ports: Pick<SigningPorts, 'audit'>,
  work: SigningWork,
  lost: {
    readonly useId: string;
    readonly intent: Pick<Intent, 'certificateSha256' | 'signedDigest' | 'digestAlgorithm'>;
    readonly reason: LossReason;
    readonly next: AfterLoss;
    readonly began?: string;
    readonly code?: string;
  },
): Promise<void> {
  const { useId, intent, reason, next, began, code } = lost;
  return ports.audit.write({
    event: 'key-use-lost',
    useId,
    jobId: work.job.jobId,
    step: work.stepIndex,
    requestId: work.job.requestId,
    clientId: work.job.clientId,
    documentId: work.job.documentId,
    version: work.newVersion,
    credentialId: work.step.credentialId,
    certificateSha256: intent.certificateSha256,
    digestAlgorithm: intent.digestAlgorithm,
    ...(intent.signedDigest === undefined ? {} : { signedDigest: intent.signedDigest }),
    ...(began === undefined ? {} : { began }),
    reason,
    next,
    ...(code === undefined ? {} : { code }),
  });
}
