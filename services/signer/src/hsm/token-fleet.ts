import { SigningError, type TokenState } from '@kyso/contracts';
import type { DigestRequest, DigestSigner } from './digest-signer.js';
import type { PinGuard } from './pin-guard.js';
import { ActivatedTokenHost } from './activated-token-host.js';
import {
  TokenHost,
  defaultTokenHostTiming,
  type HostedToken,
  type TokenEvent,
  type TokenHostOptions,
  type TokenHostTiming,
} from './token-host.js';
import type { ReadContent } from './token-host-messages.js';
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
  /** Private keys to which PINs are sealed, a JWK Set; needed for tokens without a PIN file. Only token hosts read it. */
  readonly activationKeysFile?: string | undefined;
  readonly onContent?: (token: string, content: ReadContent) => void;
}

/** Throws an Error for a token that nobody could ever log in to. */
function hostFor(options: TokenHostOptions, keysFile: string | undefined): HostedToken {
  if (options.settings.pinFile !== undefined) return new TokenHost(options);
  if (keysFile !== undefined) return new ActivatedTokenHost({ ...options, keysFile });
  throw new Error(`Token ${options.settings.name}: expected pinFile, or KYSO_ACTIVATION_KEYS_FILE, found neither`);
}

/** All tokens of one signer, each behind a host process of its own. */
export class TokenFleet implements DigestSigner {
  readonly #hosts = new Map<string, HostedToken>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: TokenFleetOptions) {
    for (const settings of options.tokens) {
      const hostOptions: TokenHostOptions = {
        settings,
        guard: options.guard,
        timing: { ...defaultTokenHostTiming, ...options.timing },
        environment: options.environment,
        inTurn: (start) => this.#inTurn(start),
        onEvent: options.onEvent ?? (() => undefined),
        onContent: options.onContent ?? (() => undefined),
      };
      this.#hosts.set(settings.name, hostFor(hostOptions, options.activationKeysFile));
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
  host(token: string): HostedToken | undefined {
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
    const { keyId, lane = 'interactive', once = false, activation } = request;
    const mechanism = toTokenMechanism(request);
    const output = await host.sign({ keyId, lane, once, mechanism, input: toTokenInput(request), activation });
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
