import { SigningError } from '@kyso/contracts';
import {
  PdfDocument,
  PlaceholderTooSmall,
  completeSignature,
  digestPrepared,
  prepareDocumentTimestamp,
  type ByteSource,
} from '@kyso/pdf';
import type { SigningPorts } from '../signing-ports.js';
import { obtainTimestamp, type Timestamp } from './obtain-timestamp.js';

/** Digest of document time-stamps; independent of the signer's. */
const digestAlgorithm = 'sha256';
/** A token that was too large is asked for again with more room, at most this often. */
const maxTries = 3;

/** An increment that holds a document time-stamp. */
export interface StampedDocument {
  readonly increment: Uint8Array;
  readonly timestamp: Timestamp;
}

/**
 * A document time-stamp over all of `covered`, as an increment (ETSI EN 319 142-1, 5.4.3).
 * Throws SigningError TSA_UNAVAILABLE, CLOCK_SKEWED.
 */
export async function stampDocument(
  ports: Pick<SigningPorts, 'timestamps' | 'clock' | 'policy' | 'tokenSizes'>,
  covered: ByteSource,
  about: { readonly fieldName: string; readonly requestId: string },
): Promise<StampedDocument> {
  const { fieldName, requestId } = about;
  let reservedBytes = ports.tokenSizes.estimateBytes;
  for (let tries = 0; tries < maxTries; tries++) {
    const prepared = await prepareDocumentTimestamp(await PdfDocument.open(covered), { fieldName, reservedBytes });
    const messageImprint = await digestPrepared(covered, prepared, digestAlgorithm);
    const timestamp = await obtainTimestamp(ports, { messageImprint, digestAlgorithm, requestId });
    try {
      return { increment: completeSignature(prepared, timestamp.tokenDer), timestamp };
    } catch (error) {
      if (!(error instanceof PlaceholderTooSmall)) throw error;
      reservedBytes = error.neededBytes + 512;
    }
  }
  throw new SigningError('TSA_UNAVAILABLE', {
    expected: `a time-stamp of at most ${reservedBytes} bytes`,
    found: `a larger one each time, ${maxTries} times`,
  });
}
