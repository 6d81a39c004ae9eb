import { randomBytes } from 'node:crypto';
import {
  CmsError,
  createTimestampRequest,
  parseTimestampResponse,
  verifyTimestampToken,
  type Certificate,
  type TimestampInfo,
  type TimestampRequest,
} from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import type { Breaker } from './breaker.js';

/** One time-stamp authority. */
export interface TimestampSource {
  readonly name: string;
  /** The policy that is asked for where the client asks for none, and that the token must carry. */
  readonly policy?: string;
  readonly breaker: Breaker;
  /** Sends a DER TimeStampReq and gives the DER TimeStampResp. Throws where no answer came. */
  ask(requestDer: Uint8Array): Promise<Uint8Array>;
}

/** How one attempt ended: `granted`, a CmsErrorCode in lower case, or `no-answer`. */
export interface Attempt {
  readonly source: string;
  readonly outcome: string;
  readonly durationMs: number;
  /** What was wrong, with expected and found; absent for `granted`. */
  readonly problem?: string;
}

/** What `obtainTimestamp` works with. */
export interface TimestampPorts {
  /** In the order in which they are tried. */
  readonly sources: readonly TimestampSource[];
  readonly trustAnchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  /** Milliseconds by which genTime may lie outside the time between question and answer. */
  readonly maxSkewMs: number;
  readonly now: () => Date;
  readonly observe: (attempt: Attempt) => void;
}

/** A token that passed every check, and who gave it. */
export interface ObtainedTimestamp {
  readonly tokenDer: Uint8Array;
  readonly source: string;
  readonly info: TimestampInfo;
}

/**
 * Asks the TSAs in order until one gives a token that is right in everything: status, imprint, nonce, policy, purpose,
 * ESSCertID, signature, chain, time (RFC 3161, 2.2; RFC 5816). A wrong answer counts as no answer.
 *
 * The nonce stands inside the signed token, so what we send is what the client gets back: its own nonce where it sent one.
 * Where it sent none, ours is added all the same, or a recorded answer to the same imprint could be played back to us; the
 * client then finds a nonce that it didn't ask for, which RFC 3161, 2.4.2 leaves open and verifiers accept.
 *
 * Throws SigningError CLOCK_SKEWED when every TSA that was asked gave a time outside the window, else TSA_UNAVAILABLE, with
 * what each one said.
 */
export async function obtainTimestamp(request: TimestampRequest, ports: TimestampPorts): Promise<ObtainedTimestamp> {
  const nonce = request.nonce ?? randomNonce();
  const attempts: Attempt[] = [];
  const skipped: string[] = [];
  for (const source of ports.sources) {
    const policy = request.policy ?? source.policy;
    if (source.policy !== undefined && source.policy !== policy) {
      skipped.push(`${source.name}: skipped, expected policy ${String(policy)}, it has ${source.policy}`);
      continue;
    }
    if (!source.breaker.admit()) {
      skipped.push(`${source.name}: skipped after failures`);
      continue;
    }
    const result = await attempt(source, { ...request, nonce, ...(policy === undefined ? {} : { policy }) }, ports);
    ports.observe(result.attempt);
    if ('obtained' in result) {
      source.breaker.succeeded();
      return result.obtained;
    }
    source.breaker.failed();
    attempts.push(result.attempt);
  }
  const everyClockDiffers = attempts.length > 0 && attempts.every((one) => one.outcome === 'time_window');
  throw new SigningError(everyClockDiffers ? 'CLOCK_SKEWED' : 'TSA_UNAVAILABLE', {
    expected: `a valid time-stamp from one of ${ports.sources.length} TSAs`,
    found: [...attempts.map((one) => `${one.source}: ${one.problem ?? one.outcome}`), ...skipped]
      .join('; ')
      .slice(0, 2_000),
  });
}

/** A positive number of 64 bits whose first is 1, so that its DER always has the same length. */
function randomNonce(): bigint {
  return randomBytes(8).readBigUInt64BE() | (1n << 63n);
}

async function attempt(
  source: TimestampSource,
  request: TimestampRequest & { readonly nonce: bigint },
  ports: TimestampPorts,
): Promise<{ attempt: Attempt; obtained: ObtainedTimestamp } | { attempt: Attempt }> {
  const startedMs = performance.now();
  const ended = (outcome: string, problem?: string): Attempt => ({
    source: source.name,
    outcome,
    durationMs: performance.now() - startedMs,
    ...(problem === undefined ? {} : { problem }),
  });
  try {
    const { tokenDer } = parseTimestampResponse(await source.ask(createTimestampRequest(request)));
    const elapsedMs = performance.now() - startedMs;
    const info = verifyTimestampToken(tokenDer, {
      messageImprint: request.messageImprint,
      digestAlgorithm: request.digestAlgorithm,
      nonce: request.nonce,
      ...(request.policy === undefined ? {} : { policies: [request.policy] }),
      trustAnchors: ports.trustAnchors,
      intermediates: ports.intermediates,
      now: ports.now(),
      // A slow TSA may have stamped when the question came in.
      maxSkewMs: ports.maxSkewMs + elapsedMs,
    });
    return { attempt: ended('granted'), obtained: { tokenDer, source: source.name, info } };
  } catch (error) {
    if (error instanceof CmsError) return { attempt: ended(error.code.toLowerCase(), error.message) };
    return { attempt: ended('no-answer', (error as Error).message) };
  }
}
