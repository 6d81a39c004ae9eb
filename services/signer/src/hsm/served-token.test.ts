import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SigningError, type Lane, type TokenState } from '@kyso/contracts';
import { setImmediate as turn } from 'node:timers/promises';
import { InFlight } from './in-flight.js';
import { ServedToken, type BalancedToken } from './served-token.js';
import { AnswerLost, HostFailure } from './token-failures.js';
import type { Availability, TokenWork } from './token-host.js';

const waitForHostMs = 5_000;

/** A token with one session that takes `signMs` for each signature, in the time of jest's timers. */
class SimulatedToken implements BalancedToken {
  readonly pid = undefined;
  state: TokenState = 'ready';
  reason = 'READY';
  availability: Availability = 'ready';
  isDoubtful = false;
  /** What it answers instead of a signature. */
  failsWith: Error | undefined;
  hangs = false;
  signed = 0;
  readonly #inFlight = new InFlight({ sessions: 1, signTimeoutMs: 10_000 });
  readonly #queue: (() => void)[] = [];
  #id = 0;
  onChange: () => void = () => undefined;

  constructor(
    readonly name: string,
    readonly signMs: number,
  ) {}

  start(): void {}
  async stop(): Promise<void> {}
  replaceHost(): void {}

  room(lane: Lane): number {
    return this.availability === 'ready' ? this.#inFlight.room(lane) : 0;
  }

  expectedMs(lane: Lane): number {
    return this.#inFlight.expectedMs(lane);
  }

  sign({ keyId, lane, mechanism, input }: TokenWork): Promise<Uint8Array> {
    const request = { id: this.#id++, lane, keyId, mechanism, input };
    return new Promise((resolve, reject) => {
      this.#inFlight.add({ request, resolve, reject });
      this.#queue.push(() => {
        this.#inFlight.take(request.id);
        this.#inFlight.progressed(1);
        this.signed++;
        if (this.failsWith === undefined) resolve(Buffer.from(this.name));
        else reject(this.failsWith);
        this.onChange();
      });
      if (this.#queue.length === 1) this.#begin();
    });
  }

  /** Its host is killed: what it has comes back without an answer. */
  lose(code: string): void {
    this.#queue.length = 0;
    this.hangs = false;
    for (const { reject } of this.#inFlight.takeAll()) reject(new HostFailure(this.name, code, true));
  }

  away(state: TokenState, reason: string): void {
    Object.assign(this, { state, reason, availability: 'away' });
    this.onChange();
  }

  #begin(): void {
    const [next] = this.#queue;
    if (next === undefined || this.hangs) return;
    setTimeout(() => {
      if (this.#queue[0] !== next || this.hangs) return;
      this.#queue.shift();
      next();
      this.#begin();
    }, this.signMs);
  }
}

const work = (more: Partial<TokenWork> = {}): TokenWork => ({
  keyId: '01',
  lane: 'interactive',
  mechanism: { kind: 'rsa-pkcs1' },
  input: new Uint8Array(51),
  ...more,
});

function serve(...tokens: SimulatedToken[]): ServedToken {
  const served = new ServedToken({ name: 'seal', waitForHostMs });
  for (const token of tokens) token.onChange = () => served.place();
  served.tokens = tokens;
  return served;
}

/** Signatures in a minute, of so many documents at a time that take 10 ms each beside the signature. */
async function perMinute(tokens: SimulatedToken[], documentsAtATime: number): Promise<number> {
  const served = serve(...tokens);
  let signatures = 0;
  const go = async (lane: Lane): Promise<void> => {
    for (;;) {
      await served.sign(work({ lane }));
      signatures++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  for (let i = 0; i < documentsAtATime; i++) void go('bulk');
  await jest.advanceTimersByTimeAsync(60_000);
  return signatures;
}
const slow = (count: number): SimulatedToken[] =>
  Array.from({ length: count }, (_, i) => new SimulatedToken(`seal-${i}`, 200));

describe('the tokens that serve one name', () => {
  describe('in simulated time', () => {
    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('sign together: eight of 200 ms at least 7.6 times as much as one, with eight documents at a time for each', async () => {
      const one = await perMinute(slow(1), 8);
      const eight = await perMinute(slow(8), 64);
      expect(one).toBeGreaterThanOrEqual(0.95 * 300);
      expect(eight).toBeGreaterThanOrEqual(7.6 * one);
    });

    it('are used in proportion to their speed', async () => {
      const tokens = [new SimulatedToken('usb', 200), new SimulatedToken('hsm', 20)];
      const signatures = await perMinute(tokens, 16);
      expect(signatures).toBeGreaterThan(0.95 * (300 + 3_000));
      expect(tokens[0]?.signed).toBeGreaterThan(270);
    });

    it('hold up nobody else while one of them hangs', async () => {
      const tokens = slow(4);
      (tokens[0] as SimulatedToken).hangs = true;
      expect(await perMinute(tokens, 32)).toBeGreaterThan(0.95 * 900);
    });
  });

  it('take over what another one lost', async () => {
    const [first, second] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 1)];
    const served = serve(first, second);
    first.hangs = true;
    const lost = served.sign(work());
    await turn();
    await turn();
    first.lose('SIGN_TIMEOUT');
    expect((await lost).by).toBe(second);
  });

  it('are not asked again for what may be signed only once, and say that the answer was lost', async () => {
    const [first, second] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 1)];
    const served = serve(first, second);
    first.hangs = true;
    const lost = served.sign(work({ once: true }));
    await turn();
    await turn();
    first.lose('SIGN_TIMEOUT');
    await expect(lost).rejects.toBeInstanceOf(AnswerLost);
    expect(second.signed).toBe(0);
  });

