import {
  drainSchema,
  liftingSchema,
  nameSchema,
  objectKeys,
  quarantineSchema,
  resumptionSchema,
  SigningError,
  tokenInventorySchema,
  type Drain,
  type Lifting,
  type Quarantine,
  type Resumption,
  type TokenInventory,
  type TokenKey,
  type TokenReport,
  type TokenState,
  type TokenView,
} from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';
import { stateOf, type TokenStates } from './token-states.js';

/** Who lifts a quarantine, for the record. */
export interface Lifter {
  /** `at` of the quarantine that was looked at. */
  readonly at: string;
  readonly liftedBy: string;
  readonly requestId: string;
}

/** Who puts a token back into use, for the record. */
export interface Resumer {
  /** `at` of the drain that was looked at. */
  readonly at: string;
  readonly resumedBy: string;
  readonly requestId: string;
}

/** The cluster’s tokens, for operators. */
export class TokenDesk {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly states: Pick<TokenStates, 'reports' | 'names'>;
      readonly now: () => Date;
    },
  ) {}

  /** All tokens that a signer has, had, or read, by name. Throws STORE_UNAVAILABLE. */
  async list(): Promise<TokenView[]> {
    const known = (await this.parts.states.names()).filter((name) => nameSchema.safeParse(name).success);
    const names = new Set([...known, ...(await this.storedNames())]);
    return Promise.all([...names].sort().map((name) => this.describe(name)));
  }

  /** Throws TOKEN_UNKNOWN, STORE_UNAVAILABLE. */
  async show(token: string): Promise<TokenView> {
    const view = await this.describe(token);
    const records = [view.inventory, view.quarantine, view.drain];
    const isKnown = view.signers.length > 0 || records.some((record) => record !== undefined);
    if (!isKnown && !(await this.parts.states.names()).includes(token)) {
      throw new SigningError('TOKEN_UNKNOWN', { found: token });
    }
    return view;
  }

  /**
   * What the signers last read from the tokens that serve this name of credentials, with the keys of all of them; undefined
   * when none was read. Throws STORE_UNAVAILABLE.
   */
  async servedInventory(name: string): Promise<TokenInventory | undefined> {
    const stored = await Promise.all((await this.storedNames()).map((token) => this.inventory(token)));
    const serving = stored.filter((one) => one !== undefined && (one.serves ?? one.token) === name);
    const [first] = serving;
    if (first === undefined) return undefined;
    const keys = new Map<string, TokenKey>();
    for (const key of serving.flatMap((one) => one?.keys ?? [])) {
      if (!keys.has(key.keyId)) keys.set(key.keyId, key);
    }
    return { ...first, keys: [...keys.values()] };
  }

  /**
   * Takes a token out of use: every signer logs out within seconds and its jobs fail. One that is in quarantine stays as it
   * is: the reason that came first matters more. Throws TOKEN_UNKNOWN, STORE_UNAVAILABLE.
   */
  async quarantine(
    token: string,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): Promise<TokenView> {
    await this.show(token);
    const quarantine: Quarantine = { token, reason, signerId: by, at: this.parts.now().toISOString() };
    await createJson(this.parts.store, objectKeys.quarantine(token), quarantine);
    return this.describe(token);
  }

  /**
   * Ends the quarantine that began at `lifter.at`; it is on record first. Every signer then tries the PIN once. The time must
   * be named because a quarantine that was lifted and came back is another wrong PIN, and lifting it unseen costs another
   * try of the few that a token has. Lifting the same one twice does nothing. Throws QUARANTINE_CHANGED, STORE_UNAVAILABLE.
   */
  async lift(token: string, lifter: Lifter): Promise<void> {
    const { store, now } = this.parts;
    const quarantine = await getJson(store, objectKeys.quarantine(token), quarantineSchema);
    const { at, liftedBy, requestId } = lifter;
    const lifted = await getJson(store, objectKeys.lifting(token, at), liftingSchema);
    if (quarantine === undefined && lifted !== undefined) return;
    if (quarantine === undefined || Date.parse(quarantine.at) !== Date.parse(at)) {
      throw new SigningError('QUARANTINE_CHANGED', {
        expected: `a quarantine since ${at}`,
        found: quarantine === undefined ? 'none' : `one since ${quarantine.at}`,
      });
    }
    const lifting: Lifting = { quarantine, liftedBy, liftedAt: now().toISOString(), requestId };
    await createJson(store, objectKeys.lifting(token, at), lifting);
    await store.delete(objectKeys.quarantine(token));
  }

  /**
   * Takes a token out of use for maintenance: within seconds every signer gives it no more work, ends what it has, logs out and
   * unloads its module; its jobs wait, or go to other tokens that serve the same name. One that is drained already stays as it
   * is. Throws TOKEN_UNKNOWN, STORE_UNAVAILABLE.
   */
  async drain(token: string, order: Pick<Drain, 'reason' | 'drainedBy' | 'requestId'>): Promise<TokenView> {
    await this.show(token);
    const drain: Drain = { token, ...order, at: this.parts.now().toISOString() };
    await createJson(this.parts.store, objectKeys.drain(token), drain);
    return this.describe(token);
  }

  /**
   * Puts a token back into use after the drain that began at `resumer.at`; it is on record first. The time must be named
   * because somebody else may have drained the token since and hold it in his hands. Twice the same does nothing. Throws
   * DRAIN_CHANGED, STORE_UNAVAILABLE.
   */
  async resume(token: string, resumer: Resumer): Promise<TokenView> {
    const { store, now } = this.parts;
    const { at, resumedBy, requestId } = resumer;
    const drain = await getJson(store, objectKeys.drain(token), drainSchema);
    const resumed = await getJson(store, objectKeys.resumption(token, at), resumptionSchema);
    if (drain === undefined && resumed !== undefined) return this.describe(token);
    if (drain === undefined || Date.parse(drain.at) !== Date.parse(at)) {
      throw new SigningError('DRAIN_CHANGED', {
        expected: `a token drained since ${at}`,
        found: drain === undefined ? 'in use' : `drained since ${drain.at}`,
      });
    }
    const resumption: Resumption = { drain, resumedBy, resumedAt: now().toISOString(), requestId };
    await createJson(store, objectKeys.resumption(token, at), resumption);
    await store.delete(objectKeys.drain(token));
    return this.describe(token);
  }

  /** Names of the tokens that the store has something of. */
  private async storedNames(): Promise<string[]> {
    const names = new Set<string>();
    for await (const { key } of this.parts.store.list(objectKeys.tokensPrefix)) {
      const name = key.slice(objectKeys.tokensPrefix.length).split('/', 1)[0];
      if (name !== undefined && nameSchema.safeParse(name).success) names.add(name);
    }
    return [...names].sort();
  }

  /** What a signer last read from this one token; undefined when none has. */
  private inventory(token: string): Promise<TokenInventory | undefined> {
    return getJson(this.parts.store, objectKeys.inventory(token), tokenInventorySchema);
  }

  private async describe(token: string): Promise<TokenView> {
    const { store, states } = this.parts;
    const [reports, quarantine, drain, inventory] = await Promise.all([
      states.reports(token),
      getJson(store, objectKeys.quarantine(token), quarantineSchema),
      getJson(store, objectKeys.drain(token), drainSchema),
      this.inventory(token),
    ]);
    const signers = reports.map(({ signerId, state, atMs }) => ({ signerId, state, at: new Date(atMs).toISOString() }));
    const newest = reports.reduce<TokenReport | undefined>(
      (a, b) => (a !== undefined && a.atMs > b.atMs ? a : b),
      undefined,
    );
    return {
      token,
      serves: newest?.serves ?? inventory?.serves ?? token,
      state: shownState({ quarantine, drain, reports }),
      ...(quarantine === undefined ? {} : { quarantine }),
      ...(drain === undefined ? {} : { drain }),
      signers: signers.sort((a, b) => (a.signerId < b.signerId ? -1 : 1)),
      ...(inventory === undefined ? {} : { inventory }),
    };
  }
}

/**
 * Signers look at quarantine and drain every few seconds; the records are what counts. Drained only when every signer that was
 * heard of says so: somebody is about to pull the token out.
 */
function shownState(seen: {
  readonly quarantine: Quarantine | undefined;
  readonly drain: Drain | undefined;
  readonly reports: readonly TokenReport[];
}): TokenState {
  if (seen.quarantine !== undefined) return 'quarantined';
  if (seen.drain === undefined) return stateOf(seen.reports);
  if (seen.reports.length === 0) return 'unknown';
  return seen.reports.every(({ state }) => state === 'drained') ? 'drained' : 'draining';
}
