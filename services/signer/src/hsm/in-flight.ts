import type { PendingSign } from './sign-queue.js';
import type { TokenSettings } from './token-settings.js';

/** Work that lies in the token host at a time, in milliseconds of signing: enough to hide the message's way. */
const targetAheadMs = 20;
const maxPerSession = 64;

/** What was sent to a token host and not answered: how much more it may get, and whether it hangs. */
export class InFlight {
  readonly #pending = new Map<number, PendingSign>();
  /** Moving average of the time between two answers. */
  #signMs = 5;
  #lastAnswerMs = 0;
  #hungTicks = 0;

  constructor(private readonly settings: Pick<TokenSettings, 'sessions' | 'signTimeoutMs'>) {}

  get size(): number {
    return this.#pending.size;
  }

  /** A slow token gets few at a time, so that an interactive request doesn't wait behind bulk ones inside the host. */
  get room(): number {
    const { sessions } = this.settings;
    const perSession = Math.min(maxPerSession, Math.max(1, Math.round(targetAheadMs / this.#signMs)));
    return Math.max(0, sessions * (1 + perSession) - this.#pending.size);
  }

  get watchEveryMs(): number {
    return Math.min(500, Math.max(20, this.settings.signTimeoutMs / 10));
  }

  add(batch: readonly PendingSign[]): void {
    const now = performance.now();
    if (this.#pending.size === 0) this.#lastAnswerMs = now;
    for (const one of batch) {
      one.tries++;
      one.sentAtMs = now;
      one.allowedMs = this.settings.signTimeoutMs * (1 + Math.floor(this.#pending.size / this.settings.sessions));
      this.#pending.set(one.request.id, one);
    }
  }

  take(id: number): PendingSign | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  takeAll(): PendingSign[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }

  /** The host answered `count` requests. */
  progressed(count: number): void {
    const now = performance.now();
    const perSignMs = (now - this.#lastAnswerMs) / count;
    this.#signMs += (perSignMs - this.#signMs) / 8;
    this.#lastAnswerMs = now;
    this.#hungTicks = 0;
  }

  /**
   * True when nothing came back for `signTimeoutMs`, or when one request of many is overdue. Asked once a tick; two ticks
   * must agree, so that answers that waited behind a busy event loop of our own count.
   */
  isHung(): boolean {
    const now = performance.now();
    let overdue = this.#pending.size > 0 && now - this.#lastAnswerMs > this.settings.signTimeoutMs;
    for (const one of this.#pending.values()) overdue ||= now - one.sentAtMs > one.allowedMs;
    this.#hungTicks = overdue ? this.#hungTicks + 1 : 0;
    return this.#hungTicks >= 2;
  }
}
