import type { DayUse } from '@kyso/contracts';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** What is counted of a client. */
export type Counter = 'documents' | 'bytes' | 'jobs';

const daysShown = 31;
/** Seconds. */
const keepDay = 40 * 86_400;
const flushEveryMs = 1_000;
const allDays = 'all';
/** Vietnam's zone, UTC+07:00 since 1975, without summer time. */
const vietnamOffsetMs = 7 * 3_600_000;
const dayMs = 86_400_000;

/** What one client has taken up on one day. */
export type Taken = Readonly<Record<Counter, number>>;
const nothing: Taken = { documents: 0, bytes: 0, jobs: 0 };

/**
 * Counts what clients take up each day, in Redis, over all gateways. It is written once a second, and so much is lost with a
 * process or with Redis: bills are not made of it, and no document is refused for want of it.
 */
export class UsageBook {
  readonly #unwritten = new Map<string, Map<string, Record<Counter, number>>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: { readonly redis: Redis; readonly logger: Logger; readonly now: () => Date }) {}

  /** The day that it is in Vietnam, as 2026-11-23. */
  today(): string {
    return dayOf(this.parts.now());
  }

  count(clientId: string, counter: Counter, by: number): void {
    for (const day of [this.today(), allDays]) {
      const ofDay = this.#unwritten.get(day) ?? new Map<string, Record<Counter, number>>();
      this.#unwritten.set(day, ofDay);
      const counts = ofDay.get(clientId) ?? { ...nothing };
      ofDay.set(clientId, counts);
      counts[counter] += by;
    }
    this.#timer ??= setTimeout(() => void this.flush(), flushEveryMs);
    this.#timer.unref();
  }

  /** Writes what was counted; what can't be written is forgotten. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const days = [...this.#unwritten];
    this.#unwritten.clear();
    const { redis, logger } = this.parts;
    const pipeline = redis.pipeline();
    for (const [day, clients] of days) {
      for (const [clientId, counts] of clients) {
        const key = keyOf(clientId, day);
        for (const [counter, by] of Object.entries(counts)) if (by > 0) pipeline.hincrby(key, counter, by);
        if (day !== allDays) pipeline.expire(key, keepDay);
      }
    }
    await pipeline.exec().catch((error: unknown) => logger.warn({ err: error }, 'usage was not counted'));
  }

  /** All uploads of the client that were ever counted; what Redis has lost is missing. Throws when Redis is away. */
  total(clientId: string): Promise<Taken> {
    return this.taken(clientId, allDays);
  }

  /** Of one day, with what this process has not written yet. Throws when Redis is away. */
  async taken(clientId: string, day: string): Promise<Taken> {
    const stored = countsOf(await this.parts.redis.hgetall(keyOf(clientId, day)));
    const unwritten = this.#unwritten.get(day)?.get(clientId) ?? nothing;
    return {
      documents: stored.documents + unwritten.documents,
      bytes: stored.bytes + unwritten.bytes,
      jobs: stored.jobs + unwritten.jobs,
    };
  }

  /** The last days on which the client did something, newest first. Empty while Redis is away. */
  async lastDays(clientId: string): Promise<DayUse[]> {
    const now = this.parts.now().getTime();
    const days = Array.from({ length: daysShown }, (_, ago) => dayOf(new Date(now - ago * dayMs)));
    const taken = await Promise.all(days.map((day) => this.taken(clientId, day))).catch(() => []);
    return taken.flatMap((one, index) => {
      const date = days[index];
      return date === undefined || one.documents + one.jobs === 0 ? [] : [{ date, ...one }];
    });
  }
}

function dayOf(at: Date): string {
  return new Date(at.getTime() + vietnamOffsetMs).toISOString().slice(0, 10);
}

function keyOf(clientId: string, day: string): string {
  return `kyso:usage:${clientId}:${day}`;
}

function countsOf(hash: Readonly<Record<string, string>>): Taken {
  const of = (counter: Counter): number => Number(hash[counter] ?? 0);
  return { documents: of('documents'), bytes: of('bytes'), jobs: of('jobs') };
}
