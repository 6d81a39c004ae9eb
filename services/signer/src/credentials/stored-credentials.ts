import { createCadesTemplate, parseCertificatesPem, type Certificate } from '@kyso/cms';
import { SigningError, credentialRecordSchema, objectKeys, type CredentialRecord } from '@kyso/contracts';
import { chainToAnchor, checkCertificate, readHolders, type Holder } from '@kyso/preparation';
import type { ObjectStore } from '@kyso/storage';
import type { CredentialSource, PreparedCredential } from './credential-source.js';

interface Kept {
  readonly content: Buffer;
  readonly credential: PreparedCredential;
  readAtMs: number;
}

/**
 * Credentials of the object store, prepared once and kept. A record is read again after `rereadAfterMs`, and prepared
 * again only if its bytes changed; so a credential that is disabled stops signing within that time.
 */
export class StoredCredentials implements CredentialSource {
  readonly #kept = new Map<string, Kept>();
  #holders: { readonly holders: Promise<ReadonlyMap<string, Holder>>; readonly readAtMs: number } | undefined;

  constructor(
    private readonly options: {
      readonly store: ObjectStore;
      readonly trustAnchors: readonly Certificate[];
      readonly now: () => Date;
      readonly rereadAfterMs: number;
    },
  ) {}

  async get(credentialId: string): Promise<PreparedCredential> {
    const now = this.options.now();
    const kept = this.#kept.get(credentialId);
    const fresh = kept !== undefined && this.#isFresh(kept.readAtMs) ? kept : await this.#read(credentialId, kept);
    const { record, certificate, chain } = fresh.credential;
    checkCertificate(certificate, record.scheme, now);
    // The chain was built when the record was read; an issuer may have expired since.
    if (chain.some((link) => now > link.notAfter || now < link.notBefore)) {
      this.#kept.delete(credentialId);
      chainToAnchor(parseCertificatesPem(record.certificatesPem), this.options.trustAnchors, now);
    }
    return fresh.credential;
  }

  holders(): Promise<ReadonlyMap<string, Holder>> {
    if (this.#holders === undefined || !this.#isFresh(this.#holders.readAtMs)) {
      const holders = readHolders(this.options.store);
      this.#holders = { holders, readAtMs: this.options.now().getTime() };
      holders.catch(() => {
        this.#holders = undefined;
      });
    }
    return this.#holders.holders;
  }

  /** What was read in the future was read before the clock was put back: nobody knows how long ago. */
  #isFresh(readAtMs: number): boolean {
    const ageMs = this.options.now().getTime() - readAtMs;
    return ageMs >= 0 && ageMs < this.options.rereadAfterMs;
  }

  async #read(credentialId: string, before: Kept | undefined): Promise<Kept> {
    const { store, now } = this.options;
    const bytes = await store.get(objectKeys.credential(credentialId));
    if (bytes === undefined) {
      this.#kept.delete(credentialId);
      throw new SigningError('CREDENTIAL_UNKNOWN', { expected: 'a stored credential', found: credentialId });
    }
    const readAtMs = now().getTime();
    if (before !== undefined && before.content.equals(bytes)) {
      before.readAtMs = readAtMs;
      return before;
    }
    const kept = { content: Buffer.from(bytes), credential: this.#prepare(parseRecord(bytes)), readAtMs };
    this.#kept.set(credentialId, kept);
    return kept;
  }

  #prepare(record: CredentialRecord): PreparedCredential {
    const now = this.options.now();
    const certificates = parseCertificatesPem(record.certificatesPem);
    const [certificate] = certificates;
    if (certificate === undefined) {
      throw new SigningError('CERTIFICATE_UNFIT', { expected: 'a certificate in the credential', found: 'none' });
    }
    checkCertificate(certificate, record.scheme, now);
    const chain = chainToAnchor(certificates, this.options.trustAnchors, now);
    const template = createCadesTemplate({
      signer: certificate,
      // The anchor is known to whoever trusts it; all others go into the CMS (ETSI EN 319 142-1, 6.3, table 1).
      certificates: chain.slice(0, -1),
      scheme: record.scheme,
      digestAlgorithm: record.digestAlgorithm,
    });
    return { record, certificate, chain, template };
  }
}

function parseRecord(bytes: Uint8Array): CredentialRecord {
  return credentialRecordSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
