import type { MadeByUse } from './step-claim.js';

/**
 * Signature values by the digest that was signed (hexadecimal) and the certificate: a job that waits for its time-stamp
 * and comes back with the same intent doesn't use the key again. It may forget anything at any time; nothing secret is in
 * it.
 */
export class SignatureMemory {
  readonly #kept = new Map<string, MadeByUse>();

  constructor(private readonly maxEntries = 1_000) {}

  get(signedDigest: string, certificateSha256: string): MadeByUse | undefined {
    return this.#kept.get(`${signedDigest}.${certificateSha256}`);
  }

  keep(signedDigest: string, certificateSha256: string, made: MadeByUse): void {
    this.#kept.set(`${signedDigest}.${certificateSha256}`, made);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.maxEntries) break;
      this.#kept.delete(oldest);
    }
  }
}
