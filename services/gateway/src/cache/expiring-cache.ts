/** What `ExpiringCache` may hold and for how long. */
export interface CacheLimits {
  /** Entries kept; the one that was used longest ago goes first. */
  readonly maxEntries: number;
  /** Milliseconds that an entry counts as fresh; Infinity for what never changes. */
  readonly maxAgeMs: number;
  /** Injected clock in milliseconds; a monotonic one, or a wall clock that is put back would keep what is withdrawn. */
  readonly nowMs?: () => number;
}

interface Entry<V> {
  readonly value: V;
  readonly expiresAtMs: number;
}

/**
 * A bounded map for what was read from the object store. `load` runs once for many callers that ask at the same time, and a
 * failed load is not remembered.
 */
export class ExpiringCache<V> {
  private readonly entries = new Map<string, Entry<V>>();
  private readonly loading = new Map<string, Promise<V>>();
  private readonly nowMs: () => number;

  constructor(private readonly limits: CacheLimits) {
    this.nowMs = limits.nowMs ?? (() => performance.now());
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    if (entry.expiresAtMs <= this.nowMs()) return undefined;
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, { value, expiresAtMs: this.nowMs() + this.limits.maxAgeMs });
    if (this.entries.size <= this.limits.maxEntries) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** The cached value, or what `load` gives; what it throws goes to every caller that waits for it. */
  async getOrLoad(key: string, load: () => Promise<V>): Promise<V> {
    const cached = this.get(key);
    if (cached !== undefined) return cached;
    const running = this.loading.get(key);
    if (running !== undefined) return running;
    const started = load()
      .then((value) => {
        if (value !== undefined) this.set(key, value);
        return value;
      })
      .finally(() => this.loading.delete(key));
    this.loading.set(key, started);
    return started;
  }
}
