import { progressChannel, type Progress, type Stage } from '@kyso/contracts';
import type { Redis } from 'ioredis';

/** Stages are collected for this long: nobody sees ten milliseconds, and a busy signer sends a tenth of the messages. */
const collectForMs = 10;
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
  return (jobId, step, stage) => {
    if (redis.status !== 'ready' || collected.length >= maxCollected) return;
    if (collected.length === 0) setTimeout(send, collectForMs);
    collected.push({ jobId, step, stage, at: now().toISOString() });
  };
}
