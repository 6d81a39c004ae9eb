/** What a breaker does: let pass, skip, or let one single request try. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Circuit breaker of one TSA: after `failures` failures in a row it is skipped for `openMs`; then one request tries, and its
 * outcome decides. A TSA that hangs must not cost every signature its time limit.
 */
export class Breaker {
  #failuresInARow = 0;
  #openUntilMs = 0;
  #probing = false;

  constructor(
    private readonly limits: { readonly failures: number; readonly openMs: number },
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get state(): BreakerState {
    if (this.#failuresInARow < this.limits.failures) return 'closed';
    return this.nowMs() < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** True: ask, and report the outcome by `succeeded` or `failed`. False: skip. */
  admit(): boolean {
    const { state } = this;
    if (state === 'closed') return true;
    if (state === 'open' || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.#probing = false;
  }

  failed(): void {
    this.#failuresInARow++;
    this.#probing = false;
    if (this.#failuresInARow >= this.limits.failures) this.#openUntilMs = this.nowMs() + this.limits.openMs;
  }
}
