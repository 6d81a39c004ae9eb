import { createHash } from 'node:crypto';
import { objectKeys, SigningError } from '@kyso/contracts';
import { inspectPng } from '@kyso/pdf';
import type { ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { refusing } from '../documents/pdf-refusal.js';

/** The seed’s limit for a signature image: 3.5 MB decoded. */
const maxImageBytes = 3_500_000;

/** An image that was checked and can be stored. */
export interface CheckedImage {
  readonly sha256: string;
  readonly png: Uint8Array;
}

/** Signature and seal images, each stored once under its hash. */
export class ImageShelf {
  private readonly stored = new ExpiringCache<true>({ maxEntries: 10_000, maxAgeMs: 600_000 });
  private readonly checked = new ExpiringCache<true>({ maxEntries: 10_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  /** Throws IMAGE_INVALID for what is no base64, too large, or no PNG. */
  async check(base64: string): Promise<CheckedImage> {
    const png = Buffer.from(base64, 'base64');
    // Node skips what is not base64; the length shows it. Line breaks are refused too: RFC 4648, 3.1.
    if (Math.ceil((base64.replace(/=+$/, '').length * 3) / 4 - 0.75) !== png.length || png.length === 0) {
      throw new SigningError('IMAGE_INVALID', { expected: 'base64 of a PNG', found: 'text that is no base64' });
    }
    if (png.length > maxImageBytes) {
      throw new SigningError('IMAGE_INVALID', {
        expected: `at most ${maxImageBytes} bytes`,
        found: `${png.length} bytes`,
      });
    }
    const sha256 = createHash('sha256').update(png).digest('hex');
    if (this.checked.get(sha256) === undefined) {
      await refusing(async () => inspectPng(png));
      this.checked.set(sha256, true);
    }
    return { sha256, png };
  }

  /** Stores the image unless it is there. */
  async keep(image: CheckedImage): Promise<void> {
    if (this.stored.get(image.sha256) !== undefined) return;
    await this.store.create(objectKeys.image(image.sha256), image.png);
    this.stored.set(image.sha256, true);
  }
}
