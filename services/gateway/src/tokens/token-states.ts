import {
  servedReportsKey,
  tokenNamesKey,
  tokenReportKey,
  tokenReportMaxAgeMs,
  tokenReportSchema,
  type TokenReport,
  type TokenState,
} from '@kyso/contracts';
import type { Redis } from 'ioredis';

/**
 * A quarantine is the whole cluster's: one report of it outweighs those that are older, also of a signer that has ended.
 * Otherwise one signer that can reach the token is enough.
 */
const order: readonly TokenState[] = ['quarantined', 'ready', 'draining', 'drained', 'absent', 'unknown'];

/** Of several tokens that serve one name, one that signs is enough; jobs wait while one of them may come back. */
const servedOrder: readonly TokenState[] = ['ready', 'draining', 'drained', 'absent', 'quarantined', 'unknown'];

/** What the signers last said of their tokens, from Redis. */
export class TokenStates {
  constructor(
    private readonly redis: Pick<Redis, 'hvals' | 'smembers'>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * State of the tokens that serve this name of credentials, as far as it matters to jobs. `unknown` when nobody has reported
   * lately, or Redis cannot be asked: it is a hint for people, never a gate.
   */
  async ofServed(name: string): Promise<TokenState> {
    const byToken = new Map<string, TokenReport[]>();
    for (const report of await this.recent(servedReportsKey(name))) {
      byToken.set(report.token, [...(byToken.get(report.token) ?? []), report]);
    }
    return firstOf(servedOrder, [...byToken.values()].map(stateOf));
  }

  /** What each signer said at most 15 s ago; nothing when Redis cannot be asked. */
  reports(token: string): Promise<TokenReport[]> {
    return this.recent(tokenReportKey(token));
  }

  /** All tokens that signers were configured with; nothing when Redis cannot be asked. */
  names(): Promise<string[]> {
    return this.redis.smembers(tokenNamesKey).catch(() => []);
  }

  private async recent(key: string): Promise<TokenReport[]> {
    const reports = await this.redis.hvals(key).catch(() => []);
    return reports.flatMap((text) => {
      const report = tokenReportSchema.safeParse(parseJson(text)).data;
      return report !== undefined && this.nowMs() - report.atMs <= tokenReportMaxAgeMs ? [report] : [];
    });
  }
}

/** The state that counts, of all reports about one token. */
export function stateOf(reports: readonly TokenReport[]): TokenState {
  return firstOf(
    order,
    reports.map(({ state }) => state),
  );
}

function firstOf(inOrder: readonly TokenState[], found: readonly TokenState[]): TokenState {
  return inOrder.find((state) => found.includes(state)) ?? 'unknown';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