  it('are asked again for what may be signed only once when the key was not used', async () => {
    const [first, second] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 1)];
    first.failsWith = new HostFailure('seal-1', 'CKR_USER_NOT_LOGGED_IN', false);
    expect((await serve(first, second).sign(work({ once: true }))).by).toBe(second);
  });

  it('give up a request that three hosts were lost with', async () => {
    const tokens = ['seal-1', 'seal-2', 'seal-3', 'seal-4'].map((name) => new SimulatedToken(name, 1));
    for (const token of tokens) token.failsWith = new HostFailure(token.name, 'exit code 139', true);
    await expect(serve(...tokens).sign(work())).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(tokens.map(({ signed }) => signed).reduce((a, b) => a + b)).toBe(3);
  });

  describe('when one of them lacks a key', () => {
    const notFound = new SigningError('KEY_NOT_FOUND', { found: 'none' });
    let [without, having]: SimulatedToken[] = [];
    let served: ServedToken;
    beforeEach(() => {
      [without, having] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 1)];
      without.failsWith = notFound;
      served = serve(without, having);
    });

    it('have the others sign, and it is not asked for that key again', async () => {
      for (let i = 0; i < 5; i++) expect((await served.sign(work())).by).toBe(having);
      expect(without?.signed).toBe(1);
    });

    it('say KEY_NOT_FOUND when all lack it', async () => {
      (having as SimulatedToken).failsWith = notFound;
      await expect(served.sign(work())).rejects.toBe(notFound);
      await expect(served.sign(work())).rejects.toBe(notFound);
    });

    it('have the request wait while one that may have it is away', async () => {
      having?.away('absent', 'TOKEN_ABSENT');
      await expect(served.sign(work())).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    });

    it('say so at once when it is not the key but what it can do', async () => {
      (without as SimulatedToken).failsWith = new SigningError('CERTIFICATE_UNFIT');
      having?.away('absent', 'TOKEN_ABSENT');
      await expect(served.sign(work())).rejects.toMatchObject({ code: 'CERTIFICATE_UNFIT' });
    });
  });

  it('give interactive work to one that failed last only when no other has room; bulk work finds out', async () => {
    const [doubtful, well] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 30)];
    doubtful.isDoubtful = true;
    const served = serve(doubtful, well);
    expect((await served.sign(work())).by).toBe(well);
    expect((await served.sign(work({ lane: 'bulk' }))).by).toBe(doubtful);
  });

  it('refuse when none is ready, with what the operator needs to know', async () => {
    const [first, second] = [new SimulatedToken('seal-1', 1), new SimulatedToken('seal-2', 1)];
    const served = serve(first, second);
    first.away('absent', 'TOKEN_ABSENT');
    second.away('quarantined', 'PIN_INCORRECT');
    await expect(served.sign(work())).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      found: 'seal-1 TOKEN_ABSENT, seal-2 PIN_INCORRECT',
    });
    first.away('quarantined', 'PIN_COUNT_LOW');
    await expect(served.sign(work())).rejects.toMatchObject({ code: 'TOKEN_QUARANTINED' });
  });

  it('refuse what waits when they stop', async () => {
    const token = new SimulatedToken('seal-1', 1);
    const served = serve(token);
    Object.assign(token, { availability: 'coming' });
    const waiting = served.sign(work());
    await turn();
    served.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'SERVICE_STOPPING' });
    await expect(served.sign(work())).rejects.toMatchObject({ code: 'SERVICE_STOPPING' });
  });
});
