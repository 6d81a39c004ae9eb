/** A number of events for each key in a sliding minute, approximated by two fixed minutes (memory: two numbers a key). */
export class MinuteCounter {
  private current = new Map<string, number>();
  private previous = new Map<string, number>();
  private minute = 0;

  /** `maxKeys` bounds the memory against callers from very many addresses: beyond it the keys are forgotten. */
  constructor(
    private readonly nowMs: () => number = Date.now,
    private readonly maxKeys = 100_000,
  ) {}

  add(key: string): void {
    this.turn();
    if (this.current.size >= this.maxKeys) this.current.clear();
    this.current.set(key, (this.current.get(key) ?? 0) + 1);
  }

  /** Events of the last 60 seconds, estimated. */
  count(key: string): number {
    this.turn();
    const elapsed = (this.nowMs() % 60_000) / 60_000;
    return (this.current.get(key) ?? 0) + (this.previous.get(key) ?? 0) * (1 - elapsed);
  }

  private turn(): void {
    const minute = Math.floor(this.nowMs() / 60_000);
    if (minute === this.minute) return;
    this.previous = minute === this.minute + 1 ? this.current : new Map();
    this.current = new Map();
    this.minute = minute;
  }
}

/** Requests per second for each client, with a burst of two seconds (token bucket). */
export class RequestBudget {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(
    private readonly perSecond: number,
    // Not the wall clock: one that is put back would lock every client out for as long.
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes one request from the client's budget; false when it has none left. */
  take(clientId: string): boolean {
    const now = this.nowMs();
    const burst = this.perSecond * 2;
    const bucket = this.buckets.get(clientId) ?? { tokens: burst, atMs: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * this.perSecond);
    bucket.atMs = now;
    this.buckets.set(clientId, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
