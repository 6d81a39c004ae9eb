import { progressChannel, type Progress, type Stage } from '@kyso/contracts';
import type { Redis } from 'ioredis';

/** Publishes stages on the job's Redis channel. Progress is a courtesy: when Redis is away it is lost, and nothing waits. */
export function progressPublisher(redis: Redis, now: () => Date): (jobId: string, step: number, stage: Stage) => void {
  return (jobId, step, stage) => {
    if (redis.status !== 'ready') return;
    const progress: Progress = { jobId, step, stage, at: now().toISOString() };
    redis.publish(progressChannel(jobId), JSON.stringify(progress)).catch(() => undefined);
  };
}
