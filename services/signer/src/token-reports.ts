import { servedReportsKey, tokenNamesKey, tokenReportKey, type TokenReport } from '@kyso/contracts';
import type { Redis } from 'ioredis';
import type { FleetState } from './hsm/token-fleet.js';

const everyMs = 5_000;

/** Tells Redis every few seconds, and at every change, what this signer's tokens are doing. */
export class TokenReports {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: {
      readonly redis: Redis;
      readonly signerId: string;
      readonly states: () => readonly FleetState[];
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
    for (const { token, serves, state } of states()) {
      const report: TokenReport = { token, serves, signerId, state, atMs: now().getTime() };
      const text = JSON.stringify(report);
      for (const sent of [
        redis.sadd(tokenNamesKey, token),
        redis.hset(tokenReportKey(token), signerId, text),
        redis.hset(servedReportsKey(serves), `${signerId} ${token}`, text),
      ]) {
        sent.catch(() => undefined);
      }
    }
  }

  /** Takes this signer's reports away. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { redis, signerId, states } = this.options;
    if (redis.status !== 'ready') return;
    await Promise.allSettled(
      states().flatMap(({ token, serves }) => [
        redis.hdel(tokenReportKey(token), signerId),
        redis.hdel(servedReportsKey(serves), `${signerId} ${token}`),
      ]),
    );
  }
}
