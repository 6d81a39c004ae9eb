import { verifySignatureValue, type DigestAlgorithm } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import { PlaceholderTooSmall, completeSignature, digestPrepared } from '@kyso/pdf';
import { hash } from 'node:crypto';
import type { PreparedCredential } from './credentials/credential-source.js';
import type { RevocationStatus } from './evidence/gather-evidence.js';
import { prepareStep, type SigningBase } from '@kyso/preparation';
import type { Intent } from './release/intent.js';
import { claimActivation, voidIfWrong } from './activations/activations.js';
import type { ActivatedLogin } from './hsm/digest-signer.js';
import type { SigningPorts } from './signing-ports.js';
import type { SigningWork } from './signing-work.js';
import { obtainTimestamp, type Timestamp } from './timestamp/obtain-timestamp.js';

/** The increment with its signature, and its time-stamp where the level has one that does not come later. */
export interface MadeSignature {
  readonly increment: Uint8Array;
  readonly timestamp?: Timestamp;
}

interface Input {
  readonly base: SigningBase;
  readonly credential: PreparedCredential;
  readonly intent: Intent;
  readonly revocation: RevocationStatus;
}

/**
 * Makes the signature that the intent describes. `neededBytes` when the CMS is larger than the placeholder.
 * Throws PdfError and SigningError, SIGNATURE_WRONG among them.
 */
export async function makeSignature(
  ports: SigningPorts,
  work: SigningWork,
  input: Input,
): Promise<MadeSignature | { readonly neededBytes: number }> {
  const { base, credential, intent } = input;
  const { template, certificate, record } = credential;
  const prepared = await prepareStep({
    document: base.document,
    step: work.step,
    intent,
    certificate,
    chain: credential.chain,
    images: ports.images,
  });
  ports.progress(work.job.jobId, work.stepIndex, 'prepared');

  const messageDigest = await digestPrepared(base.source, prepared, record.digestAlgorithm);
  const signature = await signAttributes(ports, work, { ...input, signedAttrs: template.signedAttrs(messageDigest) });
  ports.progress(work.job.jobId, work.stepIndex, 'signed');

  let timestamp: Timestamp | undefined;
  if (work.step.level !== 'B-B') {
    // The signature time-stamp covers the signature value (ETSI EN 319 122-1, 5.3).
    timestamp = await timestampOrLater(ports, work, {
      messageImprint: hash(record.digestAlgorithm, signature, 'buffer'),
      digestAlgorithm: record.digestAlgorithm,
    });
    if (timestamp !== undefined) ports.progress(work.job.jobId, work.stepIndex, 'timestamped');
  }
  const cmsDer = template.assemble(messageDigest, signature, timestamp?.tokenDer);
  try {
    const increment = completeSignature(prepared, cmsDer);
    return timestamp === undefined ? { increment } : { increment, timestamp };
  } catch (error) {
    if (error instanceof PlaceholderTooSmall) return { neededBytes: error.neededBytes };
    throw error;
  }
}

/** Undefined when no authority answers and the job's policy lets the time-stamp come later. */
async function timestampOrLater(
  ports: SigningPorts,
  { job }: SigningWork,
  about: { readonly messageImprint: Uint8Array; readonly digestAlgorithm: DigestAlgorithm },
): Promise<Timestamp | undefined> {
  try {
    return await obtainTimestamp(ports, { ...about, requestId: job.requestId });
  } catch (error) {
    const mayWait = job.policy?.timestamp === 'deferred';
    if (mayWait && error instanceof SigningError && error.code === 'TSA_UNAVAILABLE') return undefined;
    throw error;
  }
}

/**
 * Has the signed attributes signed. The key is used at most twice: a token that gives a wrong signature gets new sessions
 * and one more try. What was signed before with the same intent is not signed again.
 */
async function signAttributes(
  ports: SigningPorts,
  work: SigningWork,
  input: Input & { readonly signedAttrs: Uint8Array },
): Promise<Uint8Array> {
  const { signedAttrs, credential } = input;
  const { certificate, record } = credential;
  const { scheme, digestAlgorithm } = record;
  const verifies = (signature: Uint8Array): boolean =>
    verifySignatureValue({ certificate, scheme, digestAlgorithm, data: signedAttrs, signature });

  const digest = hash(digestAlgorithm, signedAttrs, 'buffer');
  const memoryKey = digest.toString('hex');
  const remembered = ports.signatures.get(memoryKey, certificate.sha256);
  if (remembered !== undefined && verifies(remembered)) return remembered;

  const activation = await claimActivation(ports, work, input.base.source);
  for (let tries = 1; ; tries++) {
    const signature = await useKey(ports, work, { ...input, digest, activation });
    if (verifies(signature)) {
      ports.signatures.keep(memoryKey, certificate.sha256, signature);
      return signature;
    }
    await ports.signer.replaceSessions(record.token);
    if (tries === 2) {
      throw new SigningError('SIGNATURE_WRONG', {
        expected: 'a signature that the certificate verifies',
        found: `wrong ones from token ${record.token}, ${tries} times`,
      });
    }
  }
}

/** One use of the key between two durable audit records. Without the first one the key is not used. */
async function useKey(
  ports: SigningPorts,
  work: SigningWork,
  input: Input & { readonly digest: Buffer; readonly activation: ActivatedLogin | undefined },
): Promise<Uint8Array> {
  const { credential, digest, revocation, activation } = input;
  const { record, certificate } = credential;
  const facts = {
    jobId: work.job.jobId,
    step: work.stepIndex,
    requestId: work.job.requestId,
    clientId: work.job.clientId,
    documentId: work.job.documentId,
    version: work.newVersion,
    credentialId: record.credentialId,
    role: work.step.role,
    ...(work.job.actor === undefined ? {} : { actor: work.job.actor }),
    ...(work.step.delegationId === undefined ? {} : { delegationId: work.step.delegationId }),
    token: record.token,
    certificateSha256: certificate.sha256,
    ...(activation === undefined ? {} : { activationId: activation.bounds.activationId }),
    digestAlgorithm: record.digestAlgorithm,
    signedDigest: digest.toString('hex'),
  };
  await ports.audit.write({ event: 'key-use-begins', ...facts, revocation });
  let signature: Uint8Array;
  try {
    signature = await ports.signer.sign({
      token: record.token,
      keyId: record.keyId,
      scheme: record.scheme,
      digestAlgorithm: record.digestAlgorithm,
      digest,
      lane: work.job.lane,
      activation,
    });
  } catch (error) {
    const code = error instanceof SigningError ? error.code : 'INTERNAL';
    await ports.audit.write({ event: 'key-use-failed', ...facts, code });
    await voidIfWrong(ports, activation, error);
    throw error;
  }
  const signatureSha256 = hash('sha256', signature);
  await ports.audit.write({ event: 'key-use-ended', ...facts, signatureSha256 });
  return signature;
}
