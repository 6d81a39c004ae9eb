import { verifySignatureValue } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import type { ByteSource } from '@kyso/pdf';
import { hash } from 'node:crypto';
import { claimActivation, voidIfWrong } from '../activations/activations.js';
import type { PreparedCredential } from '../credentials/credential-source.js';
import type { RevocationStatus } from '../evidence/gather-evidence.js';
import type { ActivatedLogin } from '../hsm/digest-signer.js';
import { AnswerLost } from '../hsm/token-failures.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import type { OpenUse } from './intent.js';
import { auditLostUse, type LossReason } from './lost-use.js';
import type { MadeByUse, StepClaim } from './step-claim.js';

interface Input {
  readonly claim: StepClaim;
  readonly credential: PreparedCredential;
  readonly revocation: RevocationStatus;
  /** The version that is signed. */
  readonly original: ByteSource;
  /** What the key signs the digest of (RFC 5652, 5.4). */
  readonly signedAttrs: Uint8Array;
}

interface KeyUse extends Input {
  readonly digest: Buffer;
  readonly activation: ActivatedLogin | undefined;
  readonly useId: string;
}

/** The key is used at most this often in one run: a wrong signature or a lost answer gets one more try. */
const maxTries = 2;

/**
 * The signature over the signed attributes that the claim leads to: one that was made before, or one for which the key is used.
 * Undefined when another run of this step was first with its claim: then the attributes are to be prepared again.
 * Throws SigningError, among them SIGNATURE_WRONG, and KEY_USE_UNCERTAIN where the policy wants a person to decide.
 */
export async function obtainSignature(
  ports: SigningPorts,
  work: SigningWork,
  input: Input,
): Promise<Uint8Array | undefined> {
  const { claim, credential, signedAttrs } = input;
  const { certificate, record } = credential;
  const digest = hash(record.digestAlgorithm, signedAttrs, 'buffer');
  const signedDigest = digest.toString('hex');

  const known = await madeBefore(ports, work, { ...input, signedDigest });
  if (known !== undefined) return (await claim.hold()) ? known.signature : undefined;
  if (claim.openUse !== undefined) {
    await assertMayRepeat(ports, work, { claim, lost: claim.openUse, signedDigest, reason: 'no-trace' });
  }
  let activation: ActivatedLogin | undefined;
  if (work.step.activationId !== undefined) {
    // Without the version it would be a use of the official's PIN for nothing.
    if (!(await claim.hold())) return undefined;
    activation = await claimActivation(ports, work, input.original);
  }
  for (let tries = 1; ; tries++) {
    const useId = await claim.beginUse(signedDigest);
    if (useId === undefined) return undefined;
    const use = { ...input, digest, activation, useId };
    const answer = await useKey(ports, work, use).catch(async (error: unknown) => {
      await assertMayTryAgain(ports, work, { ...use, signedDigest, tries, error });
      return undefined;
    });
    if (answer === undefined) continue;
    const { signature, isValid } = answer;
    if (isValid) {
      ports.signatures.keep(signedDigest, certificate.sha256, { useId, signature });
      claim.made({ useId, signature });
      return signature;
    }
    await ports.signer.replaceSessions(record.token, signature);
    if (tries === maxTries) {
      throw new SigningError('SIGNATURE_WRONG', {
        expected: 'a signature that the certificate verifies',
        found: `wrong ones from token ${record.token}, at the end ${tries} times`,
      });
    }
  }
}

function verifies({ credential, signedAttrs }: Input, signature: Uint8Array): boolean {
  const { certificate, record } = credential;
  const { scheme, digestAlgorithm } = record;
  return verifySignatureValue({ certificate, scheme, digestAlgorithm, data: signedAttrs, signature });
}

/** From this process's memory, or kept with the claim by a run that had to wait. What can't be used any more is put down. */
async function madeBefore(
  ports: SigningPorts,
  work: SigningWork,
  input: Input & { readonly signedDigest: string },
): Promise<MadeByUse | undefined> {
  const { claim, credential, signedDigest } = input;
  const { kept, openUse, stored } = claim;
  const isSame = (one: MadeByUse | undefined): one is MadeByUse => one !== undefined && verifies(input, one.signature);
  const remembered = ports.signatures.get(signedDigest, credential.certificate.sha256);
  const known = isSame(remembered) ? remembered : isSame(kept) ? kept : undefined;
  const intent = stored ?? claim.intent;
  if (kept !== undefined && kept.useId !== known?.useId) {
    const next = known === undefined ? 'again' : 'not-needed';
    await auditLostUse(ports, work, { useId: kept.useId, intent, reason: 'outdated', next });
  }
  if (known === undefined) return undefined;
  if (openUse !== undefined && openUse.useId !== known.useId) {
    const lost = { useId: openUse.useId, began: openUse.at, intent };
    await auditLostUse(ports, work, { ...lost, reason: 'no-trace', next: 'not-needed' });
  }
  claim.made(known);
  return known;
}

