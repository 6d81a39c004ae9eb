import { createHash } from 'node:crypto';
import {
  activationEndSchema,
  activationRecordSchema,
  objectKeys,
  sealingEncryption,
  SigningError,
  type Activation,
  type ActivationEnd,
  type ActivationKeys,
  type ActivationRecord,
  type ActivationRequest,
  type ApiClientRecord,
  type SigningStep,
  type TokenInventory,
} from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { CredentialRegistry } from '../credentials/credential-registry.js';
import { rolesOf } from '../credentials/roles-of.js';
import type { TokenDesk } from '../tokens/token-desk.js';

/** A clock of the caller that is a little ahead must not make its activation too long. */
const clockSlackMs = 30_000;

export interface ActivationParts {
  readonly store: ObjectStore;
  readonly credentials: Pick<CredentialRegistry, 'find'>;
  readonly tokens: Pick<TokenDesk, 'servedInventory'>;
  /** Undefined: this cluster takes no PINs. */
  readonly keys: ActivationKeys | undefined;
  readonly maxSeconds: number;
  /** Milliseconds that it is remembered how a token is logged in to: asked for each step of each job. */
  readonly registryMaxAgeMs: number;
  readonly now: () => Date;
}

/**
 * Keeps activations: what a PIN was given for, and the PIN as its owner sealed it, which this process cannot open. The signer
 * checks all of it again; here an official learns at once what would be refused.
 */
export class ActivationDesk {
  private readonly logins: ExpiringCache<{ readonly login: TokenInventory['login'] | undefined }>;

  constructor(private readonly parts: ActivationParts) {
    this.logins = new ExpiringCache({ maxEntries: 1_000, maxAgeMs: parts.registryMaxAgeMs });
  }

  /** Public keys, those to be used first. */
  get keys(): ActivationKeys {
    return this.parts.keys ?? { keys: [] };
  }

  /**
   * Stores an activation. The same request again gives the same answer and stores nothing, so that a PIN that was used up or
   * wrong doesn't come back. Throws CREDENTIAL_UNKNOWN, CREDENTIAL_FORBIDDEN, CREDENTIAL_DISABLED, REQUEST_INVALID,
   * ACTIVATION_INVALID, ACTIVATION_EXISTS, STORE_UNAVAILABLE.
   */
  async create(
    client: ApiClientRecord,
    credentialId: string,
    { request, requestId }: { readonly request: ActivationRequest; readonly requestId: string },
  ): Promise<Activation> {
    const { store, now } = this.parts;
    await this.assertMayActivate(client, credentialId);
    const { sealedPin, ...rest } = request;
    const record: ActivationRecord = {
      ...rest,
      clientId: client.clientId,
      credentialId,
      sealedPinSha256: createHash('sha256').update(sealedPin).digest('hex'),
      createdAt: now().toISOString(),
      requestId,
    };
    const found = await this.read(record.activationId);
    if (found !== undefined) return this.repeat(found, record);
    this.assertTime(record);
    this.assertSealedHere(sealedPin);
    // The record last: an activation exists when its PIN is there. What is left without one expires.
    if (!(await store.create(objectKeys.sealedPin(record), Buffer.from(sealedPin, 'ascii')))) {
      await this.assertSamePin(record);
    }
    if (await createJson(store, objectKeys.activation(record.activationId), record)) return this.describe(record);
    const other = await this.read(record.activationId);
    if (other === undefined) throw new SigningError('STORE_UNAVAILABLE');
    return this.repeat(other, record);
  }

  /** Throws ACTIVATION_UNKNOWN, also for another client's or another credential's, STORE_UNAVAILABLE. */
  async show(client: ApiClientRecord, credentialId: string, activationId: string): Promise<Activation> {
    return this.describe(await this.own(client, credentialId, activationId));
  }

