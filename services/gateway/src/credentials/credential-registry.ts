import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  credentialRecordSchema,
  nameSchema,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type Credential,
  type CredentialRecord,
  type TokenState,
} from '@kyso/contracts';
import { holdersOf, type Holder } from '@kyso/preparation';
import { getJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { rolesOf } from './roles-of.js';

/** A credential with its certificate parsed. */
export interface KnownCredential {
  readonly record: CredentialRecord;
  readonly certificate: Certificate;
}

/** Credentials of one cluster. */
const maxCredentials = 10_000;
const readsAtATime = 32;

/** The credentials, from `credentials/<id>.json`, kept for `maxAgeMs`; certificates are parsed once per change. */
export class CredentialRegistry {
  private readonly known: ExpiringCache<{ readonly credential: KnownCredential | undefined }>;
  private readonly list: ExpiringCache<readonly KnownCredential[]>;
  private readonly certificates = new ExpiringCache<Certificate>({ maxEntries: 10_000, maxAgeMs: Infinity });

  constructor(
    private readonly store: ObjectStore,
    maxAgeMs: number,
  ) {
    this.known = new ExpiringCache({ maxEntries: maxCredentials, maxAgeMs });
    this.list = new ExpiringCache({ maxEntries: 1, maxAgeMs: maxAgeMs * 12 });
  }

  /** The credential; undefined when there is none of this id. Throws STORE_UNAVAILABLE, CmsError for a broken record. */
  async find(credentialId: string): Promise<KnownCredential | undefined> {
    const { credential } = await this.known.getOrLoad(credentialId, async () => ({
      credential: await this.read(credentialId),
    }));
    return credential;
  }

  /** The credentials that this client may use, by id: those of its own record, and those whose record names it. */
  async usableBy(client: ApiClientRecord): Promise<KnownCredential[]> {
    const named = (await this.all()).filter(({ record }) => Object.hasOwn(record.clients ?? {}, client.clientId));
    const ids = new Set([...Object.keys(client.credentials), ...named.map(({ record }) => record.credentialId)]);
    const found = await Promise.all([...ids].sort().map((id) => this.find(id)));
    return found.filter(
      (credential) => credential !== undefined && rolesOf(credential, client).length > 0,
    ) as KnownCredential[];
  }

  /**
   * All credentials, by id, as they were up to twelve times `maxAgeMs` ago; a broken record is left out here and makes noise
   * where it is used. Throws STORE_UNAVAILABLE.
   */
  all(): Promise<readonly KnownCredential[]> {
    return this.list.getOrLoad('all', async () => {
      const ids: string[] = [];
      for await (const { key } of this.store.list(objectKeys.credentialsPrefix)) {
        const id = nameSchema.safeParse(key.slice(objectKeys.credentialsPrefix.length).replace(/\.json$/, '')).data;
        if (id !== undefined && ids.length < maxCredentials) ids.push(id);
      }
      const all: KnownCredential[] = [];
      for (let i = 0; i < ids.length; i += readsAtATime) {
        const some = await Promise.all(ids.slice(i, i + readsAtATime).map((id) => this.readable(id)));
        all.push(...some.filter((credential) => credential !== undefined));
      }
      return all.sort((a, b) => (a.record.credentialId < b.record.credentialId ? -1 : 1));
    });
  }

  /** Whose certificates are, by their SHA-256 (hexadecimal): those that credentials have and had. As old as `all`. */
  async holders(): Promise<ReadonlyMap<string, Holder>> {
    return holdersOf((await this.all()).map(({ record }) => record));
  }

  /** The credential was changed by this gateway: it is read again. */
  forget(credentialId: string): void {
    this.known.delete(credentialId);
    this.list.delete('all');
  }

  private async readable(credentialId: string): Promise<KnownCredential | undefined> {
    try {
      return await this.find(credentialId);
    } catch (error) {
      if (error instanceof SigningError && error.code === 'STORE_UNAVAILABLE') throw error;
      return undefined;
    }
  }

  private async read(credentialId: string): Promise<KnownCredential | undefined> {
    const record = await getJson(this.store, objectKeys.credential(credentialId), credentialRecordSchema);
    if (record === undefined) return undefined;
    let certificate = this.certificates.get(record.certificatesPem);
    if (certificate === undefined) {
      certificate = parseCertificatesPem(record.certificatesPem)[0];
      if (certificate === undefined) throw new Error(`credentials/${credentialId}.json holds no certificate`);
      this.certificates.set(record.certificatesPem, certificate);
    }
    return { record, certificate };
  }
}

/** What a caller is shown of a credential. */
export function describeCredential(
  known: KnownCredential,
  client: ApiClientRecord,
  tokenState: TokenState,
): Credential {
  const { record, certificate } = known;
  return {
    credentialId: record.credentialId,
    kind: record.kind,
    roles: rolesOf(known, client),
    subject: certificate.subject,
    subjectName: certificate.commonName,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    certificateSha256: certificate.sha256,
    key: certificate.keyDescription,
    scheme: record.scheme,
    digestAlgorithm: record.digestAlgorithm,
    token: record.token,
    tokenState,
    enabled: record.enabled,
  };
}
