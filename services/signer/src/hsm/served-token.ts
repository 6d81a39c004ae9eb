import { SigningError, type Lane } from '@kyso/contracts';
import { HostFailure, quarantineError, unavailable } from './token-failures.js';
import type { HostedToken, TokenWork } from './token-host.js';

/** A token of several that serve one name: it says how much it takes now and how fast it is. */
export interface BalancedToken extends HostedToken {
  room(lane: Lane): number;
  expectedMs(lane: Lane): number;
  readonly isDoubtful: boolean;
}

/** What a token gave, and which one that was. */
export interface TokenOutput {
  readonly output: Uint8Array;
  readonly by: BalancedToken;
}

interface Waiting {
  readonly work: TokenWork;
  readonly sinceMs: number;
  /** How often it went to a token without an answer. */
  tries: number;
  readonly failedOn: Set<BalancedToken>;
  readonly refusals: Map<BalancedToken, SigningError>;
  readonly resolve: (signature: TokenOutput) => void;
  readonly reject: (error: unknown) => void;
}

/** A request goes to a token at most this often: once, and again when a host was lost under it; to a third where there are several. */
const maxTries = { one: 2, several: 3 } as const;
/** So long a token without a certain key is the last that is asked for it. */
const rememberLackMs = 60_000;
const maxLacksRemembered = 10_000;

/**
 * The tokens of one signer that hold the same keys and serve one name. Work waits here and not at a token, and goes to the one
 * that would be done with it first, of those that are ready and have room: so none is idle while work waits, and none that
 * hangs has more than a few requests. What a token hands back goes to another.
 */
export class ServedToken {
  readonly #waiting: Record<Lane, Waiting[]> = { interactive: [], bulk: [] };
  readonly #lacks = new Map<string, number>();
  #tokens: readonly BalancedToken[] = [];
  #lastReadyMs = 0;
  #placing = false;
  #stopped = false;
  #patience: NodeJS.Timeout | undefined;

  /** `waitForHostMs`: how long a request waits for tokens that are starting or being replaced. */
  constructor(private readonly options: { readonly name: string; readonly waitForHostMs: number }) {}

  /** The tokens that serve the name from now on. */
  set tokens(tokens: readonly BalancedToken[]) {
    this.#tokens = tokens;
    this.place();
  }

