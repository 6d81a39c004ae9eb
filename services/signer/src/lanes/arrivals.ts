import { arrivalChannel } from '@kyso/contracts';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Says when a gateway has taken an interactive job for one of these token names; `subscriber` does nothing else from then on. */
export function listenForArrivals(
  subscriber: Redis,
  names: readonly string[],
  parts: { readonly arriving: () => void; readonly logger: Logger },
): void {
  const served = new Set(names);
  subscriber.on('message', (_channel, token) => {
    if (served.has(token)) parts.arriving();
  });
  const subscribe = (): void => {
    subscriber.subscribe(arrivalChannel).catch((error: unknown) => {
      parts.logger.debug({ err: error }, 'no subscription to arrivals');
    });
  };
  // ioredis subscribes again by itself only to what was subscribed before the connection was lost.
  subscriber.on('ready', subscribe);
  if (subscriber.status === 'ready') subscribe();
}
