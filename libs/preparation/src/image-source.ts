import { SigningError, objectKeys } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';

/** Port to the signature and seal images, by the SHA-256 of the PNG. */
export interface ImageSource {
  /** The same array for the same hash while it is kept, so that what was made of it can be kept too. */
  get(sha256: string): Promise<Uint8Array>;
}

/** Images of the object store; the ones used last are kept, up to `maxBytes`. */
export class StoredImages implements ImageSource {
  readonly #kept = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(
    private readonly store: ObjectStore,
    private readonly maxBytes = 64 * 1_048_576,
  ) {}

  async get(sha256: string): Promise<Uint8Array> {
    const kept = this.#kept.get(sha256);
    if (kept !== undefined) {
      this.#kept.delete(sha256);
      this.#kept.set(sha256, kept);
      return kept;
    }
    const png = await this.store.get(objectKeys.image(sha256));
    if (png === undefined) {
      throw new SigningError('IMAGE_INVALID', { expected: `a stored image ${sha256}`, found: 'none' });
    }
    if (!this.#kept.has(sha256)) this.#keep(sha256, png);
    return png;
  }

  #keep(sha256: string, png: Uint8Array): void {
    this.#kept.set(sha256, png);
    this.#bytes += png.length;
    for (const [oldest, bytes] of this.#kept) {
      if (this.#bytes <= this.maxBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
