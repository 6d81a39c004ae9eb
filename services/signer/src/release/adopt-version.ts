import { checkCades } from '@kyso/cms';
import { SigningError, objectKeys, type Level, type StepResult } from '@kyso/contracts';
import { PdfDocument, type PdfSignature } from '@kyso/pdf';
import { fieldOfStep } from '@kyso/preparation';
import { openObjectSource } from '@kyso/storage';
import { validatePdf, type SignatureReport } from '@kyso/validation';
import { hash } from 'node:crypto';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { statedOfIntent, type Intent } from './intent.js';
import type { Released } from './release-version.js';

/**
 * Takes a version that exists as this step's own, if it is: an earlier run released it and crashed before it could say so.
 * It is ours when it holds the signature field that only this (job, step) uses; the intent alone does not prove that. In a
 * field that was there before, it is the signature that our claim describes.
 * Throws VERSION_STALE when it is somebody else's.
 */
export async function adoptVersion(
  ports: Pick<SigningPorts, 'store' | 'policy' | 'clock'>,
  work: SigningWork,
  intent: Intent,
): Promise<Released> {
  const key = objectKeys.version(work.job.documentId, work.newVersion);
  const source = await openObjectSource(ports.store, key);
  if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
  try {
    const document = await PdfDocument.open(source);
    const fieldName = await ownField(ports, work);
    const signature = (await document.signatures()).find((one) => one.fieldName === fieldName);
    // It was validated before it was released; this reads from the bytes what the result must say.
    const report = await validatePdf(source, {
      trustAnchors: ports.policy.trustAnchors,
      tsaTrustAnchors: ports.policy.tsaTrustAnchors,
      now: ports.clock.now(),
      fileDigest: true,
    });
    const judged = report.signatures.find((one) => one.field === fieldName);
    const isOurs =
      signature !== undefined && (fieldName === work.fieldName || isOfIntent(intent, { signature, judged }));
    if (!isOurs) {
      throw new SigningError('VERSION_STALE', {
        expected: `version ${work.newVersion} free`,
        found: 'released by another job',
      });
    }
    const genTime = judged?.timestamp?.genTime;
    const { signatureValue } = await checkCades(signature.cmsDer, (algorithm) =>
      Promise.resolve(hash(algorithm, '', 'buffer')),
    );
    const result: StepResult = {
      step: work.stepIndex,
      credentialId: work.step.credentialId,
      role: work.step.role,
      version: work.newVersion,
      fieldName,
      ...levelReached(work.step.level, genTime !== undefined),
      signingTime: signature.signingTime?.toISOString() ?? intent.signingTime,
      ...(genTime === undefined ? {} : { timestamp: genTime }),
      sizeBytes: source.size,
      sha256: report.sha256 ?? '',
      ...statedOfIntent(intent),
    };
    return { result, signatureSha256: hash('sha256', signatureValue) };
  } finally {
    await source.close();
  }
}

/** What a result says of the level: without a time-stamp it is B-B, and what was asked for comes later. */
export function levelReached(asked: Level, isTimestamped: boolean): Pick<StepResult, 'level' | 'deferredLevel'> {
  return asked === 'B-B' || isTimestamped ? { level: asked } : { level: 'B-B', deferredLevel: asked };
}

/** The field that this step fills or makes, from the version that it signs: the intent may be another's. */
async function ownField(ports: Pick<SigningPorts, 'store'>, work: SigningWork): Promise<string> {
  const key = objectKeys.version(work.job.documentId, work.baseVersion);
  const base = await openObjectSource(ports.store, key);
  if (base === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
  try {
    return await fieldOfStep(await PdfDocument.open(base), work.step, work.fieldName);
  } finally {
    await base.close();
  }
}

/** A field that was there before can be filled by any job: then signing time and signer have to be those of our claim. */
function isOfIntent(
  intent: Intent,
  { signature, judged }: { readonly signature: PdfSignature; readonly judged: SignatureReport | undefined },
): boolean {
  return (
    signature.signingTime?.getTime() === Date.parse(intent.signingTime) &&
    judged?.signer?.sha256 === intent.certificateSha256
  );
}
