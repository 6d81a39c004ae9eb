import type { Certificate } from '@kyso/cms';
import type { Evidence } from '@kyso/contracts';

/** Port to the revocation status of certificates. */
export interface RevocationSource {
  /**
   * What proves the chain (leaf first, trust anchor last), each part checked: one status for each certificate but the anchor.
   * `unknown` where neither OCSP nor CRL could be had. Throws SigningError REVOCATION_UNAVAILABLE when nobody can be asked.
   */
  evidenceFor(chain: readonly Certificate[], context: { readonly requestId: string }): Promise<Evidence>;
}
