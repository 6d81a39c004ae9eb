import type { Lane } from '@kyso/contracts';
import type { TokenSignRequest } from './token-host-messages.js';

/** A signature that somebody waits for. */
export interface PendingSign {
  readonly request: TokenSignRequest;
  readonly lane: Lane;
  /** Not sent again when the key may have been used. */
  readonly once?: boolean;
  /** How often it went to a token host. */
  tries: number;
  /** Monotonic milliseconds: when it went to the host, and (waitUntilMs) how long it may wait before that. */
  sentAtMs: number;
  /** How long it may stay there, in milliseconds. */
  allowedMs: number;
  readonly waitUntilMs: number;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests that wait for one token: interactive ones first, each lane in its order. */
export class SignQueue {
  readonly #lanes: Record<Lane, PendingSign[]> = { interactive: [], bulk: [] };

  get size(): number {
    return this.#lanes.interactive.length + this.#lanes.bulk.length;
  }

  add(pending: PendingSign): void {
    this.#lanes[pending.lane].push(pending);
  }

  /** Back to the front: they waited already. */
  putBack(pending: readonly PendingSign[]): void {
    for (const one of [...pending].reverse()) this.#lanes[one.lane].unshift(one);
  }

  take(count: number): PendingSign[] {
    const taken = this.#lanes.interactive.splice(0, count);
    if (taken.length < count) taken.push(...this.#lanes.bulk.splice(0, count - taken.length));
    return taken;
  }

  /** Takes out everything that may wait no longer than `nowMs`; with Infinity, everything. */
  takeOverdue(nowMs: number): PendingSign[] {
    const overdue: PendingSign[] = [];
    for (const lane of ['interactive', 'bulk'] as const) {
      const keep: PendingSign[] = [];
      for (const one of this.#lanes[lane]) (one.waitUntilMs <= nowMs ? overdue : keep).push(one);
      this.#lanes[lane] = keep;
    }
    return overdue;
  }
}
