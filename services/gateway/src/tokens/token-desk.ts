import {
  liftingSchema,
  nameSchema,
  objectKeys,
  quarantineSchema,
  SigningError,
  tokenInventorySchema,
  type Lifting,
  type Quarantine,
  type TokenInventory,
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
    const names = new Set((await this.parts.states.names()).filter((name) => nameSchema.safeParse(name).success));
    for await (const { key } of this.parts.store.list(objectKeys.tokensPrefix)) {
      const name = key.slice(objectKeys.tokensPrefix.length).split('/', 1)[0];
      if (name !== undefined && nameSchema.safeParse(name).success) names.add(name);
    }
    return Promise.all([...names].sort().map((name) => this.describe(name)));
  }

  /** Throws TOKEN_UNKNOWN, STORE_UNAVAILABLE. */
  async show(token: string): Promise<TokenView> {
    const view = await this.describe(token);
    const isKnown = view.inventory !== undefined || view.quarantine !== undefined || view.signers.length > 0;
    if (!isKnown && !(await this.parts.states.names()).includes(token)) {
      throw new SigningError('TOKEN_UNKNOWN', { found: token });
    }
    return view;
  }

  /** What a signer last read from the token; undefined when none has. */
  inventory(token: string): Promise<TokenInventory | undefined> {
    return getJson(this.parts.store, objectKeys.inventory(token), tokenInventorySchema);
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

  private async describe(token: string): Promise<TokenView> {
    const { store, states } = this.parts;
    const [reports, quarantine, inventory] = await Promise.all([
      states.reports(token),
      getJson(store, objectKeys.quarantine(token), quarantineSchema),
      this.inventory(token),
    ]);
    const signers = reports.map(({ signerId, state, atMs }) => ({ signerId, state, at: new Date(atMs).toISOString() }));
    return {
      token,
      // Signers look at the quarantine every few seconds; the record is what counts.
      state: quarantine === undefined ? stateOf(reports) : 'quarantined',
      ...(quarantine === undefined ? {} : { quarantine }),
      signers: signers.sort((a, b) => (a.signerId < b.signerId ? -1 : 1)),
      ...(inventory === undefined ? {} : { inventory }),
    };
  }
}
