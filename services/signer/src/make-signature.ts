import type { DigestAlgorithm } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import { PlaceholderTooSmall, completeSignature, digestPrepared, type Prepared } from '@kyso/pdf';
import { hash } from 'node:crypto';
import type { PreparedCredential } from './credentials/credential-source.js';
import type { RevocationStatus } from './evidence/gather-evidence.js';
import { prepareStep, type SigningBase } from '@kyso/preparation';
import { obtainSignature } from './release/obtain-signature.js';
import type { StepClaim } from './release/step-claim.js';
import type { SigningPorts } from './signing-ports.js';
import type { SigningWork } from './signing-work.js';
import { obtainTimestamp, type Timestamp } from './timestamp/obtain-timestamp.js';

/** The increment with its signature, and its time-stamp where the level has one that does not come later. */
export interface SignedIncrement {
  readonly increment: Uint8Array;
  readonly timestamp?: Timestamp;
}

/** A step's own. */
export interface MadeSignature extends SignedIncrement {
  /** SHA-256 of the signature value, hexadecimal: by it the audit log knows which use of the key was released. */
  readonly signatureSha256: string;
}

interface Input {
  readonly base: SigningBase;
  readonly credential: PreparedCredential;
  readonly claim: StepClaim;
  readonly revocation: RevocationStatus;
}

/** So often in a row another run of the same step may be first: more is a defect. */
const maxRaces = 10;

/**
 * Makes the signature that the claim describes. `neededBytes` when the CMS is larger than the placeholder.
 * Throws PdfError and SigningError, SIGNATURE_WRONG and KEY_USE_UNCERTAIN among them.
 */
export async function makeSignature(
  ports: SigningPorts,
  work: SigningWork,
  input: Input,
): Promise<MadeSignature | { readonly neededBytes: number }> {
  const { template, record } = input.credential;
  const { prepared, messageDigest, signature } = await sign(ports, work, input);
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
    const signatureSha256 = hash('sha256', signature);
    return { increment, signatureSha256, ...(timestamp === undefined ? {} : { timestamp }) };
  } catch (error) {
    if (error instanceof PlaceholderTooSmall) return { neededBytes: error.neededBytes };
    throw error;
  }
}

/** Prepares the increment from the claim and has its signed attributes signed; once more where another run's claim came first. */
async function sign(
  ports: SigningPorts,
  work: SigningWork,
  input: Input,
): Promise<{ readonly prepared: Prepared; readonly messageDigest: Uint8Array; readonly signature: Uint8Array }> {
  const { base, credential, claim, revocation } = input;
  const { template, certificate, record } = credential;
  for (let races = 0; races <= maxRaces; races++) {
    const prepared = await prepareStep({
      document: base.document,
      step: work.step,
      intent: claim.intent,
      certificate,
      chain: credential.chain,
      images: ports.images,
    });
    ports.progress(work.job.jobId, work.stepIndex, 'prepared');
    const messageDigest = await digestPrepared(base.source, prepared, record.digestAlgorithm);
    const signedAttrs = template.signedAttrs(messageDigest);
    const original = base.source;
    const signature = await obtainSignature(ports, work, { claim, credential, revocation, original, signedAttrs });
    if (signature !== undefined) return { prepared, messageDigest, signature };
  }
  throw new SigningError('INTERNAL', { expected: 'one run of a step at a time', found: `${maxRaces} others` });
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
