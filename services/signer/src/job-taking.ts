import { servedReportsKey, tokenReportMaxAgeMs, tokenReportSchema } from '@kyso/contracts';
import type { Redis } from 'ioredis';

const lookEveryMs = 1_000;

/**
 * Decides whether this signer takes the jobs of a token name. While none of its tokens that serve the name is ready and another
 * signer has one that is, it takes none: it could only send them back to wait. When nobody has one, jobs are taken, wait, and
 * fail when their time is over.
 */
export class JobTaking {
  #timer: NodeJS.Timeout | undefined;
  /** The last look; looks follow one another, so that an old answer never comes last. */
  #look: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly redis: Pick<Redis, 'status' | 'hvals'>;
      readonly signerId: string;
      readonly names: () => readonly string[];
      readonly isServing: (name: string) => boolean;
      readonly setTaking: (name: string, isTaking: boolean) => void;
      readonly nowMs: () => number;
    },
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at all names now. Never rejects. */
  look(): Promise<void> {
    const before = this.#look;
    this.#look = this.#lookAfter(before);
    return this.#look;
  }

  async #lookAfter(before: Promise<void>): Promise<void> {
    await before;
    await Promise.all(this.options.names().map((name) => this.#decide(name)));
  }

  async #decide(name: string): Promise<void> {
    const { isServing, setTaking } = this.options;
    if (isServing(name)) return setTaking(name, true);
    const isElsewhere = await this.#isReadyElsewhere(name);
    setTaking(name, isServing(name) || !isElsewhere);
  }

  /** False as well when Redis can't be asked: then nobody gets jobs, and who comes back first may have them. */
  async #isReadyElsewhere(name: string): Promise<boolean> {
    const { redis, signerId, nowMs } = this.options;
    if (redis.status !== 'ready') return false;
    const reports = await redis.hvals(servedReportsKey(name)).catch(() => []);
    return reports.some((text) => {
      const report = tokenReportSchema.safeParse(parseJson(text)).data;
      if (report === undefined || report.signerId === signerId || report.state !== 'ready') return false;
      // Reports of another host's clock: as far ahead as behind.
      return Math.abs(nowMs() - report.atMs) <= tokenReportMaxAgeMs;
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
