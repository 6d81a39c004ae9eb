import { SigningError, type TokenState } from '@kyso/contracts';
import type { DigestRequest, DigestSigner } from './digest-signer.js';
import type { PinGuard } from './pin-guard.js';
import { TokenHost, defaultTokenHostTiming, type TokenEvent, type TokenHostTiming } from './token-host.js';
import type { TokenContent } from './token-host-messages.js';
import { toSignatureValue, toTokenInput, toTokenMechanism } from './token-mechanism.js';
import type { TokenSettings } from './token-settings.js';

/** What a fleet needs. */
export interface TokenFleetOptions {
  readonly tokens: readonly TokenSettings[];
  readonly guard: PinGuard;
  /** Environment for the PKCS#11 modules, such as SOFTHSM2_CONF. */
  readonly environment: NodeJS.ProcessEnv;
  readonly timing?: Partial<TokenHostTiming>;
  readonly onEvent?: (event: TokenEvent) => void;
  readonly onContent?: (token: string, content: TokenContent) => void;
}

/** All tokens of one signer, each behind a host process of its own. */
export class TokenFleet implements DigestSigner {
  readonly #hosts = new Map<string, TokenHost>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: TokenFleetOptions) {
    for (const settings of options.tokens) {
      const host = new TokenHost({
        settings,
        guard: options.guard,
        timing: { ...defaultTokenHostTiming, ...options.timing },
        environment: options.environment,
        inTurn: (start) => this.#inTurn(start),
        onEvent: options.onEvent ?? (() => undefined),
        onContent: options.onContent ?? (() => undefined),
      });
      this.#hosts.set(settings.name, host);
    }
  }

  /** Starts all hosts, one after another, and returns at once. */
  start(): void {
    for (const host of this.#hosts.values()) host.start();
  }

  /** Ends all hosts in good order. */
  async stop(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.stop()));
  }

  states(): ReadonlyMap<string, TokenState> {
    return new Map([...this.#hosts].map(([name, host]) => [name, host.state]));
  }

  /** The host of one token; undefined when this signer has no such token. */
  host(token: string): TokenHost | undefined {
    return this.#hosts.get(token);
  }

  async sign(request: DigestRequest): Promise<Uint8Array> {
    const host = this.#hosts.get(request.token);
    if (host === undefined) {
      throw new SigningError('TOKEN_UNAVAILABLE', {
        expected: `one of the tokens ${[...this.#hosts.keys()].join(', ')}`,
        found: request.token,
      });
    }
    const { keyId, lane = 'interactive' } = request;
    const output = await host.sign({ keyId, lane, mechanism: toTokenMechanism(request), input: toTokenInput(request) });
    return toSignatureValue(request, output);
  }

  async replaceSessions(token: string): Promise<void> {
    this.#hosts.get(token)?.replaceHost('SIGNATURE_WRONG');
  }

  #inTurn<T>(start: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(start, start);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
