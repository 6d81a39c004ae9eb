import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import {
  credentialRecordSchema,
  objectKeys,
  type ApiClientRecord,
  type Credential,
  type CredentialRecord,
  type TokenState,
} from '@kyso/contracts';
import { getJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { rolesOf } from './usable.js';

/** A credential with its certificate parsed. */
export interface KnownCredential {
  readonly record: CredentialRecord;
  readonly certificate: Certificate;
}

/** The credentials, from `credentials/<id>.json`, kept for `maxAgeMs`; certificates are parsed once per change. */
export class CredentialRegistry {
  private readonly known: ExpiringCache<{ readonly credential: KnownCredential | undefined }>;
  private readonly certificates = new ExpiringCache<Certificate>({ maxEntries: 10_000, maxAgeMs: Infinity });

  constructor(
    private readonly store: ObjectStore,
    maxAgeMs: number,
  ) {
    this.known = new ExpiringCache({ maxEntries: 10_000, maxAgeMs });
  }

  /** The credential; undefined when there is none of this id. Throws STORE_UNAVAILABLE, CmsError for a broken record. */
  async find(credentialId: string): Promise<KnownCredential | undefined> {
    const { credential } = await this.known.getOrLoad(credentialId, async () => ({
      credential: await this.read(credentialId),
    }));
    return credential;
  }

  /** The credentials that this client may use, by id. */
  async usableBy(client: ApiClientRecord): Promise<KnownCredential[]> {
    const ids = Object.keys(client.credentials).sort();
    const found = await Promise.all(ids.map((id) => this.find(id)));
    return found.filter((credential) => credential !== undefined);
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
