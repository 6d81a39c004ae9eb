import { tokenReportKey, tokenReportMaxAgeMs, tokenReportSchema, type TokenState } from '@kyso/contracts';
import type { Redis } from 'ioredis';

/**
 * A quarantine is the whole cluster's: one report of it outweighs those that are older, also of a signer that has ended.
 * Otherwise one signer that can reach the token is enough.
 */
const order: readonly TokenState[] = ['quarantined', 'ready', 'absent', 'unknown'];

/** What the signers last said of their tokens, from Redis. */
export class TokenStates {
  constructor(
    private readonly redis: Pick<Redis, 'hvals'>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** `unknown` when nobody has reported lately, or Redis cannot be asked: it is a hint for people, never a gate. */
  async of(token: string): Promise<TokenState> {
    const reports = await this.redis.hvals(tokenReportKey(token)).catch(() => []);
    const states = reports.flatMap((text) => {
      const report = tokenReportSchema.safeParse(parseJson(text)).data;
      return report !== undefined && this.nowMs() - report.atMs <= tokenReportMaxAgeMs ? [report.state] : [];
    });
    return order.find((state) => states.includes(state)) ?? 'unknown';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
