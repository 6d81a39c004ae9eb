import {
  SigningError,
  assertCredentialRules,
  assertEntrusted,
  objectKeys,
  type Repaired,
  type ScreeningFinding,
  type Stage,
  type StepResult,
  type StoredPreparation,
  type StoredStep,
} from '@kyso/contracts';
import { PdfDocument, bufferSource, concatSource } from '@kyso/pdf';
import { fieldOfStep, screenDocument, signingBase } from '@kyso/preparation';
import { openObjectSource, type ObjectSource } from '@kyso/storage';
import { endIfUsedUp } from './activations/activations.js';
import type { PreparedCredential } from './credentials/credential-source.js';
import { checkRevocation, type RevocationStatus } from './evidence/gather-evidence.js';
import { extendToLevel, type WantedLevel } from './evidence/extend-to-level.js';
import { pdfFailure } from './pdf-failure.js';
import { adoptVersion, levelReached } from './release/adopt-version.js';
import { readIntent, statedOfIntent, type Intent } from './release/intent.js';
import { createVersion, recordRelease, type Released } from './release/release-version.js';
import { StepClaim } from './release/step-claim.js';
import { selfCheck } from './screening/self-check.js';
import { makeSignature, type MadeSignature } from './make-signature.js';
import type { SigningPorts } from './signing-ports.js';
import type { SigningWork } from './signing-work.js';

export type { SigningPorts } from './signing-ports.js';
export { signingWork, type SigningWork } from './signing-work.js';
export { StoredCredentials } from './credentials/stored-credentials.js';
export { SignatureMemory } from './release/signature-memory.js';
export { TokenSizeMemory } from './timestamp/token-size-memory.js';

/** The placeholder is made larger at most this often; each time the key is used again. */
const maxGrowths = 3;

/**
 * Signs one step of a job and releases the new version of its document: screened, claimed, signed, time-stamped, given its
 * evidence, checked, created, recorded. It may be stopped at any point and run again, also while another run of the same
 * step is still alive: at most one version is released, and what was released once is taken up as it is.
 *
 * Throws SigningError. It gives nothing up by itself: whether a failure is for good is the caller's to decide (`runStep`).
 */
export async function signDocument(configured: SigningPorts, work: SigningWork): Promise<StepResult> {
  const ports = underPolicy(configured, work);
  const released = await pdfFailure(() => signOrAdopt(ports, work));
  await recordRelease(ports, work, released);
  await endIfUsedUp(ports, work);
  passed(ports, work, 'released');
  return released.result;
}

/** The policy of the job goes before what this signer is configured with. */
function underPolicy(ports: SigningPorts, { job }: SigningWork): SigningPorts {
  const { revocation, uncertainKeyUse } = job.policy ?? {};
  if (revocation === undefined && uncertainKeyUse === undefined) return ports;
  const { policy } = ports;
  return {
    ...ports,
    policy: {
      ...policy,
      revocationCheck: revocation ?? policy.revocationCheck,
      uncertainKeyUse: uncertainKeyUse ?? policy.uncertainKeyUse,
    },
  };
}

async function signOrAdopt(ports: SigningPorts, work: SigningWork): Promise<Released> {
  const found = await readIntent(ports, work);
  const released = await ports.store.stat(objectKeys.version(work.job.documentId, work.newVersion));
  if (released !== undefined) {
    if (found !== undefined) return adoptVersion(ports, work, found);
    throw new SigningError('VERSION_STALE', { expected: `version ${work.newVersion} free`, found: 'released' });
  }
  const credential = await ports.credentials.get(work.step.credentialId);
  const use = { role: work.step.role, now: ports.clock.now() };
  assertCredentialRules(credential.record, use);
  // Asked at acceptance as well; a delegation may have ended while the job waited.
  assertEntrusted(credential.record, { actor: work.job.actor, ...use });
  const base = objectKeys.version(work.job.documentId, work.baseVersion);
  const original = await openObjectSource(ports.store, base);
  if (original === undefined) {
    if ((await ports.store.stat(objectKeys.erasure(work.job.documentId))) !== undefined) {
      throw new SigningError('DOCUMENT_ERASED', { found: work.job.documentId });
    }
    throw new SigningError(work.baseVersion === 0 ? 'DOCUMENT_UNKNOWN' : 'VERSION_UNKNOWN', {
      expected: `version ${work.baseVersion} of ${work.job.documentId}`,
      found: 'nothing',
    });
  }
  const claim = new StepClaim(ports, work, found);
  try {
    return await signOriginal(ports, work, { credential, original, claim });
  } catch (error) {
    // Whatever it was: a signature that was made is there for the next run, on whichever signer.
    await claim.keep();
    throw error;
  } finally {
    await original.close();
  }
}

