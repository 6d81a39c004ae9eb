import { progressChannel, progressSchema, type Progress } from '@kyso/contracts';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

export type ProgressListener = (progress: Progress) => void;

/** Milliseconds that a subscription may take; after them the caller goes on and the store is asked instead. */
const subscribePatienceMs = 500;
const prefix = progressChannel('');

/** Progress of jobs for all listeners of this process, over one Redis connection in subscriber mode. */
export class ProgressHub {
  private readonly listeners = new Map<string, Set<ProgressListener>>();

  constructor(
    private readonly subscriber: Redis,
    private readonly logger: Logger,
  ) {
    subscriber.on('message', (channel, message) => this.deliver(channel, message));
  }

  /**
   * Listens to a job until the returned function is called. Resolves when messages flow, or after half a second without
   * Redis: messages are a hint that something changed, and whoever waits must also look at the store now and then.
   */
  async listen(jobId: string, listener: ProgressListener): Promise<() => void> {
    let group = this.listeners.get(jobId);
    if (group === undefined) {
      group = new Set();
      this.listeners.set(jobId, group);
    }
    group.add(listener);
    // Also for a second listener: the first one's subscription may still be on its way. Redis answers twice without harm.
    const subscribed = this.subscriber.subscribe(progressChannel(jobId)).catch((error: unknown) => {
      this.logger.debug({ err: error, jobId }, 'no subscription to progress');
    });
    await Promise.race([subscribed, delay(subscribePatienceMs)]);
    return () => {
      const current = this.listeners.get(jobId);
      if (current === undefined || !current.delete(listener) || current.size > 0) return;
      this.listeners.delete(jobId);
      this.subscriber.unsubscribe(progressChannel(jobId)).catch(() => undefined);
    };
  }

  private deliver(channel: string, message: string): void {
    const group = this.listeners.get(channel.slice(prefix.length));
    if (group === undefined) return;
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return;
    }
    const progress = progressSchema.safeParse(value).data;
    if (progress === undefined) return;
    for (const listener of group) listener(progress);
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
