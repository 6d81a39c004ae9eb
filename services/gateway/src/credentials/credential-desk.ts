import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  SigningError,
  type ApiClientRecord,
  type CertificateStatus,
  type Credential,
  type CredentialDetail,
  type CredentialList,
  type CredentialRecord,
} from '@kyso/contracts';
import { chainToAnchor } from '@kyso/preparation';
import type { TokenStates } from '../tokens/token-states.js';
import type { EvidenceSource } from '../verification/evidence-source.js';
import { describeCredential, type CredentialRegistry, type KnownCredential } from './credential-registry.js';
import { rolesOf } from './roles-of.js';
import { credentialWarnings } from './usable.js';

/** Which of them. */
export interface CredentialPage {
  readonly all: boolean;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Shows credentials: what an official wants to see before signing, and to administrators everything. */
export class CredentialDesk {
  constructor(
    private readonly parts: {
      readonly credentials: CredentialRegistry;
      readonly states: Pick<TokenStates, 'ofServed'>;
      readonly revocation: Pick<EvidenceSource, 'statusesOf'> | undefined;
      readonly trustAnchors: readonly Certificate[];
      readonly warnDays: number;
      readonly now: () => Date;
    },
  ) {}

  /** Those that the client may use; with `all`, every one. By id, after one, at most `limit`. Throws STORE_UNAVAILABLE. */
  async list(client: ApiClientRecord, page: CredentialPage): Promise<CredentialList> {
    const { credentials } = this.parts;
    const { all, after = '', limit } = page;
    const every = all ? await credentials.all() : await credentials.usableBy(client);
    const rest = every.filter(({ record }) => record.credentialId > after);
    const found = rest.slice(0, limit);
    // Hundreds of credentials lie on a few tokens.
    const states = new Map<string, ReturnType<TokenStates['ofServed']>>();
    for (const { record } of found) {
      if (!states.has(record.token)) states.set(record.token, this.parts.states.ofServed(record.token));
    }
    const next = rest.length > found.length ? found.at(-1)?.record.credentialId : undefined;
    return {
      credentials: await Promise.all(
        found.map(async (known) => this.describe(known, client, (await states.get(known.record.token)) ?? 'unknown')),
      ),
      ...(next === undefined ? {} : { next }),
    };
  }

  /** Throws CREDENTIAL_UNKNOWN, also for one that the client may not use, STORE_UNAVAILABLE. */
  async show(client: ApiClientRecord, credentialId: string): Promise<CredentialDetail> {
    const known = await this.parts.credentials.find(credentialId);
    const manages = client.scopes.includes('manage');
    if (known === undefined || (!manages && rolesOf(known, client).length === 0)) {
      throw new SigningError('CREDENTIAL_UNKNOWN', { found: credentialId });
    }
    const { record } = known;
    const { owner, organisation, hours, register } = record;
    const [state, revocation] = await Promise.all([this.parts.states.ofServed(record.token), this.revocationOf(known)]);
    return {
      ...this.describe(known, client, state),
      ...(owner === undefined ? {} : { owner }),
      ...(organisation === undefined ? {} : { organisation }),
      ...(hours === undefined ? {} : { hours }),
      ...(register === undefined ? {} : { register }),
      revocation,
      ...(manages ? { administration: administrationOf(record) } : {}),
    };
  }

  private describe(known: KnownCredential, client: ApiClientRecord, state: Credential['tokenState']): Credential {
    const warnings = credentialWarnings(known, this.parts.now(), this.parts.warnDays);
    return { ...describeCredential(known, client, state), ...(warnings.length === 0 ? {} : { warnings }) };
  }

  private async revocationOf({ record }: KnownCredential): Promise<CredentialDetail['revocation']> {
    const { revocation, trustAnchors, now } = this.parts;
    const checkedAt = now().toISOString();
    if (revocation === undefined) return { status: 'not-checked', checkedAt, certificates: [] };
    const chain = chainOf(record, trustAnchors, now());
    const certificates = chain === undefined ? [] : await revocation.statusesOf(chain);
    return { status: worst(certificates, (chain?.length ?? 0) - 1), checkedAt, certificates: [...certificates] };
  }
}

/** undefined when there is none that is valid now; then nobody can say anything of its revocation. */
function chainOf(record: CredentialRecord, anchors: readonly Certificate[], now: Date): Certificate[] | undefined {
  try {
    return chainToAnchor(parseCertificatesPem(record.certificatesPem), anchors, now);
  } catch (error) {
    if (error instanceof SigningError) return undefined;
    throw error;
  }
}

function worst(statuses: readonly CertificateStatus[], expected: number): 'good' | 'revoked' | 'unknown' {
  if (statuses.some(({ status }) => status === 'revoked')) return 'revoked';
  return expected > 0 && statuses.filter(({ status }) => status === 'good').length >= expected ? 'good' : 'unknown';
}

function administrationOf(record: CredentialRecord): CredentialDetail['administration'] {
  return {
    revision: record.revision ?? 0,
    keyId: record.keyId,
    ...(record.clients === undefined ? {} : { clients: record.clients }),
    ...(record.users === undefined ? {} : { users: record.users }),
    delegations: record.delegations ?? [],
    certificatesPem: record.certificatesPem,
    formerCertificatesSha256: (record.former ?? []).flatMap(({ certificatesPem }) => {
      const [certificate] = parseCertificatesPem(certificatesPem);
      return certificate === undefined ? [] : [certificate.sha256];
    }),
  };
}
