import type { CadesTemplate, Certificate } from '@kyso/cms';
import type { CredentialRecord } from '@kyso/contracts';
import type { Holder } from '@kyso/preparation';

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
  /** Throws SigningError CREDENTIAL_UNKNOWN, CERTIFICATE_…, STORE_UNAVAILABLE. What its record allows is asked at each use. */
  get(credentialId: string): Promise<PreparedCredential>;
  /** By the SHA-256 (hexadecimal) of all certificates that credentials have or had, whether enabled or not. */
  holders(): Promise<ReadonlyMap<string, Holder>>;
}
