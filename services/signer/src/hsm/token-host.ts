import type { TokenState } from '@kyso/contracts';
import { SigningError } from '@kyso/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Breaker } from './breaker.js';
import { ContentReading } from './content-reading.js';
import type { ActivatedLogin } from './digest-signer.js';
import type { PinGuard } from './pin-guard.js';
import { SignQueue, type PendingSign } from './sign-queue.js';
import { InFlight } from './in-flight.js';
import { startTokenChild, type Started } from './start-token-child.js';
import type { TokenChild } from './token-child.js';
import { AnswerLost, toSigningError, quarantineError, unavailable } from './token-failures.js';
import type { FromTokenHost, ReadContent, TokenMechanism } from './token-host-messages.js';
import type { TokenSettings } from './token-settings.js';
import type { Lane } from '@kyso/contracts';

/** How patient a token host is. All in milliseconds. */
export interface TokenHostTiming {
  /** How often the quarantine is looked at. */
  readonly recheckMs: number;
  /** First and longest pause before an absent token is looked for again. */
  readonly absentBackoffMs: number;
  readonly maxAbsentBackoffMs: number;
  /** How long a request waits for a host that is starting or being replaced. */
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
  readonly timing: TokenHostTiming;
  /** Environment for the PKCS#11 module, such as SOFTHSM2_CONF. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs starts one after another: SoftHSM hides a token from a process that starts while another one logs in. */
  readonly inTurn: <T>(start: () => Promise<T>) => Promise<T>;
  readonly onEvent: (event: TokenEvent) => void;
  /** What lies on the token: after each start, and every `contentEveryMs`. */
  readonly onContent: (token: string, content: ReadContent) => void;
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

/** One token, whichever way it is logged in to. */
export interface HostedToken {
  readonly state: TokenState;
  /** Process id of the host that is running now, for tests and `up.json`. */
  readonly pid: number | undefined;
  start(): void;
  stop(): Promise<void>;
  sign(work: TokenWork): Promise<Uint8Array>;
  replaceHost(reason: string): void;
}

/** A request goes to a host at most this often: once, and again when the host was replaced under it, unless it goes only once. */
const maxTries = 2;

/**
 * Keeps one token usable: forks its host, logs in under the PIN guard, sends it work in batches, kills and replaces it when
 * it hangs or fails, waits while the token is absent, and stays away while it is in quarantine.
 */
export class TokenHost implements HostedToken {
  #state: TokenState = 'absent';
  #reason = 'STARTING';
  /** True while a host is starting or being replaced and requests may wait for it. */
  #transient = true;
  #child: TokenChild | undefined;
  /** False from the moment that the host is given up: nothing more is sent to it. */
  #serving = false;
  #giveUp: (reason: string) => void = () => undefined;
  #nextId = 1;
  #pumpScheduled = false;
  #supervision: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #queue = new SignQueue();
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

  get state(): TokenState {
    return this.#state;
  }

  /** Process id of the host that is running now, for tests and `up.json`. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#supervision ??= this.#supervise();
  }

  /** Lets the work in flight end, then ends the host (C_Finalize), by SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#rejectWaiting(Infinity, new SigningError('SERVICE_STOPPING'));
    this.#replace('STOPPING');
    await this.#supervision;
  }

  /** Throws SigningError as DigestSigner does. The result is what the token gave. */
  sign(work: TokenWork): Promise<Uint8Array> {
    if (this.#stop.signal.aborted) return Promise.reject(new SigningError('SERVICE_STOPPING'));
    if (this.#state !== 'ready' && !this.#transient) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      this.#queue.add({
        request: { id: this.#nextId++, keyId: work.keyId, mechanism: work.mechanism, input: work.input },
        lane: work.lane,
        once: work.once ?? false,
        tries: 0,
        sentAtMs: 0,
        allowedMs: 0,
        waitUntilMs: performance.now() + this.options.timing.waitForHostMs,
        resolve,
        reject,
      });
      this.#schedulePump();
    });
  }

