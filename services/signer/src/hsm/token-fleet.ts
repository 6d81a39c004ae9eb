import { SigningError, type Drain, type TokenState } from '@kyso/contracts';
import type { DigestRequest, DigestSigner } from './digest-signer.js';
import type { PinGuard } from './pin-guard.js';
import { ActivatedTokenHost } from './activated-token-host.js';
import { ServedToken } from './served-token.js';
import {
  TokenHost,
  defaultTokenHostTiming,
  type HostedToken,
  type TokenEvent,
  type TokenHostOptions,
  type TokenHostTiming,
  type TokenWork,
} from './token-host.js';
import type { ReadContent } from './token-host-messages.js';
import { toSignatureValue, toTokenInput, toTokenMechanism } from './token-mechanism.js';
import { servedName, type TokenSettings } from './token-settings.js';

/** What a fleet needs. */
export interface TokenFleetOptions {
  readonly tokens: readonly TokenSettings[];
  readonly guard: PinGuard;
  /** The operator's word that a token is out of use; absent: none ever is. Throws STORE_UNAVAILABLE. */
  readonly drainOf?: (token: string) => Promise<Drain | undefined>;
  /** Environment for the PKCS#11 modules, such as SOFTHSM2_CONF. */
  readonly environment: NodeJS.ProcessEnv;
  readonly timing?: Partial<TokenHostTiming>;
  readonly onEvent?: (event: TokenEvent) => void;
  /** Private keys to which PINs are sealed, a JWK Set; needed for tokens without a PIN file. Only token hosts read it. */
  readonly activationKeysFile?: string | undefined;
  readonly onContent?: (token: string, content: ReadContent) => void;
}

/** What one token is doing, and for which name. */
export interface FleetState {
  readonly token: string;
  readonly serves: string;
  readonly state: TokenState;
}

/** A token's host, and who gives it work: one that holds its PIN alone serves its name alone, and keeps its own order. */
interface Member {
  readonly serves: string;
  readonly host: TokenHost | ActivatedTokenHost;
}

/** All tokens of one signer, each behind a host process of its own; those that serve one name share its work. */
export class TokenFleet implements DigestSigner {
  readonly #members = new Map<string, Member>();
  readonly #served = new Map<string, ServedToken | ActivatedTokenHost>();
  /** By which token a signature was made, for as long as somebody holds it. */
  readonly #madeBy = new WeakMap<Uint8Array, HostedToken>();
  readonly #timing: TokenHostTiming;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: TokenFleetOptions) {
    this.#timing = { ...defaultTokenHostTiming, ...options.timing };
    for (const settings of options.tokens) this.#add(settings);
    for (const serves of new Set(options.tokens.map(servedName))) this.#serve(serves);
  }

  /** Starts all hosts, one after another, and returns at once. */
  start(): void {
    for (const { host } of this.#members.values()) host.start();
  }

  /** Ends all hosts in good order. */
  async stop(): Promise<void> {
    for (const served of this.#served.values()) if (served instanceof ServedToken) served.stop();
    await Promise.all([...this.#members.values()].map(({ host }) => host.stop()));
  }

  states(): FleetState[] {
    return [...this.#members].map(([token, { serves, host }]) => ({ token, serves, state: host.state }));
  }

  /** Whether a token that serves the name is ready, or will be in a moment. */
  isServing(name: string): boolean {
    return this.#tokensOf(name).some(({ availability }) => availability !== 'away');
  }

  /** The host of one token; undefined when this signer has no such token. */
  host(token: string): HostedToken | undefined {
    return this.#members.get(token)?.host;
  }

  async sign(request: DigestRequest): Promise<Uint8Array> {
    const served = this.#served.get(request.token);
    if (served === undefined) {
      throw new SigningError('TOKEN_UNAVAILABLE', {
        expected: `one of the tokens ${[...this.#served.keys()].join(', ')}`,
        found: request.token,
      });
    }
    const { keyId, lane = 'interactive', once = false, activation } = request;
    const mechanism = toTokenMechanism(request);
    const work: TokenWork = { keyId, lane, once, mechanism, input: toTokenInput(request), activation };
    const { output, by } = await this.#signWith(served, work);
    const signature = toSignatureValue(request, output);
    this.#madeBy.set(signature, by);
    return signature;
  }

  async replaceSessions(token: string, wrong?: Uint8Array): Promise<void> {
    const by = wrong && this.#madeBy.get(wrong);
    for (const host of by === undefined ? this.#tokensOf(token) : [by]) host.replaceHost('SIGNATURE_WRONG');
  }

  async #signWith(
    served: ServedToken | ActivatedTokenHost,
    work: TokenWork,
  ): Promise<{ readonly output: Uint8Array; readonly by: HostedToken }> {
    return served instanceof ServedToken ? served.sign(work) : { output: await served.sign(work), by: served };
  }

  /** Throws an Error for a token that nobody could ever log in to. */
  #add(settings: TokenSettings): void {
    const { options } = this;
    const serves = servedName(settings);
    const hostOptions: TokenHostOptions = {
      settings,
      guard: options.guard,
      drainOf: options.drainOf ?? (() => Promise.resolve(undefined)),
      timing: this.#timing,
      environment: options.environment,
      inTurn: (start) => this.#inTurn(start),
      onEvent: options.onEvent ?? (() => undefined),
      onContent: options.onContent ?? (() => undefined),
      onChange: () => this.#changed(serves),
    };
    this.#members.set(settings.name, { serves, host: hostFor(hostOptions, options.activationKeysFile) });
  }

  #serve(name: string): void {
    const hosts = this.#tokensOf(name);
    const [first] = hosts;
    if (first instanceof ActivatedTokenHost) {
      this.#served.set(name, first);
      return;
    }
    const served = new ServedToken({ name, waitForHostMs: this.#timing.waitForHostMs });
    served.tokens = hosts.filter((host) => host instanceof TokenHost);
    this.#served.set(name, served);
  }

  #changed(name: string): void {
    const served = this.#served.get(name);
    if (served instanceof ServedToken) served.place();
  }

  #tokensOf(name: string): (TokenHost | ActivatedTokenHost)[] {
    return [...this.#members.values()].flatMap(({ serves, host }) => (serves === name ? [host] : []));
  }

  #inTurn<T>(start: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(start, start);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function hostFor(options: TokenHostOptions, keysFile: string | undefined): TokenHost | ActivatedTokenHost {
  if (options.settings.pinFile !== undefined) return new TokenHost(options);
  if (keysFile !== undefined) return new ActivatedTokenHost({ ...options, keysFile });
  throw new Error(`Token ${options.settings.name}: expected pinFile, or KYSO_ACTIVATION_KEYS_FILE, found neither`);
}
