import type { Certificate } from '@kyso/cms';
import type { CredentialRecord, Evidence, RevocationCheck, Role, ScreeningOverrides } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';

/** Whose a certificate is. */
export type Holder = Pick<CredentialRecord, 'credentialId' | 'kind' | 'roles'>;

/** What screening needs of the world. */
export interface ScreeningPorts {
  /** Where versions and what released them lie. */
  readonly store: ObjectStore;
  /** Evidence for a chain, leaf first; throws SigningError where none can be had. */
  readonly revocation: {
    evidenceFor(
      chain: readonly Certificate[],
      context: { readonly requestId: string },
    ): Promise<Pick<Evidence, 'ocspResponses' | 'crls'>>;
  };
  readonly credentials: {
    /** By the SHA-256 (hexadecimal) of all certificates that credentials have or had, whether enabled or not. */
    holders(): Promise<ReadonlyMap<string, Holder>>;
  };
  readonly clock: { now(): Date };
  readonly policy: {
    readonly trustAnchors: readonly Certificate[];
    readonly tsaTrustAnchors: readonly Certificate[];
    readonly revocationCheck: RevocationCheck;
    readonly screening: ScreeningOverrides;
  };
}

/** Who is about to sign what. */
export interface ScreenedWork {
  readonly job: {
    readonly documentId: string;
    readonly requestId: string;
    readonly screening?: ScreeningOverrides | undefined;
  };
  readonly step: { readonly role: Role; readonly attachmentOf?: string | undefined };
  /** The version that is signed. */
  readonly baseVersion: number;
  readonly signer: {
    readonly record: Holder;
    readonly certificate: Certificate;
    /** From the signer's certificate to the root. */
    readonly chain: readonly Certificate[];
  };
}
