import type { Drain, Lane, TokenState } from '@kyso/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Breaker } from './breaker.js';
import { ContentReading } from './content-reading.js';
import type { ActivatedLogin } from './digest-signer.js';
import type { PinGuard } from './pin-guard.js';
import { InFlight, type SentSign } from './in-flight.js';
import { startTokenChild, type Started } from './start-token-child.js';
import type { TokenChild } from './token-child.js';
import { HostFailure, toSigningError } from './token-failures.js';
import type { FromTokenHost, ReadContent, TokenMechanism, TokenSignRequest } from './token-host-messages.js';
import type { TokenSettings } from './token-settings.js';

/** How patient a token host is. All in milliseconds. */
export interface TokenHostTiming {
  /** How often the quarantine is looked at. */
  readonly recheckMs: number;
  /** First and longest pause before an absent token is looked for again. */
  readonly absentBackoffMs: number;
  readonly maxAbsentBackoffMs: number;
  /** How long a request waits for hosts that are starting or being replaced. */
  readonly waitForHostMs: number;
  /** Failures in a row that open the breaker; first and longest time that it stays open. */
  readonly breakerThreshold: number;
  readonly breakerOpenMs: number;
  readonly maxBreakerOpenMs: number;
  /** How often it is read again what lies on the token, such as a renewed certificate. */
  readonly contentEveryMs: number;
}

export const defaultTokenHostTiming: TokenHostTiming = {
  recheckMs: 3_000,
  absentBackoffMs: 250,
  maxAbsentBackoffMs: 10_000,
  waitForHostMs: 5_000,
  breakerThreshold: 3,
  breakerOpenMs: 1_000,
  maxBreakerOpenMs: 30_000,
  contentEveryMs: 600_000,
};

/** What one line of a log or a metric says about a token. No secret in it. */
export interface TokenEvent {
  readonly token: string;
  readonly state: TokenState;
  readonly reason: string;
}

export interface TokenHostOptions {
  readonly settings: TokenSettings;
  readonly guard: PinGuard;
  /** The operator's word that the token is out of use. Throws STORE_UNAVAILABLE. */
  readonly drainOf: (token: string) => Promise<Drain | undefined>;
  readonly timing: TokenHostTiming;
  /** Environment for the PKCS#11 module, such as SOFTHSM2_CONF. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs starts one after another: SoftHSM hides a token from a process that starts while another one logs in. */
  readonly inTurn: <T>(start: () => Promise<T>) => Promise<T>;
  readonly onEvent: (event: TokenEvent) => void;
  /** What lies on the token: after each start, and every `contentEveryMs`. */
  readonly onContent: (token: string, content: ReadContent) => void;
  /** It may take work now that it could not take before, or takes none any more. */
  readonly onChange: () => void;
}

/** A digest for a token, in the form that the mechanism takes. */
export interface TokenWork {
  readonly keyId: string;
  readonly mechanism: TokenMechanism;
  readonly input: Uint8Array;
  readonly lane: Lane;
  /** Not sent again when the key may have been used. */
  readonly once?: boolean;
  readonly activation?: ActivatedLogin | undefined;
}

/** ready: takes work; coming: is starting or being replaced; away: nobody knows when it is back. */
export type Availability = 'ready' | 'coming' | 'away';

/** One token, whichever way it is logged in to. */
export interface HostedToken {
  readonly name: string;
  readonly state: TokenState;
  /** Why it is in that state: a `CKR_…` or a word of ours. */
  readonly reason: string;
  readonly availability: Availability;
  /** Process id of the host that is running now, for tests and `up.json`. */
  readonly pid: number | undefined;
  start(): void;
  stop(): Promise<void>;
  /** What the token gave. Throws SigningError when the token refuses the request, HostFailure when it gives no answer. */
  sign(work: TokenWork): Promise<Uint8Array>;
  replaceHost(reason: string): void;
}

/** Why a host is ended that is well: what it has is signed first. */
const isOrderly: ReadonlySet<string> = new Set(['STOPPING', 'QUARANTINED', 'DRAINED', 'SIGNATURE_WRONG']);

/**
 * Keeps one token usable: forks its host, logs in under the PIN guard, sends it work in batches, kills and replaces it when
 * it hangs or fails, waits while the token is absent, and stays away while it is in quarantine or drained. Work never waits here: it is
 * given to it while it has room, and handed back when its host fails.
 */
