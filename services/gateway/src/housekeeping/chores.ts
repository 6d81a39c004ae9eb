import type { Logger } from 'pino';

/** Work that is done again and again in the background. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Runs chores one after another, each at its own pace; a failure is logged and the next turn tries again. */
export class Chores {
  private readonly timers = new Map<Chore, NodeJS.Timeout>();
  private readonly running = new Map<Chore, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly chores: readonly Chore[],
    private readonly logger: Logger,
  ) {}

  start(): void {
    for (const chore of this.chores) this.hurry(chore);
  }

  /** Runs the chore now rather than at its next turn; while it runs already, once more afterwards. */
  hurry(chore: Chore): void {
    if (this.stopped) return;
    clearTimeout(this.timers.get(chore));
    const before = this.running.get(chore) ?? Promise.resolve();
    const turn: Promise<void> = this.turn(chore, before).finally(() => {
      if (this.running.get(chore) === turn) this.pause(chore);
    });
    this.running.set(chore, turn);
  }

  /** Starts no further turn and waits for those that run. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.allSettled(this.running.values());
  }

  private pause(chore: Chore): void {
    this.running.delete(chore);
    if (this.stopped) return;
    // Not all gateways at the same instant.
    const pauseMs = chore.everyMs * (0.9 + Math.random() * 0.2);
    this.timers.set(chore, setTimeout(() => this.hurry(chore), pauseMs).unref());
  }

  private async turn(chore: Chore, before: Promise<void>): Promise<void> {
    await before;
    if (this.stopped) return;
    try {
      await chore.run();
    } catch (error) {
      this.logger.warn({ err: error, chore: chore.name }, 'a chore failed; it is tried again');
    }
  }
}
