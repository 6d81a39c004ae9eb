import {
  CmsError,
  createTimestampRequest,
  parseTimestampResponse,
  verifyTimestampToken,
  type Certificate,
  type DigestAlgorithm,
} from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import { randomBytes } from 'node:crypto';
import type { SigningPorts } from '../signing-ports.js';

/** A time-stamp that was checked, with the chain of the unit that made it. */
export interface Timestamp {
  readonly tokenDer: Uint8Array;
  readonly genTime: Date;
  /** Leaf first, trust anchor last. */
  readonly chain: readonly Certificate[];
}

/**
 * Gets a time-stamp over `messageImprint` and checks everything again that the proxy checked (RFC 3161, 2.2): whoever sits
 * between us and the TSA could replay a token. Throws SigningError TSA_UNAVAILABLE, CLOCK_SKEWED.
 */
export async function obtainTimestamp(
  ports: Pick<SigningPorts, 'timestamps' | 'clock' | 'policy' | 'tokenSizes'>,
  about: { readonly messageImprint: Uint8Array; readonly digestAlgorithm: DigestAlgorithm; readonly requestId: string },
): Promise<Timestamp> {
  const { messageImprint, digestAlgorithm, requestId } = about;
  // 64 bits; the top bit off, since an INTEGER with it set would grow by a byte and some TSAs keep only 64.
  const nonce = randomBytes(8).readBigUInt64BE() >> 1n;
  const requestDer = createTimestampRequest({ messageImprint, digestAlgorithm, nonce, certReq: true });
  const askedAt = ports.clock.now();
  const responseDer = await ports.timestamps.respond(requestDer, { requestId });
  const answeredAt = ports.clock.now();
  try {
    const { tokenDer } = parseTimestampResponse(responseDer);
    const info = verifyTimestampToken(tokenDer, {
      messageImprint,
      digestAlgorithm,
      nonce,
      trustAnchors: ports.policy.tsaTrustAnchors,
    });
    checkSkew({ genTime: info.genTime, askedAt, answeredAt, maxSkewMs: ports.policy.maxClockSkewMs });
    ports.tokenSizes.saw(tokenDer.length);
    return { tokenDer, genTime: info.genTime, chain: info.chain };
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    throw new SigningError('TSA_UNAVAILABLE', { expected: error.expected, found: error.found, cause: error });
  }
}

/** genTime lies between asking and answering when both clocks are right, however slow the TSA is. */
function checkSkew(times: { genTime: Date; askedAt: Date; answeredAt: Date; maxSkewMs: number }): void {
  const { genTime, askedAt, answeredAt, maxSkewMs } = times;
  const early = askedAt.getTime() - genTime.getTime();
  const late = genTime.getTime() - answeredAt.getTime();
  const skewMs = Math.max(early, late, 0);
  if (skewMs <= maxSkewMs) return;
  throw new SigningError('CLOCK_SKEWED', {
    expected: `a clock within ${maxSkewMs} ms of the time-stamp ${genTime.toISOString()}`,
    found: `${askedAt.toISOString()}, ${skewMs} ms off`,
  });
}