async function signOriginal(
  ports: SigningPorts,
  work: SigningWork,
  input: {
    readonly credential: PreparedCredential;
    readonly original: ObjectSource;
    readonly claim: StepClaim;
  },
): Promise<Released> {
  const { credential, original, claim } = input;
  const { certificate, chain, template } = credential;
  const { level } = work.step;
  const { requestId } = work.job;
  const document = await PdfDocument.open(original, {
    limits: { maxScreenedObjects: ports.policy.screeningMaxObjects },
  });
  const screened = { ...work, signer: credential };
  const { earlier, findings } = await screenDocument(ports, screened, { source: original, document });
  const revocation = await checkRevocation(ports, { chain, level, requestId });
  passed(ports, work, 'screened');

  const base = await signingBase(document, original, work.step);
  const reservedBytes = template.sizeBytes(level === 'B-B' ? 0 : ports.tokenSizes.estimateBytes) + 16;
  const fieldName = await fieldOfStep(base.document, work.step, work.fieldName);
  claim.want({ credential, fieldName, reservedBytes });
  let made = await makeSignature(ports, work, { base, credential, claim, revocation });
  for (let growths = 0; 'neededBytes' in made; growths++) {
    if (growths >= maxGrowths) {
      throw new SigningError('INTERNAL', {
        expected: `a CMS of at most ${claim.intent.reservedBytes} bytes`,
        found: `${made.neededBytes} bytes`,
      });
    }
    await claim.grow(made.neededBytes);
    made = await makeSignature(ports, work, { base, credential, claim, revocation });
  }

  // Without its time-stamp the signature is a B-B now, whatever it was asked for.
  const isDeferred = level !== 'B-B' && made.timestamp === undefined;
  const reached = isDeferred ? 'B-B' : level;
  const signed = isDeferred
    ? [made.increment]
    : await extendToLevel(ports, wantedLevel(ports, work), { original: base.source, signed: made, chains: [chain] });
  const increments = [...base.increments, ...signed];
  const output = concatSource(original, ...increments.map((increment) => bufferSource(increment)));
  const sha256 = await selfCheck(ports, output, { fieldName, level: reached, certificate, earlier });
  passed(ports, work, 'self-checked');

  const created = await createVersion(ports, work, { original, increments });
  // Somebody was faster: another run of ours, whose bytes count then, or another job.
  const { intent } = claim;
  if (!created) {
    const theirs = await adoptVersion(ports, work, intent);
    if (theirs.signatureSha256 !== made.signatureSha256) await claim.noteSuperseded();
    return theirs;
  }
  const { repaired } = document;
  const released = { sizeBytes: output.size, sha256 };
  const preparedFields = base.increments.length > 0 ? fieldsOf(work.step.prepare) : [];
  const { signatureSha256 } = made;
  return {
    result: resultOf(work, { intent, made, revocation, findings, repaired, preparedFields, released }),
    signatureSha256,
  };
}

function wantedLevel(ports: SigningPorts, work: SigningWork): WantedLevel {
  const { timestampFieldName, step, job } = work;
  return {
    level: step.level,
    requestId: job.requestId,
    timestampFieldName,
    found: () => passed(ports, work, 'evidence'),
  };
}

function resultOf(
  work: SigningWork,
  done: {
    readonly intent: Intent;
    readonly made: MadeSignature;
    readonly revocation: RevocationStatus;
    readonly findings: readonly ScreeningFinding[];
    readonly repaired: Repaired | undefined;
    readonly preparedFields: string[];
    readonly released: { readonly sizeBytes: number; readonly sha256: string };
  },
): StepResult {
  const { intent, made, revocation, findings, repaired, preparedFields, released } = done;
  return {
    step: work.stepIndex,
    credentialId: work.step.credentialId,
    role: work.step.role,
    version: work.newVersion,
    fieldName: intent.fieldName,
    ...levelReached(work.step.level, made.timestamp !== undefined),
    signingTime: intent.signingTime,
    ...(made.timestamp === undefined ? {} : { timestamp: made.timestamp.genTime.toISOString() }),
    ...released,
    revocation,
    ...(findings.length === 0 ? {} : { findings: [...findings] }),
    ...(repaired === undefined ? {} : { repaired }),
    ...(preparedFields.length === 0 ? {} : { preparedFields }),
    ...statedOf(work.step),
    ...statedOfIntent(intent),
  };
}

/** What the caller asked for and finds again in the result. */
function statedOf({ template, number, date }: StoredStep): Pick<StepResult, 'template' | 'number' | 'date'> {
  return {
    ...(template === undefined ? {} : { template }),
    ...(number === undefined ? {} : { number }),
    ...(date === undefined ? {} : { date }),
  };
}

function fieldsOf(prepare: StoredPreparation | undefined): string[] {
  const texts = prepare?.texts.map(({ fieldName }) => fieldName) ?? [];
  return prepare?.seal === undefined ? texts : [...texts, prepare.seal.fieldName];
}

function passed(ports: SigningPorts, work: SigningWork, stage: Stage): void {
  ports.progress(work.job.jobId, work.stepIndex, stage);
}
