import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Extends or takes the lock when it is free or ours (KEYS[1]; ARGV: our id, milliseconds). */
const takeScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Lets one gateway of several do a chore. It saves work and keeps the back-off in one memory; it is no guarantee (a paused
 * holder may wake up late), so the chore itself must be safe when two do it.
 */
export class Leadership {
  private readonly id = randomUUID();

  constructor(
    private readonly redis: Redis,
    private readonly key: string,
    private readonly holdMs: number,
  ) {}

  /** True when this process leads for the next `holdMs`. Throws when Redis does not answer. */
  async take(): Promise<boolean> {
    return (await this.redis.eval(takeScript, 1, this.key, this.id, this.holdMs)) === 1;
  }

  /** Lets another one lead at once; without Redis it runs out by itself. */
  async release(): Promise<void> {
    await this.redis.eval(releaseScript, 1, this.key, this.id).catch(() => undefined);
  }
}
