import type { Certificate } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import {
  PdfDocument,
  PlaceholderTooSmall,
  bufferSource,
  buildSecurityStore,
  completeSignature,
  concatSource,
  digestPrepared,
  prepareDocumentTimestamp,
  type ByteSource,
} from '@kyso/pdf';
import type { MadeSignature } from '../make-signature.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { obtainTimestamp, type Timestamp } from '../timestamp/obtain-timestamp.js';
import { gatherEvidence } from './gather-evidence.js';

type Chain = readonly Certificate[];

/** Digest of document time-stamps; independent of the signer's. */
const timestampDigest = 'sha256';
/** Tries for a document time-stamp: one more when it came from another TSA than expected, one when it did not fit. */
const maxTries = 4;

/**
 * All increments of the new version, in their order: the signature; for B-LT the evidence of the signer's and the TSA's
 * chains in /DSS (ETSI EN 319 142-1, 5.4.2); for B-LTA a document time-stamp over all of it (5.4.3).
 * Throws SigningError REVOCATION_UNAVAILABLE, CERTIFICATE_REVOKED, TSA_UNAVAILABLE, CLOCK_SKEWED.
 */
export async function extendToLevel(
  ports: SigningPorts,
  work: SigningWork,
  input: { readonly original: ByteSource; readonly signed: MadeSignature; readonly chain: Chain },
): Promise<readonly Uint8Array[]> {
  const { level } = work.step;
  const { increment, timestamp } = input.signed;
  if (level !== 'B-LT' && level !== 'B-LTA') return [increment];

  const signed = concatSource(input.original, bufferSource(increment));
  const chains: Chain[] = [input.chain, ...(timestamp === undefined ? [] : [timestamp.chain])];
  for (let tries = 0, reservedBytes = 0; tries < maxTries; tries++) {
    const evidence = await gatherEvidence(ports, chains, work.job);
    ports.progress(work.job.jobId, work.stepIndex, 'evidence');
    const store = await buildSecurityStore(await PdfDocument.open(signed), evidence);
    const increments = store === undefined ? [increment] : [increment, store];
    if (level === 'B-LT') return increments;

    const covered = store === undefined ? signed : concatSource(signed, bufferSource(store));
    const stamped = await stampDocument(ports, work, { covered, reservedBytes });
    if ('neededBytes' in stamped) {
      reservedBytes = stamped.neededBytes + 512;
      continue;
    }
    // The unit that stamped the document may be another one than that of the signature; its evidence must be inside, too.
    const leaf = stamped.timestamp.chain[0];
    if (chains.some((chain) => chain[0]?.sha256 === leaf?.sha256)) return [...increments, stamped.increment];
    chains.push(stamped.timestamp.chain);
  }
  throw new SigningError('TSA_UNAVAILABLE', {
    expected: 'a document time-stamp from a unit whose evidence is in the document',
    found: `another unit each time, ${maxTries} times`,
  });
}

async function stampDocument(
  ports: SigningPorts,
  work: SigningWork,
  input: { readonly covered: ByteSource; readonly reservedBytes: number },
): Promise<{ readonly increment: Uint8Array; readonly timestamp: Timestamp } | { readonly neededBytes: number }> {
  const prepared = await prepareDocumentTimestamp(await PdfDocument.open(input.covered), {
    fieldName: work.timestampFieldName,
    reservedBytes: Math.max(input.reservedBytes, ports.tokenSizes.estimateBytes),
  });
  const timestamp = await obtainTimestamp(ports, {
    messageImprint: await digestPrepared(input.covered, prepared, timestampDigest),
    digestAlgorithm: timestampDigest,
    requestId: work.job.requestId,
  });
  try {
    return { increment: completeSignature(prepared, timestamp.tokenDer), timestamp };
  } catch (error) {
    if (error instanceof PlaceholderTooSmall) return { neededBytes: error.neededBytes };
    throw error;
  }
}