  /** Deletes the sealed PIN now; what is being signed may still end. Twice is once. Throws ACTIVATION_UNKNOWN. */
  async withdraw(client: ApiClientRecord, credentialId: string, activationId: string): Promise<void> {
    const record = await this.own(client, credentialId, activationId);
    const end: ActivationEnd = { reason: 'withdrawn', at: this.parts.now().toISOString() };
    await createJson(this.parts.store, objectKeys.activationEnd(activationId), end);
    await this.parts.store.delete(objectKeys.sealedPin(record));
  }

  /**
   * Refuses steps whose keys need other activations than they name. `documentSha256` is that of the version that the request
   * names as expectedVersion. Throws ACTIVATION_REQUIRED, ACTIVATION_UNKNOWN, ACTIVATION_FOREIGN, ACTIVATION_EXPIRED,
   * ACTIVATION_USED_UP, CREDENTIAL_UNKNOWN, REQUEST_INVALID (its signer has the PIN itself).
   */
  async assertActivations(
    client: ApiClientRecord,
    steps: readonly Pick<SigningStep, 'credentialId' | 'activationId'>[],
    documentSha256: string,
  ): Promise<void> {
    for (const { credentialId, activationId } of steps) {
      if (!(await this.isNeeded(credentialId, activationId)) || activationId === undefined) continue;
      const record = await this.read(activationId);
      if (record?.clientId !== client.clientId) throw new SigningError('ACTIVATION_UNKNOWN', { found: activationId });
      if (record.credentialId !== credentialId) {
        throw new SigningError('ACTIVATION_FOREIGN', { expected: record.credentialId, found: credentialId });
      }
      if (!record.documents.includes(documentSha256)) {
        throw new SigningError('ACTIVATION_FOREIGN', {
          expected: `one of the ${record.documents.length} documents of ${activationId}`,
          found: `SHA-256 ${documentSha256}`,
        });
      }
      const sharing = steps.filter((step) => step.activationId === activationId).length;
      assertUsesLeft(await this.describe(record), sharing);
    }
  }

  /** Throws ACTIVATION_REQUIRED when one is missing, REQUEST_INVALID when one is too many. */
  private async isNeeded(credentialId: string, activationId: string | undefined): Promise<boolean> {
    const known = await this.parts.credentials.find(credentialId);
    if (known === undefined) throw new SigningError('CREDENTIAL_UNKNOWN', { found: credentialId });
    const { token } = known.record;
    const { login } = await this.logins.getOrLoad(token, async () => ({
      login: (await this.parts.tokens.servedInventory(token))?.login,
    }));
    if (login === 'activation' && activationId === undefined) {
      throw new SigningError('ACTIVATION_REQUIRED', { expected: `activationId for ${credentialId}`, found: 'none' });
    }
    if (login === 'unattended' && activationId !== undefined) {
      throw new SigningError('REQUEST_INVALID', {
        expected: `no activationId: the PIN of ${token} is in a file of its signer`,
        found: activationId,
      });
    }
    return activationId !== undefined;
  }

  private async assertMayActivate(client: ApiClientRecord, credentialId: string): Promise<void> {
    const known = await this.parts.credentials.find(credentialId);
    if (known === undefined || rolesOf(known, client).length === 0) {
      throw new SigningError('CREDENTIAL_UNKNOWN', { found: credentialId });
    }
    if (!known.record.enabled) throw new SigningError('CREDENTIAL_DISABLED', { found: credentialId });
    const inventory = await this.parts.tokens.servedInventory(known.record.token);
    if (inventory?.login === 'unattended') {
      throw new SigningError('REQUEST_INVALID', {
        expected: 'a credential whose token needs activations',
        found: `${credentialId}: the PIN of ${known.record.token} is in a file of its signer`,
      });
    }
  }