  /** Ends the host and starts another: the token gave a signature that is wrong. */
  replaceHost(reason: string): void {
    if (this.#state === 'ready') this.#replace(reason);
  }

  async #supervise(): Promise<void> {
    const { timing, guard, settings, environment } = this.options;
    const { signal } = this.#stop;
    let absences = 0;
    let cleared = false;
    while (!this.#stop.signal.aborted) {
      const started = await this.options.inTurn(() =>
        signal.aborted
          ? Promise.resolve<Started>({ kind: 'absent', code: 'STOPPING' })
          : startTokenChild({ settings, guard, environment, signal, cleared }),
      );
      // Should the quarantine be gone at the next start, a person has deleted it.
      if (started.kind !== 'absent') cleared = started.kind === 'quarantined';
      if (started.kind === 'ready') {
        absences = 0;
        await this.#serve(started.child);
      } else if (started.kind === 'quarantined') {
        this.#setState('quarantined', started.reason);
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
    const watch = setInterval(() => this.#watch(), this.#inFlight.watchEveryMs);
    const recheck = setInterval(() => void this.#checkQuarantine(), timing.recheckMs);
    const endReading = this.#content.by(child);
    this.#schedulePump();

    const reason = await Promise.race([child.ended, replaced]);
    clearInterval(watch);
    clearInterval(recheck);
    endReading();
    this.#serving = false;
    this.#giveUp = () => undefined;
    if (reason === 'STOPPING' || reason === 'QUARANTINED') await this.#endOrderly(child);
    child.onMessage = () => undefined;
    child.kill();
    await child.ended;
    this.#child = undefined;
    this.#retryOrReject(this.#inFlight.takeAll(), { code: reason, mayHaveSigned: true });
    if (reason === 'STOPPING' || reason === 'QUARANTINED') return;

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
  }

  async #endOrderly(child: TokenChild): Promise<void> {
    child.send({ kind: 'stop' });
    await Promise.race([child.ended, sleep(this.options.settings.signTimeoutMs + 1_000, undefined, { ref: false })]);
  }

  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    // All requests of this turn of the event loop go in one message.
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#serving || this.#queue.size === 0) {
      if (this.#transient) this.#rejectLater();
      return;
    }
    if (this.#breaker.state !== 'closed') {
      // Half open: one request is the probe.
      if (this.#inFlight.size > 0 || !this.#breaker.admit()) return;
      this.#send(this.#queue.take(1));
      return;
    }
    const room = this.#inFlight.room;
    if (room > 0) this.#send(this.#queue.take(room));
  }

  #send(batch: PendingSign[]): void {
    this.#inFlight.add(batch);
    this.#child?.send({ kind: 'sign', requests: batch.map((pending) => pending.request) });
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
        this.#retryOrReject([pending], result.error);
      }
    }
    this.#inFlight.progressed(message.results.length);
    if (fatal !== undefined) this.#replace(fatal);
    else if (this.#breaker.state === 'open') this.#replace('FAILING');
    this.#schedulePump();
  }

  #retryOrReject(
    pending: readonly PendingSign[],
    { code, mayHaveSigned }: { readonly code: string; readonly mayHaveSigned: boolean },
  ): void {
    const { name } = this.options.settings;
    const mayGoAgain = (one: PendingSign): boolean => one.tries < maxTries && !(one.once === true && mayHaveSigned);
    const again = pending.filter((one) => mayGoAgain(one) && !this.#stop.signal.aborted);
    for (const one of pending) {
      if (!again.includes(one)) one.reject(mayHaveSigned ? new AnswerLost(name, code) : unavailable(name, code));
    }
    this.#queue.putBack(again);
  }

  #watch(): void {
    if (this.#inFlight.isHung()) this.#replace('SIGN_TIMEOUT');
  }

  async #checkQuarantine(): Promise<void> {
    try {
      const found = await this.options.guard.quarantineOf(this.options.settings.name);
      if (found !== undefined) this.#replace('QUARANTINED');
    } catch {
      // The store can't be read: a token that is logged in tries no PIN, so it may go on.
    }
  }

  #setState(state: TokenState, reason: string): void {
    const changed = state !== this.#state || reason !== this.#reason;
    this.#state = state;
    this.#reason = reason;
    this.#transient = false;
    if (changed) this.options.onEvent({ token: this.options.settings.name, state, reason });
    if (state === 'ready') return;
    this.#content.forget();
    this.#rejectWaiting(Infinity, this.#refusal());
  }

  #setTransient(reason: string): void {
    this.#state = 'absent';
    this.#reason = reason;
    this.#transient = true;
    this.options.onEvent({ token: this.options.settings.name, state: 'absent', reason });
    this.#rejectLater();
  }

  #rejectLater(): void {
    const timer = setTimeout(
      () => this.#rejectWaiting(performance.now(), unavailable(this.options.settings.name, this.#reason)),
      this.options.timing.waitForHostMs + 1,
    );
    timer.unref();
  }

  #rejectWaiting(nowMs: number, error: SigningError): void {
    if (nowMs !== Infinity && this.#state === 'ready') return;
    for (const pending of this.#queue.takeOverdue(nowMs)) pending.reject(error);
  }

  #refusal(): SigningError {
    const { name } = this.options.settings;
    return this.#state === 'quarantined' ? quarantineError(name, this.#reason) : unavailable(name, this.#reason);
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stop.signal });
    } catch {
      // Stopping.
    }
  }
}