  /** Throws SigningError as DigestSigner does. */
  sign(work: TokenWork): Promise<TokenOutput> {
    return new Promise((resolve, reject) => {
      this.#waiting[work.lane].push({
        work,
        sinceMs: performance.now(),
        tries: 0,
        failedOn: new Set(),
        refusals: new Map(),
        resolve,
        reject,
      });
      this.place();
    });
  }

  /** Refuses what waits and all that comes. */
  stop(): void {
    this.#stopped = true;
    this.place();
  }

  /** Gives what waits to tokens that have room; to be called whenever that may have changed. */
  place(): void {
    if (this.#placing) return;
    this.#placing = true;
    // All requests of this turn of the event loop together: what goes to one token goes in one message.
    setImmediate(() => {
      this.#placing = false;
      this.#placeAll();
    });
  }

  #placeAll(): void {
    const nowMs = performance.now();
    if (this.#tokens.some(({ availability }) => availability === 'ready')) this.#lastReadyMs = nowMs;
    for (const lane of ['interactive', 'bulk'] as const) {
      this.#waiting[lane] = this.#waiting[lane].filter((one) => this.#mustWait(one, nowMs));
    }
    clearTimeout(this.#patience);
    if (this.#waiting.interactive.length + this.#waiting.bulk.length === 0) return;
    // While no token is ready nothing else may come that ends the waiting.
    this.#patience = setTimeout(() => this.place(), this.options.waitForHostMs + 1);
    this.#patience.unref();
  }

  /** Sends the request to a token, or refuses it; true when it waits on. */
  #mustWait(one: Waiting, nowMs: number): boolean {
    if (this.#stopped) {
      one.reject(new SigningError('SERVICE_STOPPING'));
      return false;
    }
    const able = this.#tokens.filter((token) => !one.refusals.has(token));
    const likely = able.filter((token) => !this.#lacksKey(token, one.work.keyId, nowMs));
    const candidates = likely.length > 0 ? likely : able;
    const ready = candidates.filter(({ availability }) => availability === 'ready');
    const fresh = ready.filter((token) => !one.failedOn.has(token));
    const token = quickest(fresh.length > 0 ? fresh : ready, one.work.lane);
    if (token !== undefined) {
      this.#send(one, token);
      return false;
    }
    const isComing = candidates.some(({ availability }) => availability === 'coming');
    const waitedMs = nowMs - Math.max(one.sinceMs, this.#lastReadyMs);
    if (ready.length > 0 || (isComing && waitedMs <= this.options.waitForHostMs)) return true;
    one.reject(this.#refusal(one, candidates));
    return false;
  }

  #send(one: Waiting, token: BalancedToken): void {
    token.sign(one.work).then(
      (output) => one.resolve({ output, by: token }),
      (error: unknown) => this.#handedBack(one, token, error),
    );
  }

  #handedBack(one: Waiting, token: BalancedToken, error: unknown): void {
    if (error instanceof HostFailure) {
      one.tries++;
      one.failedOn.add(token);
      const limit = this.#tokens.length > 1 ? maxTries.several : maxTries.one;
      const mayGoAgain = one.tries < limit && !(one.work.once === true && error.mayHaveSigned) && !this.#stopped;
      if (!mayGoAgain) return one.reject(error.toSigningError());
    } else if (error instanceof SigningError) {
      // The token answered that it can't: it lacks the key, or the mechanism. Another one may have it.
      one.refusals.set(token, error);
      if (error.code === 'KEY_NOT_FOUND') this.#noteLack(token, one.work.keyId);
      if (one.refusals.size >= this.#tokens.length) return one.reject(error);
    } else {
      return one.reject(error);
    }
    // To the front: it waited already.
    this.#waiting[one.work.lane].unshift(one);
    this.place();
  }

  #refusal(one: Waiting, candidates: readonly BalancedToken[]): SigningError {
    const refusals = [...one.refusals.values()];
    const unfit = refusals.find(({ code }) => code !== 'KEY_NOT_FOUND');
    const [first] = candidates;
    if (unfit !== undefined) return unfit;
    // A token that lacks the key says nothing about those that are away.
    if (first === undefined) return refusals[0] ?? unavailable(this.options.name, 'NO_TOKEN');
    const passing = candidates.filter(({ state }) => state !== 'quarantined');
    if (passing.length === 0) return quarantineError(first.name, first.reason);
    const [only] = passing;
    if (only !== undefined && this.#tokens.length === 1) return unavailable(only.name, only.reason);
    return unavailable(this.options.name, candidates.map(({ name, reason }) => `${name} ${reason}`).join(', '));
  }

  #lacksKey(token: BalancedToken, keyId: string, nowMs: number): boolean {
    return (this.#lacks.get(`${token.name} ${keyId}`) ?? -Infinity) > nowMs;
  }

  #noteLack(token: BalancedToken, keyId: string): void {
    if (this.#lacks.size >= maxLacksRemembered) this.#lacks.clear();
    this.#lacks.set(`${token.name} ${keyId}`, performance.now() + rememberLackMs);
  }
}

/**
 * The token with room that would be done first. Interactive work goes to one whose last answer was a failure only when no other
 * has room; bulk work finds out whether it is well again.
 */
function quickest(tokens: readonly BalancedToken[], lane: Lane): BalancedToken | undefined {
  const withRoom = tokens.filter((token) => token.room(lane) > 0);
  const certain = lane === 'interactive' ? withRoom.filter(({ isDoubtful }) => !isDoubtful) : [];
  let best: BalancedToken | undefined;
  for (const token of certain.length > 0 ? certain : withRoom) {
    if (best === undefined || token.expectedMs(lane) < best.expectedMs(lane)) best = token;
  }
  return best;
}
