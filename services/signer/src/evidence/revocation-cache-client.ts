import type { Certificate } from '@kyso/cms';
import { SigningError, evidenceSchema, type Evidence } from '@kyso/contracts';
import { createServiceClient } from '@kyso/service';
import type { RevocationSource } from './revocation-source.js';

/** Chains that are remembered: one for each credential and TSA in use. */
const maxRemembered = 1_000;

interface Remembered {
  readonly evidence: Promise<Evidence>;
  /** Before it only a clock that was put back can be. */
  readonly askedAtMs: number;
  untilMs: number;
}

/**
 * The RevocationSource behind our own revocation-cache. Answers that prove every certificate good are remembered for
 * `rememberForMs`, never beyond their nextUpdate, and asked for once by many; a revocation is therefore seen that much
 * later. Everything else is asked for again.
 */
export function revocationCacheClient(options: {
  readonly baseUrl: string;
  readonly serviceToken: string;
  readonly timeoutMs: number;
  readonly rememberForMs: number;
  readonly now: () => Date;
}): RevocationSource {
  const client = createServiceClient({ ...options, unavailable: 'REVOCATION_UNAVAILABLE' });
  const remembered = new Map<string, Remembered>();

  const ask = async (chain: readonly Certificate[], requestId: string): Promise<Evidence> => {
    const body = JSON.stringify({ chain: chain.map(({ der }) => Buffer.from(der).toString('base64')) });
    try {
      const answer = await client.post('/v1/evidence', Buffer.from(body), {
        contentType: 'application/json',
        accept: 'application/json',
        timeoutMs: options.timeoutMs,
        requestId,
      });
      return evidenceSchema.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
    } catch (error) {
      if (error instanceof SigningError && error.code === 'REVOCATION_UNAVAILABLE') throw error;
      const found = error instanceof SigningError ? error.message : 'an answer that is not evidence';
      throw new SigningError('REVOCATION_UNAVAILABLE', { found, cause: error });
    }
  };

  const settle = async (entry: Remembered): Promise<void> => {
    try {
      const evidence = await entry.evidence;
      entry.untilMs = rememberUntilMs(evidence, options.now().getTime() + options.rememberForMs);
    } catch {
      entry.untilMs = 0;
    }
  };

  return {
    evidenceFor(chain, { requestId }) {
      // The leaf that is its own anchor: nothing can revoke it.
      if (chain.length < 2) return Promise.resolve({ statuses: [], ocspResponses: [], crls: [], certificates: [] });
      const key = chain.map((certificate) => certificate.sha256).join('.');
      const nowMs = options.now().getTime();
      const known = remembered.get(key);
      if (known !== undefined && nowMs >= known.askedAtMs && nowMs < known.untilMs) return known.evidence;
      // While the question is on its way it is shared, too.
      const entry: Remembered = {
        evidence: ask(chain, requestId),
        askedAtMs: nowMs,
        untilMs: nowMs + options.timeoutMs,
      };
      remembered.set(key, entry);
      if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value as string);
      void settle(entry);
      return entry.evidence;
    },
  };
}

function rememberUntilMs(evidence: Evidence, latestMs: number): number {
  if (evidence.statuses.some(({ status }) => status !== 'good')) return 0;
  const ends = evidence.statuses.flatMap(({ nextUpdate }) =>
    nextUpdate === undefined ? [] : [Date.parse(nextUpdate)],
  );
  return Math.min(latestMs, ...ends);
}