export class TokenHost implements HostedToken {
  #state: TokenState = 'absent';
  #reason = 'STARTING';
  /** True while a host is starting or being replaced. */
  #transient = true;
  #child: TokenChild | undefined;
  /** False from the moment that the host is given up: nothing more is sent to it. */
  #serving = false;
  #giveUp: (reason: string) => void = () => undefined;
  #nextId = 1;
  #outbox: TokenSignRequest[] = [];
  #supervision: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #inFlight: InFlight;
  readonly #breaker: Breaker;
  readonly #content: ContentReading;

  constructor(private readonly options: TokenHostOptions) {
    const { timing, settings } = options;
    this.#inFlight = new InFlight(settings);
    this.#content = new ContentReading(timing.contentEveryMs, (content) => options.onContent(settings.name, content));
    this.#breaker = new Breaker({
      threshold: timing.breakerThreshold,
      openForMs: timing.breakerOpenMs,
      maxOpenForMs: timing.maxBreakerOpenMs,
      nowMs: () => performance.now(),
    });
  }

  get name(): string {
    return this.options.settings.name;
  }

  get state(): TokenState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  get availability(): Availability {
    if (this.#serving) return 'ready';
    return this.#transient || this.#state === 'ready' ? 'coming' : 'away';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How many more requests of this lane it takes now; with a breaker that is half open, one is the probe. */
  room(lane: Lane): number {
    if (!this.#serving) return 0;
    if (this.#breaker.state === 'closed') return this.#inFlight.room(lane);
    return this.#inFlight.size === 0 && this.#breaker.state === 'half-open' ? 1 : 0;
  }

  /** Milliseconds until one more request of this lane would be signed, as things look now. */
  expectedMs(lane: Lane): number {
    return this.#inFlight.expectedMs(lane);
  }

  /** True when what was last asked of it failed. */
  get isDoubtful(): boolean {
    return this.#breaker.isDoubtful;
  }

  start(): void {
    this.#supervision ??= this.#supervise();
  }

  /** Lets the work in flight end, then ends the host (C_Finalize), by SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#replace('STOPPING');
    await this.#supervision;
  }

  /** To be called only while there is room. */
  sign(work: TokenWork): Promise<Uint8Array> {
    const { keyId, mechanism, input, lane } = work;
    if (!this.#serving || !this.#breaker.admit()) {
      return Promise.reject(new HostFailure(this.name, this.#reason, false));
    }
    return new Promise((resolve, reject) => {
      const request = { id: this.#nextId++, lane, keyId, mechanism, input };
      this.#inFlight.add({ request, resolve, reject });
      // All requests of this turn of the event loop go in one message.
      if (this.#outbox.push(request) === 1) queueMicrotask(() => this.#sendOut());
    });
  }

  #sendOut(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    this.#child?.send({ kind: 'sign', requests });
  }

  /** Ends the host and starts another: the token gave a signature that is wrong. */
  replaceHost(reason: string): void {
    if (this.#serving) this.#replace(reason);
  }

  async #supervise(): Promise<void> {
    const { timing, guard, drainOf, settings, environment } = this.options;
    const { signal } = this.#stop;
    let absences = 0;
    let cleared = false;
    while (!this.#stop.signal.aborted) {
      const started = await this.options.inTurn(() =>
        signal.aborted
          ? Promise.resolve<Started>({ kind: 'absent', code: 'STOPPING' })
          : startTokenChild({ settings, guard, drainOf, environment, signal, cleared }),
      );
      // Should the quarantine be gone at the next start, a person has deleted it.
      if (started.kind !== 'absent' && started.kind !== 'drained') cleared = started.kind === 'quarantined';
      if (started.kind === 'ready') {
        absences = 0;
        await this.#serve(started.child);
      } else if (started.kind === 'quarantined') {
        this.#setState('quarantined', started.reason);
        await this.#pause(timing.recheckMs);
      } else if (started.kind === 'drained') {
        this.#setState('drained', 'DRAINED');
        await this.#pause(timing.recheckMs);
      } else {
        this.#setState('absent', started.code);
        await this.#pause(Math.min(timing.absentBackoffMs * 2 ** absences++, timing.maxAbsentBackoffMs));
      }
    }
  }

  /** Serves until the host ends, hangs, must be replaced, the token goes into quarantine, or the signer stops. */
  async #serve(child: TokenChild): Promise<void> {
    const { timing } = this.options;
    const replaced = new Promise<string>((resolve) => {
      this.#giveUp = resolve;
    });
    this.#child = child;
    this.#serving = true;
    child.onMessage = (message) => this.#receive(message);
    this.#setState('ready', 'READY');
    const watch = setInterval(() => {
      if (this.#inFlight.isHung()) this.#replace('SIGN_TIMEOUT');
    }, this.#inFlight.watchEveryMs);
    const recheck = setInterval(() => void this.#checkOrders(), timing.recheckMs);
    const endReading = this.#content.by(child);

    const reason = await Promise.race([child.ended, replaced]);
    clearInterval(watch);
    clearInterval(recheck);
    endReading();
    this.#serving = false;
    this.#giveUp = () => undefined;
    if (isOrderly.has(reason)) await this.#endOrderly(child);
    child.onMessage = () => undefined;
    child.kill();
    await child.ended;
    this.#child = undefined;
    this.#handBack(this.#inFlight.takeAll(), { code: reason, mayHaveSigned: true });
    if (reason === 'STOPPING' || reason === 'QUARANTINED' || reason === 'DRAINED') return;

    this.#breaker.failure();
    const openForMs = this.#breaker.remainingMs;
    if (openForMs > 0) {
      this.#setState('absent', reason);
      await this.#pause(openForMs);
    }
    this.#setTransient(reason);
  }

  #replace(reason: string): void {
    this.#serving = false;
    this.#giveUp(reason);
    this.options.onChange();
  }

  /** Waits until what the host has is signed and the module finalized, or it hangs in either. */
  async #endOrderly(child: TokenChild): Promise<void> {
    child.send({ kind: 'stop' });
    const tick = (): Promise<'tick'> => sleep(this.#inFlight.watchEveryMs, 'tick', { ref: false });
    let idleUntilMs = Infinity;
    while (!this.#inFlight.isHung() && performance.now() < idleUntilMs) {
      if ((await Promise.race([child.ended, tick()])) !== 'tick') return;
      if (this.#inFlight.size > 0) idleUntilMs = Infinity;
      else idleUntilMs = Math.min(idleUntilMs, performance.now() + this.options.settings.signTimeoutMs);
    }
  }

  #receive(message: FromTokenHost): void {
    if (message.kind === 'failed') return this.#replace(message.code);
    if (message.kind !== 'signed') return;
    let fatal: string | undefined;
    for (const result of message.results) {
      const pending = this.#inFlight.take(result.id);
      if (pending === undefined) continue;
      if ('signature' in result) {
        this.#breaker.success();
        pending.resolve(result.signature);
      } else if (result.error.scope === 'request') {
        // The token answered: it is well. The request is not.
        this.#breaker.success();
        pending.reject(toSigningError(result.error.code, this.options.settings.name));
      } else {
        if (result.error.scope === 'host') fatal = result.error.code;
        else this.#breaker.failure();
        this.#handBack([pending], result.error);
      }
    }
    this.#inFlight.progressed(message.results.length);
    if (fatal !== undefined) this.#replace(fatal);
    else if (this.#breaker.state === 'open') this.#replace('FAILING');
    this.options.onChange();
  }

  #handBack(
    sent: readonly SentSign[],
    { code, mayHaveSigned }: { readonly code: string; readonly mayHaveSigned: boolean },
  ): void {
    for (const one of sent) one.reject(new HostFailure(this.name, code, mayHaveSigned));
  }

  async #checkOrders(): Promise<void> {
    const { guard, drainOf } = this.options;
    try {
      if ((await guard.quarantineOf(this.name)) !== undefined) return this.#replace('QUARANTINED');
      if ((await drainOf(this.name)) === undefined || !this.#serving) return;
      this.#setState('draining', 'DRAINED');
      this.#replace('DRAINED');
    } catch {
      // The store can't be read: a token that is logged in tries no PIN, so it may go on.
    }
  }

  #setState(state: TokenState, reason: string): void {
    const changed = state !== this.#state || reason !== this.#reason;
    this.#state = state;
    this.#reason = reason;
    this.#transient = false;
    if (state !== 'ready') this.#content.forget();
    if (changed) this.options.onEvent({ token: this.name, state, reason });
    this.options.onChange();
  }

  #setTransient(reason: string): void {
    this.#state = 'absent';
    this.#reason = reason;
    this.#transient = true;
    this.options.onEvent({ token: this.name, state: 'absent', reason });
    this.options.onChange();
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stop.signal });
    } catch {
      // Stopping.
    }
  }
}
