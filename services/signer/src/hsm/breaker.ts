/**
 * Breaker of one token: after several failures in a row nothing more is asked of it for a while, then one probe decides.
 * The time that it stays open doubles with every probe that fails.
 */
export class Breaker {
  #failures = 0;
  #openings = 0;
  #openUntilMs = 0;
  #probing = false;

  constructor(
    private readonly options: {
      /** Failures in a row that open it. */
      readonly threshold: number;
      /** First and longest time that it stays open. */
      readonly openForMs: number;
      readonly maxOpenForMs: number;
      /** Milliseconds of a monotonic clock. */
      readonly nowMs: () => number;
    },
  ) {}

  /** closed: work goes through; open: nothing; half-open: one probe at a time. */
  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#failures < this.options.threshold) return 'closed';
    return this.options.nowMs() < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** True from a failure until the next success. */
  get isDoubtful(): boolean {
    return this.#failures > 0;
  }

  /** Milliseconds until a probe is allowed; 0 when work or a probe may go through. */
  get remainingMs(): number {
    return this.state === 'open' ? this.#openUntilMs - this.options.nowMs() : 0;
  }

  /** True when work may go through now; in half-open, only for the one who probes. */
  admit(): boolean {
    const state = this.state;
    if (state === 'closed') return true;
    if (state === 'open' || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  success(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#probing = false;
  }

  failure(): void {
    this.#probing = false;
    this.#failures++;
    if (this.#failures < this.options.threshold) return;
    const openForMs = Math.min(this.options.openForMs * 2 ** this.#openings, this.options.maxOpenForMs);
    this.#openUntilMs = this.options.nowMs() + openForMs;
    this.#openings++;
  }
}