/**
 * Whether the key may be used again although it may have been used already. With RSASSA-PKCS1-v1_5 the same bytes give the same
 * signature (RFC 8017, 8.2); RSASSA-PSS and ECDSA, or other bytes, give a second one, of which the first is lost.
 */
async function assertMayRepeat(
  ports: SigningPorts,
  work: SigningWork,
  about: {
    readonly claim: StepClaim;
    readonly lost: OpenUse;
    readonly signedDigest: string;
    readonly reason: LossReason;
  },
): Promise<void> {
  const { claim, lost, signedDigest, reason } = about;
  const intent = claim.stored ?? claim.intent;
  // A claim from before digests were kept is taken up as it is, or not at all.
  const isSameBytes =
    intent.signedDigest === undefined ? intent === claim.intent : intent.signedDigest === signedDigest;
  const gives = intent.scheme === 'rsa-pkcs1' && isSameBytes ? 'same-again' : 'again';
  const next = gives === 'again' && ports.policy.uncertainKeyUse === 'stop' ? 'stop' : gives;
  await auditLostUse(ports, work, { useId: lost.useId, began: lost.at, intent, reason, next });
  if (next !== 'stop') return;
  throw new SigningError('KEY_USE_UNCERTAIN', {
    expected: `a signature of the use of the key that began at ${lost.at}`,
    found: reason === 'no-answer' ? 'no answer of the token' : 'no version, and no word of what came of it',
  });
}

/** After a use that gave no signature: throws what it threw, unless the token gets another try at once. */
async function assertMayTryAgain(
  ports: SigningPorts,
  work: SigningWork,
  failed: KeyUse & { readonly signedDigest: string; readonly tries: number; readonly error: unknown },
): Promise<void> {
  const { error, claim, signedDigest, tries, activation } = failed;
  if (!(error instanceof AnswerLost)) throw error;
  // A PIN that its owner gave is not tried again so soon; and whoever comes next decides about this use.
  if (activation !== undefined || tries === maxTries) throw error;
  const lost = claim.openUse;
  if (lost !== undefined) await assertMayRepeat(ports, work, { claim, lost, signedDigest, reason: 'no-answer' });
}

/** One use of the key between two durable audit records. Without the first one the key is not used. */
async function useKey(
  ports: SigningPorts,
  work: SigningWork,
  use: KeyUse,
): Promise<{ readonly signature: Uint8Array; readonly isValid: boolean }> {
  const { credential, digest, activation, claim, useId } = use;
  const { record } = credential;
  const facts = auditFacts(work, use);
  try {
    await ports.audit.write({ event: 'key-use-begins', ...facts, revocation: use.revocation });
  } catch (error) {
    await claim.withdrawUse(useId);
    throw error;
  }
  let signature: Uint8Array;
  try {
    signature = await ports.signer.sign({
      token: record.token,
      keyId: record.keyId,
      scheme: record.scheme,
      digestAlgorithm: record.digestAlgorithm,
      digest,
      lane: work.job.lane,
      // A second signature is a second use, with an entry of its own.
      once: true,
      activation,
    });
  } catch (error) {
    const code = error instanceof SigningError ? error.code : 'INTERNAL';
    const isUntouched = error instanceof SigningError && !(error instanceof AnswerLost) && code !== 'INTERNAL';
    try {
      await ports.audit.write({ event: 'key-use-failed', ...facts, code, used: isUntouched ? 'no' : 'unknown' });
    } finally {
      if (isUntouched) await claim.withdrawUse(useId);
    }
    await voidIfWrong(ports, activation, error);
    throw error;
  }
  const signatureSha256 = hash('sha256', signature);
  const isValid = verifies(use, signature);
  const verdict = isValid ? 'valid' : 'wrong';
  await ports.audit.write({ event: 'key-use-ended', ...facts, signatureSha256, signature: verdict });
  return { signature, isValid };
}

function auditFacts(work: SigningWork, use: KeyUse): { readonly jobId: string; readonly [fact: string]: unknown } {
  const { job, step } = work;
  const { record, certificate } = use.credential;
  return {
    useId: use.useId,
    jobId: job.jobId,
    step: work.stepIndex,
    requestId: job.requestId,
    clientId: job.clientId,
    documentId: job.documentId,
    version: work.newVersion,
    credentialId: record.credentialId,
    role: step.role,
    ...(job.actor === undefined ? {} : { actor: job.actor }),
    ...(step.delegationId === undefined ? {} : { delegationId: step.delegationId }),
    token: record.token,
    certificateSha256: certificate.sha256,
    ...(use.activation === undefined ? {} : { activationId: use.activation.bounds.activationId }),
    digestAlgorithm: record.digestAlgorithm,
    signedDigest: use.digest.toString('hex'),
  };
}
