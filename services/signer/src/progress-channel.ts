import { progressChannel, type Progress, type Stage } from '@kyso/contracts';
import type { Redis } from 'ioredis';

/** Stages are collected for this long: nobody sees ten milliseconds, and a busy signer sends a tenth of the messages. */
const collectForMs = 10;
/** Somebody may be waiting for these with the document in his hand. */
const awaited: ReadonlySet<Stage> = new Set(['waiting', 'completed', 'failed']);
/** While Redis is away nothing is collected; this bounds a burst between two sendings. */
const maxCollected = 1_000;

/** Publishes stages of all jobs. Progress is a courtesy: when Redis is away it is lost, and nothing waits. */
export function progressPublisher(redis: Redis, now: () => Date): (jobId: string, step: number, stage: Stage) => void {
  let collected: Progress[] = [];
  const send = (): void => {
    const message = JSON.stringify(collected);
    collected = [];
    redis.publish(progressChannel, message).catch(() => undefined);
  };
  let timer: NodeJS.Timeout | undefined;
  return (jobId, step, stage) => {
    if (redis.status !== 'ready' || collected.length >= maxCollected) return;
    collected.push({ jobId, step, stage, at: now().toISOString() });
    if (awaited.has(stage)) {
      clearTimeout(timer);
      timer = undefined;
      send();
    } else {
      timer ??= setTimeout(() => {
        timer = undefined;
        send();
      }, collectForMs);
    }
  };
}
