import type { Certificate } from '@kyso/cms';
import { SigningError, type Level } from '@kyso/contracts';
import { PdfDocument, bufferSource, buildSecurityStore, concatSource, type ByteSource } from '@kyso/pdf';
import type { SignedIncrement } from '../make-signature.js';
import type { SigningPorts } from '../signing-ports.js';
import { stampDocument } from '../timestamp/stamp-document.js';
import { gatherEvidence } from './gather-evidence.js';

type Chain = readonly Certificate[];

/** Tries for a document time-stamp from a unit whose evidence is inside: each may come from another one. */
const maxTries = 3;

/** The level that is wanted, and what is needed on the way there. */
export interface WantedLevel {
  readonly level: Level;
  readonly requestId: string;
  /** Of the document time-stamp of B-LTA. */
  readonly timestampFieldName: string;
  /** Told when evidence was found. */
  readonly found: () => void;
}

/**
 * All increments of the new version, in their order: what was signed or time-stamped; for B-LT the evidence of the signers'
 * and the TSA's chains in /DSS (ETSI EN 319 142-1, 5.4.2); for B-LTA a document time-stamp over all of it (5.4.3).
 * Throws SigningError REVOCATION_UNAVAILABLE, CERTIFICATE_REVOKED, TSA_UNAVAILABLE, CLOCK_SKEWED.
 */
export async function extendToLevel(
  ports: Pick<SigningPorts, 'revocation' | 'timestamps' | 'clock' | 'policy' | 'tokenSizes'>,
  wanted: WantedLevel,
  input: { readonly original: ByteSource; readonly signed: SignedIncrement; readonly chains: readonly Chain[] },
): Promise<readonly Uint8Array[]> {
  const { level, requestId, timestampFieldName } = wanted;
  const { increment, timestamp } = input.signed;
  if (level !== 'B-LT' && level !== 'B-LTA') return [increment];

  const signed = concatSource(input.original, bufferSource(increment));
  const chains: Chain[] = [...input.chains, ...(timestamp === undefined ? [] : [timestamp.chain])];
  for (let tries = 0; tries < maxTries; tries++) {
    const evidence = await gatherEvidence(ports, chains, wanted);
    wanted.found();
    const store = await buildSecurityStore(await PdfDocument.open(signed), evidence);
    const increments = store === undefined ? [increment] : [increment, store];
    if (level === 'B-LT') return increments;

    const covered = store === undefined ? signed : concatSource(signed, bufferSource(store));
    const stamped = await stampDocument(ports, covered, { fieldName: timestampFieldName, requestId });
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
