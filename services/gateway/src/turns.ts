import { SigningError } from '@kyso/contracts';

/** How many may go on at a time. */
export interface TurnLimits {
  readonly atATime: number;
  /** Milliseconds that one waits for its turn. */
  readonly maxWaitMs: number;
  /** In the plural, for `expected`: `scans`. */
  readonly what: string;
}

/** Lets a few go on at a time; the others wait, and the one that waits longest comes next. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: TurnLimits) {}

  /** Throws RATE_LIMITED for one that waited too long, and what `work` throws. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.begin();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private async begin(): Promise<void> {
    const { atATime, maxWaitMs, what } = this.limits;
    if (this.running < atATime) {
      this.running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(new SigningError('RATE_LIMITED', { expected: `at most ${atATime} ${what} at a time` }));
      }, maxWaitMs);
      const turn = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.waiting.push(turn);
    });
  }
}
