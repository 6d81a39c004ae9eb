import { SigningError, type TokenState } from '@kyso/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContentReading } from './content-reading.js';
import type { ActivatedLogin } from './digest-signer.js';
import type { LoginResult } from './pin-guard.js';
import { startTokenChild, type Started } from './start-token-child.js';
import type { TokenChild } from './token-child.js';
import { AnswerLost, PinRefused, quarantineError, toSigningError, unavailable } from './token-failures.js';
import type { TokenSignRequest, TokenSignResult } from './token-host-messages.js';
import type { Availability, HostedToken, TokenHostOptions, TokenWork } from './token-host.js';

/** Pause before the cluster's login lock is asked for again. */
const lockRetryMs = 150;

interface Waiting {
  readonly request: TokenSignRequest;
  readonly activation: ActivatedLogin;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: SigningError) => void;
}

/** How a batch ended for all that were in it, or with a result for each. */
type BatchEnd = { readonly results: readonly TokenSignResult[] } | { readonly error: SigningError };

/**
 * Keeps a token usable whose PIN no file holds. A host process waits with the token found and nobody logged in; for the
 * requests of one activation it opens the sealed PIN, logs in under the PIN guard, signs, logs out, and ends. Another one
 * takes its place. So a PIN lives in one process, for as long as its signatures take, and no login outlives its activation.
 */
export class ActivatedTokenHost implements HostedToken {
  #state: TokenState = 'absent';
  #reason = 'STARTING';
  /** True while a host is starting or being replaced and requests may wait for it. */
  #transient = true;
  #child: TokenChild | undefined;
  #nextId = 1;
  #waiting: Waiting[] = [];
  #wake: (reason: string) => void = () => undefined;
  #supervision: Promise<void> | undefined;
  /** A person took the token out of quarantine: one try is allowed although the last one was wrong. */
  #cleared = false;
  readonly #stop = new AbortController();

  readonly #content: ContentReading;

