import { SigningError, objectKeys, type StepResult } from '@kyso/contracts';
import { PdfDocument } from '@kyso/pdf';
import { openObjectSource } from '@kyso/storage';
import { validatePdf } from '@kyso/validation';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { growthOf, type Intent } from './intent.js';

/**
 * Takes a version that exists as this step's own, if it is: an earlier run released it and crashed before it could say so.
 * It is ours when it holds the signature field that only this (job, step) uses; the intent alone does not prove that.
 * Throws VERSION_STALE when it is somebody else's.
 */
export async function adoptVersion(
  ports: Pick<SigningPorts, 'store' | 'policy' | 'clock'>,
  work: SigningWork,
  intent: Intent,
): Promise<StepResult> {
  const key = objectKeys.version(work.job.documentId, work.newVersion);
  const source = await openObjectSource(ports.store, key);
  if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
  try {
    const document = await PdfDocument.open(source);
    const signature = (await document.signatures()).find((one) => one.fieldName === work.fieldName);
    if (signature === undefined) {
      throw new SigningError('VERSION_STALE', {
        expected: `version ${work.newVersion} free`,
        found: 'released by another job',
      });
    }
    // It was validated before it was released; this reads from the bytes what the result must say.
    const report = await validatePdf(source, {
      trustAnchors: ports.policy.trustAnchors,
      tsaTrustAnchors: ports.policy.tsaTrustAnchors,
      now: ports.clock.now(),
      fileDigest: true,
    });
    const genTime = report.signatures.find((one) => one.field === work.fieldName)?.timestamp?.genTime;
    return {
      step: work.stepIndex,
      credentialId: work.step.credentialId,
      role: work.step.role,
      version: work.newVersion,
      fieldName: work.fieldName,
      level: work.step.level,
      signingTime: signature.signingTime?.toISOString() ?? intent.signingTime,
      ...(genTime === undefined ? {} : { timestamp: genTime }),
      sizeBytes: source.size,
      sha256: report.sha256 ?? '',
      ...growthOf(intent),
    };
  } finally {
    await source.close();
  }
}
