import { progressChannel, progressSchema, type Progress } from '@kyso/contracts';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { z } from 'zod';

export type ProgressListener = (progress: Progress) => void;

const messageSchema = z.array(progressSchema);

/**
 * Progress of jobs for all listeners of this process, over one Redis connection in subscriber mode. Messages are a hint that
 * something changed: without Redis they are lost, and whoever waits must also look at the store now and then.
 */
export class ProgressHub {
  private readonly listeners = new Map<string, Set<ProgressListener>>();

  constructor(subscriber: Redis, logger: Logger) {
    subscriber.on('message', (_channel, message) => this.deliver(message));
    const subscribe = (): void => {
      subscriber.subscribe(progressChannel).catch((error: unknown) => {
        logger.debug({ err: error }, 'no subscription to progress');
      });
    };
    // ioredis subscribes again by itself only to what was subscribed before the connection was lost.
    subscriber.on('ready', subscribe);
    if (subscriber.status === 'ready') subscribe();
  }

  /** Listens to a job until the returned function is called. */
  listen(jobId: string, listener: ProgressListener): () => void {
    const group = this.listeners.get(jobId) ?? new Set();
    this.listeners.set(jobId, group);
    group.add(listener);
    return () => {
      group.delete(listener);
      if (group.size === 0 && this.listeners.get(jobId) === group) this.listeners.delete(jobId);
    };
  }

  private deliver(message: string): void {
    // Every gateway gets every message; most of them concern nobody here.
    if (this.listeners.size === 0) return;
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return;
    }
    for (const progress of messageSchema.safeParse(value).data ?? []) {
      for (const listener of this.listeners.get(progress.jobId) ?? []) listener(progress);
    }
  }
}
