import { checkCades, type Certificate } from '@kyso/cms';
import { SigningError, isStepRelease, toFailure, type Failure, type Level, type VersionRecord } from '@kyso/contracts';
import type { PdfDocument } from '@kyso/pdf';
import { chainToAnchor } from '@kyso/preparation';
import { gatherEvidence } from '../evidence/gather-evidence.js';
import type { SigningPorts } from '../signing-ports.js';

/** A signature that was released as B-B until a time-stamp can be had. */
export interface WaitingSignature {
  readonly fieldName: string;
  /** What it was asked for: B-T or above. */
  readonly level: Level;
}

/** What can be made of the signatures that wait, now. */
export interface Outlook {
  readonly waiting: readonly WaitingSignature[];
  /** The highest level among those that can have evidence. */
  readonly level: Level;
  /** Chains of their signers, leaf first. */
  readonly chains: readonly (readonly Certificate[])[];
  /** Why one of them can't have more than a time-stamp. */
  readonly failure?: Failure;
}

/** Those without a time-stamp: a later time-stamp is one for all signatures before it. */
export function waitingSignatures(releases: readonly VersionRecord[]): WaitingSignature[] {
  const last = releases.findLastIndex((release) => !isStepRelease(release));
  return releases.slice(last + 1).flatMap((release) => {
    if (!isStepRelease(release) || release.result.deferredLevel === undefined) return [];
    return [{ fieldName: release.result.fieldName, level: release.result.deferredLevel }];
  });
}

/**
 * Looks for the evidence that the signatures need before a time-stamp is asked for: without it the time-stamp would be
 * wasted. A signer's certificate that was revoked meanwhile keeps its signature from B-LT, and is stated.
 * Throws SigningError REVOCATION_UNAVAILABLE, CERTIFICATE_UNTRUSTED.
 */
export async function outlookFor(
  ports: Pick<SigningPorts, 'revocation' | 'policy'>,
  document: PdfDocument,
  about: { readonly waiting: readonly WaitingSignature[]; readonly requestId: string },
): Promise<Outlook> {
  const { waiting, requestId } = about;
  const chains: (readonly Certificate[])[] = [];
  let level: Level = 'B-T';
  let failure: Failure | undefined;
  const signatures = await document.signatures();
  for (const wanted of waiting) {
    if (wanted.level === 'B-T') continue;
    const signature = signatures.find(({ fieldName }) => fieldName === wanted.fieldName);
    if (signature === undefined) continue;
    // Only its certificates are wanted: the signature was checked when it was released, and is again below.
    const { signer, certificates } = await checkCades(signature.cmsDer, async () => new Uint8Array(0));
    const at = signature.signingTime ?? new Date();
    const chain = chainToAnchor([signer, ...certificates], ports.policy.trustAnchors, at);
    try {
      await gatherEvidence(ports, [chain], { requestId });
    } catch (error) {
      if (!(error instanceof SigningError) || error.code !== 'CERTIFICATE_REVOKED') throw error;
      failure = toFailure(error);
      continue;
    }
    chains.push(chain);
    if (level !== 'B-LTA') level = wanted.level;
  }
  return { waiting, level, chains, ...(failure === undefined ? {} : { failure }) };
}
