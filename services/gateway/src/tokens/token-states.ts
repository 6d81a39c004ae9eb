import {
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
const order: readonly TokenState[] = ['quarantined', 'ready', 'absent', 'unknown'];

/** What the signers last said of their tokens, from Redis. */
export class TokenStates {
  constructor(
    private readonly redis: Pick<Redis, 'hvals' | 'smembers'>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** `unknown` when nobody has reported lately, or Redis cannot be asked: it is a hint for people, never a gate. */
  async of(token: string): Promise<TokenState> {
    return stateOf(await this.reports(token));
  }

  /** What each signer said at most 15 s ago; nothing when Redis cannot be asked. */
  async reports(token: string): Promise<TokenReport[]> {
    const reports = await this.redis.hvals(tokenReportKey(token)).catch(() => []);
    return reports.flatMap((text) => {
      const report = tokenReportSchema.safeParse(parseJson(text)).data;
      return report !== undefined && this.nowMs() - report.atMs <= tokenReportMaxAgeMs ? [report] : [];
    });
  }

  /** All tokens that signers were configured with; nothing when Redis cannot be asked. */
  names(): Promise<string[]> {
    return this.redis.smembers(tokenNamesKey).catch(() => []);
  }
}

/** The state that counts, of all reports. */
export function stateOf(reports: readonly TokenReport[]): TokenState {
  const states = reports.map(({ state }) => state);
  return order.find((state) => states.includes(state)) ?? 'unknown';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
