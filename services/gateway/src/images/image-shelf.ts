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

/** The bytes of an image in a request. Throws IMAGE_INVALID for what is no base64 or too large. */
export function imageBytes(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  // Node skips what is not base64; the length shows it. Line breaks are refused too: RFC 4648, 3.1.
  if (Math.ceil((base64.replace(/=+$/, '').length * 3) / 4 - 0.75) !== bytes.length || bytes.length === 0) {
    throw new SigningError('IMAGE_INVALID', { expected: 'base64 of an image', found: 'text that is no base64' });
  }
  if (bytes.length > maxImageBytes) {
    throw new SigningError('IMAGE_INVALID', {
      expected: `at most ${maxImageBytes} bytes`,
      found: `${bytes.length} bytes`,
    });
  }
  return bytes;
}

/** Signature and seal images, each stored once under its hash. */
export class ImageShelf {
  private readonly stored = new ExpiringCache<true>({ maxEntries: 10_000, maxAgeMs: 600_000 });
  private readonly checked = new ExpiringCache<true>({ maxEntries: 10_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  /** Throws IMAGE_INVALID for what is no base64, too large, or no PNG. */
  async check(base64: string): Promise<CheckedImage> {
    const png = imageBytes(base64);
    const image = { sha256: createHash('sha256').update(png).digest('hex'), png };
    await this.assertDrawable(image);
    return image;
  }

  /** Throws IMAGE_INVALID for what is no PNG that can be drawn. */
  async assertDrawable({ sha256, png }: CheckedImage): Promise<void> {
    if (this.checked.get(sha256) !== undefined) return;
    await refusing(async () => inspectPng(png));
    this.checked.set(sha256, true);
  }

  /** Stores the image unless it is there. */
  async keep(image: CheckedImage): Promise<void> {
    if (this.stored.get(image.sha256) !== undefined) return;
    await this.store.create(objectKeys.image(image.sha256), image.png);
    this.stored.set(image.sha256, true);
  }
}
