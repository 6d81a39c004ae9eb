import type { Lane } from '@kyso/contracts';
import type { TokenSignRequest } from './token-host-messages.js';
import type { TokenSettings } from './token-settings.js';

/** Work that lies in the token host at a time, in milliseconds of signing: enough to hide the message's way. */
const targetAheadMs = 20;
const maxPerSession = 64;

/** A request that was sent to a token host and not answered. */
export interface SentSign {
  readonly request: TokenSignRequest;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** What was sent to a token host and not answered: how much more it may get, how fast it is, and whether it hangs. */
export class InFlight {
  readonly #sent = new Map<number, SentSign>();
  readonly #ofLane: Record<Lane, number> = { interactive: 0, bulk: 0 };
  /** Moving average of the time between two answers while there is work. */
  #signMs = 5;
  #lastAnswerMs = 0;
  #hungTicks = 0;

  constructor(private readonly settings: Pick<TokenSettings, 'sessions' | 'signTimeoutMs'>) {}

  get size(): number {
    return this.#sent.size;
  }

  /**
   * How many more of this lane the host may get. Each lane has room of its own: what bulk work lies there keeps no interactive
   * request away, and the host lets those go first. A slow token gets few at a time, so that work waits where another token
   * can take it.
   */
  room(lane: Lane): number {
    const perSession = Math.min(maxPerSession, Math.max(1, Math.round(targetAheadMs / this.#signMs)));
    return Math.max(0, this.settings.sessions * (1 + perSession) - this.#ofLane[lane]);
  }

  /** Milliseconds until one more request of this lane would be signed, as things look now. */
  expectedMs(lane: Lane): number {
    const { interactive, bulk } = this.#ofLane;
    const ahead = lane === 'bulk' ? interactive + bulk : interactive + Math.min(bulk, this.settings.sessions);
    return (ahead + 1) * this.#signMs;
  }

  get watchEveryMs(): number {
    return Math.min(500, Math.max(20, this.settings.signTimeoutMs / 10));
  }

  add(one: SentSign): void {
    if (this.#sent.size === 0) this.#lastAnswerMs = performance.now();
    this.#sent.set(one.request.id, one);
    this.#ofLane[one.request.lane]++;
  }

  take(id: number): SentSign | undefined {
    const one = this.#sent.get(id);
    if (one !== undefined) {
      this.#sent.delete(id);
      this.#ofLane[one.request.lane]--;
    }
    return one;
  }

  takeAll(): SentSign[] {
    return [...this.#sent.keys()].flatMap((id) => this.take(id) ?? []);
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
   * True when nothing came back for `signTimeoutMs`; that one session of several hangs, the host itself notices. Asked once a
   * tick; two ticks must agree, so that answers that waited behind a busy event loop of our own count.
   */
  isHung(): boolean {
    const overdue = this.#sent.size > 0 && performance.now() - this.#lastAnswerMs > this.settings.signTimeoutMs;
    this.#hungTicks = overdue ? this.#hungTicks + 1 : 0;
    return this.#hungTicks >= 2;
  }
}