  private assertTime({ expiresAt }: ActivationRecord): void {
    const { maxSeconds, now } = this.parts;
    const leftMs = Date.parse(expiresAt) - now().getTime();
    if (leftMs > 0 && leftMs <= maxSeconds * 1_000 + clockSlackMs) return;
    throw new SigningError('REQUEST_INVALID', {
      expected: `expiresAt within ${maxSeconds} s from ${now().toISOString()}`,
      found: expiresAt,
    });
  }

  /** Only the header can be read here (RFC 7516, 4). What is in it decides nothing later; it spares the official a wait. */
  private assertSealedHere(sealedPin: string): void {
    const { kid, alg, enc } = headerOf(sealedPin);
    const known = this.keys.keys.some((key) => key.kid === kid && key.alg === alg);
    if (known && enc === sealingEncryption) return;
    throw new SigningError('ACTIVATION_INVALID', {
      expected: `alg and kid of a key of GET /v1/activation-keys, enc ${sealingEncryption}`,
      found: this.keys.keys.length === 0 ? 'no keys: this cluster takes no PINs' : 'another header',
    });
  }

  private async assertSamePin(record: ActivationRecord): Promise<void> {
    const bytes = await this.parts.store.get(objectKeys.sealedPin(record));
    const found = bytes && createHash('sha256').update(bytes).digest('hex');
    if (found !== record.sealedPinSha256) throw new SigningError('ACTIVATION_EXISTS', { found: record.activationId });
  }

  private repeat(found: ActivationRecord, wanted: ActivationRecord): Promise<Activation> {
    if (essenceOf(found) !== essenceOf(wanted))
      throw new SigningError('ACTIVATION_EXISTS', { found: wanted.activationId });
    return this.describe(found);
  }

  private async own(client: ApiClientRecord, credentialId: string, activationId: string): Promise<ActivationRecord> {
    const record = await this.read(activationId);
    if (record?.clientId === client.clientId && record.credentialId === credentialId) return record;
    throw new SigningError('ACTIVATION_UNKNOWN', { found: activationId });
  }

  private read(activationId: string): Promise<ActivationRecord | undefined> {
    return getJson(this.parts.store, objectKeys.activation(activationId), activationRecordSchema);
  }

  private async describe(record: ActivationRecord): Promise<Activation> {
    const { activationId, count, documents, expiresAt, credentialId, createdAt } = record;
    const { store, now } = this.parts;
    const end = await getJson(store, objectKeys.activationEnd(activationId), activationEndSchema);
    // Uses are claimed from 1 on without a gap: the first free one tells how many there are.
    let used = 0;
    while (used < count && (await store.stat(objectKeys.activationUse(activationId, used + 1))) !== undefined) used++;
    const expired = now() >= new Date(expiresAt);
    const state = end?.reason ?? (used === count ? 'used-up' : expired ? 'expired' : 'usable');
    const usesLeft = state === 'usable' ? count - used : 0;
    return { activationId, credentialId, count, documents, expiresAt, createdAt, state, usesLeft };
  }
}

function assertUsesLeft({ activationId, state, usesLeft, expiresAt }: Activation, wanted: number): void {
  if (state === 'expired') throw new SigningError('ACTIVATION_EXPIRED', { expected: `a time before ${expiresAt}` });
  if (state === 'usable' && usesLeft >= wanted) return;
  throw new SigningError('ACTIVATION_USED_UP', {
    expected: `${activationId} usable, ${wanted} times`,
    found: `${state}, ${usesLeft} times left`,
  });
}

/** What two requests for one activation must have in common. */
function essenceOf({ clientId, credentialId, count, documents, expiresAt, sealedPinSha256 }: ActivationRecord): string {
  return JSON.stringify([clientId, credentialId, count, documents, expiresAt, sealedPinSha256]);
}

function headerOf(jwe: string): { readonly kid?: unknown; readonly alg?: unknown; readonly enc?: unknown } {
  try {
    const header: unknown = JSON.parse(Buffer.from(jwe.split('.', 1)[0] ?? '', 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null ? header : {};
  } catch {
    return {};
  }
}
