import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** How a connection behaves while Redis is away. */
export interface RedisOptions {
  /**
   * false (default): commands wait until Redis is back, as BullMQ's workers need. true: they fail at once, so that an HTTP
   * request can be answered 503 instead of hanging.
   */
  readonly failFast?: boolean;
  /** true: commands of one turn of the event loop go out in one write. For many small ones that nobody waits for. */
  readonly batched?: boolean;
}

/**
 * Opens a connection to Redis that never gives up: it reconnects after 50 ms, doubling to 2 s, with some jitter so that many
 * processes don't come back in the same instant. State changes are logged once each; an 'error' event never goes unhandled.
 * `url` is `redis://…` or `rediss://…`; its password is never logged. Close it with `quit()` or `disconnect()`.
 */
export function connectRedis(url: string, logger: Logger, options: RedisOptions = {}): Redis {
  const failFast = options.failFast ?? false;
  const redis = new Redis(url, {
    // BullMQ's blocking commands must wait for ever; any number here makes its workers throw.
    maxRetriesPerRequest: failFast ? 0 : null,
    enableOfflineQueue: !failFast,
    enableAutoPipelining: options.batched ?? false,
    ...(failFast ? { commandTimeout: 5_000 } : {}),
    connectTimeout: 5_000,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2_000) * (0.75 + Math.random() / 2),
    // A replica that was promoted elsewhere answers READONLY for ever: connect again to find the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });

  const { host, port } = redis.options;
  const at = { redis: `${host ?? 'localhost'}:${port ?? 6379}` };
  let reachable: boolean | undefined;
  redis.on('ready', () => {
    if (reachable === true) return;
    reachable = true;
    logger.info(at, 'redis is reachable');
  });
  const lost = (error?: Error): void => {
    if (reachable === false || redis.status === 'end') return;
    reachable = false;
    logger.warn({ ...at, err: error }, 'redis is not reachable; connecting again until it is');
  };
  redis.on('error', lost);
  redis.on('close', () => lost());
  redis.on('end', () => {
    reachable = undefined;
  });
  return redis;
}
