import type { CadesTemplate, Certificate } from '@kyso/cms';
import type { CredentialRecord } from '@kyso/contracts';

/** A credential with everything that can be computed once: certificates parsed, chain built, CMS template made. */
export interface PreparedCredential {
  readonly record: CredentialRecord;
  readonly certificate: Certificate;
  /** Leaf first, trust anchor last. */
  readonly chain: readonly Certificate[];
  readonly template: CadesTemplate;
}

/** Port to the credentials. */
export interface CredentialSource {
  /** Throws SigningError CREDENTIAL_UNKNOWN, CREDENTIAL_FORBIDDEN (disabled), CERTIFICATE_…, STORE_UNAVAILABLE. */
  get(credentialId: string): Promise<PreparedCredential>;
  /** SHA-256 (hexadecimal) of the certificates of all credentials of persons, whether enabled or not. */
  personCertificates(): Promise<ReadonlySet<string>>;
}
