import { tokenNamesKey, tokenReportKey, type TokenReport, type TokenState } from '@kyso/contracts';
import type { Redis } from 'ioredis';

const everyMs = 5_000;

/** Tells Redis every few seconds, and at every change, what this signer's tokens are doing. */
export class TokenReports {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: {
      readonly redis: Redis;
      readonly signerId: string;
      readonly states: () => ReadonlyMap<string, TokenState>;
      readonly now: () => Date;
    },
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.send(), everyMs);
    this.send();
  }

  /** Sends all states now. Lost when Redis is away; the next one follows in seconds. */
  send(): void {
    const { redis, signerId, states, now } = this.options;
    if (redis.status !== 'ready') return;
    for (const [token, state] of states()) {
      redis.sadd(tokenNamesKey, token).catch(() => undefined);
      const report: TokenReport = { token, signerId, state, atMs: now().getTime() };
      redis.hset(tokenReportKey(token), signerId, JSON.stringify(report)).catch(() => undefined);
    }
  }

  /** Takes this signer's reports away. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { redis, signerId, states } = this.options;
    if (redis.status !== 'ready') return;
    await Promise.allSettled([...states().keys()].map((token) => redis.hdel(tokenReportKey(token), signerId)));
  }
}