  constructor(private readonly options: TokenHostOptions & { readonly keysFile: string }) {
    const { settings, timing } = options;
    this.#content = new ContentReading(timing.contentEveryMs, (content) => options.onContent(settings.name, content));
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
    if (this.#state === 'ready') return 'ready';
    return this.#transient ? 'coming' : 'away';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#supervision ??= this.#supervise();
  }

  /** Lets the batch that runs end, and refuses the others. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#rejectAll(new SigningError('SERVICE_STOPPING'));
    this.#wake('STOPPING');
    await this.#supervision;
  }

  /** Throws SigningError as DigestSigner does, `PinRefused` when it was this very activation's PIN. */
  sign({ keyId, lane, mechanism, input, activation }: TokenWork): Promise<Uint8Array> {
    if (this.#stop.signal.aborted) return Promise.reject(new SigningError('SERVICE_STOPPING'));
    if (activation === undefined) {
      const expected = `an activation: nobody has the PIN of token ${this.options.settings.name}`;
      return Promise.reject(new SigningError('ACTIVATION_REQUIRED', { expected, found: 'none' }));
    }
    if (this.#state !== 'ready' && !this.#transient) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      const request = { id: this.#nextId++, lane, keyId, mechanism, input };
      this.#waiting.push({ request, activation, resolve, reject });
      // Requests of one activation that come together are signed in one login.
      setImmediate(() => this.#wake('WORK'));
    });
  }

  /** The host of the next signature is another process anyway. */
  replaceHost(reason: string): void {
    this.#wake(reason);
  }

  async #supervise(): Promise<void> {
    const { timing, guard, drainOf, settings, environment } = this.options;
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      const started = await this.options.inTurn(() =>
        signal.aborted
          ? Promise.resolve<Started>({ kind: 'absent', code: 'STOPPING' })
          : startTokenChild({ settings, guard, drainOf, environment, signal, cleared: this.#cleared }),
      );
      if (started.kind === 'ready') {
        const wasWell = await this.#serve(started.child);
        failures = wasWell ? 0 : failures + 1;
      } else if (started.kind === 'quarantined') {
        this.#cleared = true;
        this.#setState('quarantined', started.reason);
        await this.#pause(timing.recheckMs);
      } else if (started.kind === 'drained') {
        this.#setState('drained', 'DRAINED');
        await this.#pause(timing.recheckMs);
      } else {
        this.#setState('absent', started.code);
        failures++;
      }
      if (failures > 0) await this.#pause(Math.min(timing.absentBackoffMs * 2 ** failures, timing.maxAbsentBackoffMs));
    }
    this.#rejectAll(new SigningError('SERVICE_STOPPING'));
  }

  /** Waits for work, has one batch signed, and ends the host. False when the token or its host failed. */
  async #serve(child: TokenChild): Promise<boolean> {
    const { timing, settings } = this.options;
    this.#child = child;
    this.#setState('ready', 'READY');
    const endReading = this.#content.by(child);
    const recheck = setInterval(() => void this.#checkOrders(), timing.recheckMs);
    let wasWell = true;
    try {
      const reason = await this.#untilWoken(child);
      if (reason === 'WORK') wasWell = await this.#serveBatch(child);
      else wasWell = reason === 'STOPPING' || reason === 'QUARANTINED' || reason === 'DRAINED';
    } finally {
      endReading();
      clearInterval(recheck);
      child.send({ kind: 'stop' });
      await Promise.race([child.ended, sleep(settings.signTimeoutMs, undefined, { ref: false })]);
      child.kill();
      await child.ended;
      this.#child = undefined;
    }
    if (this.#state === 'ready') this.#transient = true;
    return wasWell;
  }

  async #untilWoken(child: TokenChild): Promise<string> {
    const woken = new Promise<string>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#stop.signal.aborted) return 'STOPPING';
    if (this.#waiting.length > 0) return 'WORK';
    const reason = await Promise.race([woken, child.ended.then(() => 'ENDED')]);
    this.#wake = () => undefined;
    return reason === 'WORK' && this.#waiting.length === 0 ? this.#untilWoken(child) : reason;
  }

  async #serveBatch(child: TokenChild): Promise<boolean> {
    const [first] = this.#waiting;
    if (first === undefined) return true;
    const isOfBatch = (one: Waiting): boolean => one.activation.sealedPin === first.activation.sealedPin;
    const batch = this.#waiting.filter(isOfBatch);
    this.#waiting = this.#waiting.filter((one) => !isOfBatch(one));
    const end = await this.#signBatch(child, first.activation, batch);
    if ('error' in end) for (const one of batch) one.reject(end.error);
    else for (const one of batch) this.#answer(one, end.results);
    return !('error' in end) || end.error.code !== 'TOKEN_UNAVAILABLE';
  }

  async #signBatch(child: TokenChild, activation: ActivatedLogin, batch: readonly Waiting[]): Promise<BatchEnd> {
    const { guard, settings } = this.options;
    const { name } = settings;
    const deadlineMs = performance.now() + settings.startTimeoutMs;
    let wasSent = false;
    let results: readonly TokenSignResult[] = [];
    const attempt = async (): Promise<LoginResult> => {
      wasSent = true;
      const attempted = await this.#attempt(child, activation, batch);
      results = attempted.results;
      return attempted.login;
    };
    const refusedBy = (): SigningError => (wasSent ? lost : unavailable)(name, 'PIN_GUARD_UNAVAILABLE');
    while (performance.now() < deadlineMs && !this.#stop.signal.aborted) {
      const result = await guard.login(name, attempt).catch(refusedBy);
      // The store or Redis can't be reached: without them nobody may try a PIN.
      if (result instanceof SigningError) return { error: result };
      switch (result.kind) {
        case 'logged-in':
          this.#cleared = false;
          return { results };
        case 'quarantined':
          return { error: quarantineError(name, result.quarantine.reason) };
        case 'refused':
          return { error: new PinRefused(name, result.reason) };
        case 'failed':
          return { error: failure(name, result.code) };
        case 'abandoned':
          return { error: lost(name, 'LOGIN_TIMEOUT') };
        case 'busy':
          await sleep(lockRetryMs);
      }
    }
    return { error: unavailable(name, 'LOGIN_LOCKED') };
  }

  async #attempt(
    child: TokenChild,
    { sealedPin, bounds }: ActivatedLogin,
    batch: readonly Waiting[],
  ): Promise<{ readonly login: LoginResult; readonly results: readonly TokenSignResult[] }> {
    const { keysFile, settings } = this.options;
    const requests = batch.map(({ request }) => request);
    child.send({ kind: 'sign-activated', sealedPin, keysFile, bounds, despiteCountLow: this.#cleared, requests });
    const answer = await child.expect(
      ['signed-activated', 'activation-refused', 'login-refused', 'login-failed', 'failed'],
      settings.startTimeoutMs + settings.signTimeoutMs * batch.length,
    );
    switch (answer?.kind) {
      case 'signed-activated':
        return { login: { kind: 'logged-in' }, results: answer.results };
      case 'login-refused':
        return { login: { kind: 'refused', reason: answer.reason }, results: [] };
      case 'activation-refused':
      case 'login-failed':
        return { login: { kind: 'failed', code: answer.code }, results: [] };
      default:
        return { login: { kind: 'abandoned' }, results: [] };
    }
  }

  #answer(one: Waiting, results: readonly TokenSignResult[]): void {
    const { name } = this.options.settings;
    const result = results.find(({ id }) => id === one.request.id);
    if (result === undefined) one.reject(lost(name, 'NO_ANSWER'));
    else if ('signature' in result) one.resolve(result.signature);
    else if (result.error.scope === 'request') one.reject(toSigningError(result.error.code, name));
    else one.reject((result.error.mayHaveSigned ? lost : unavailable)(name, result.error.code));
  }

  async #checkOrders(): Promise<void> {
    const { guard, drainOf } = this.options;
    try {
      if ((await guard.quarantineOf(this.name)) !== undefined) return this.#wake('QUARANTINED');
      if ((await drainOf(this.name)) === undefined || this.#state !== 'ready') return;
      this.#setState('draining', 'DRAINED');
      this.#wake('DRAINED');
    } catch {
      // Nobody is logged in, and a login asks again.
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
    this.#rejectAll(this.#refusal());
  }

  #rejectAll(error: SigningError): void {
    for (const one of this.#waiting.splice(0)) one.reject(error);
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

/** The PIN and the requests were with the host: it may have signed. */
function lost(token: string, reason: string): SigningError {
  return new AnswerLost(token, reason);
}

function failure(token: string, code: string): SigningError {
  if (code === 'SEAL_EXPIRED') return new SigningError('ACTIVATION_EXPIRED');
  if (!code.startsWith('SEAL_')) return unavailable(token, code);
  return new SigningError('ACTIVATION_INVALID', {
    expected: 'a sealed PIN that is bound to the activation',
    found: code,
  });
}
