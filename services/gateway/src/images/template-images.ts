import { createHash } from 'node:crypto';
import { objectKeys, SigningError } from '@kyso/contracts';
import { bufferSource } from '@kyso/pdf';
import { readImageIsolated, type ReadImage } from '@kyso/pdf/render';
import type { ObjectStore } from '@kyso/storage';
import { refusing } from '../documents/pdf-refusal.js';
import { Turns } from '../turns.js';
import { imageBytes, type ImageShelf } from './image-shelf.js';

/** An image of a template, as it is stored, and what its pixels say. */
export interface ReadTemplateImage extends Omit<ReadImage, 'png'> {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Takes the images of templates: other formats become PNG, and what people should know of them is found out. */
export class TemplateImages {
  private readonly turns: Turns;

  constructor(
    private readonly store: ObjectStore,
    private readonly shelf: ImageShelf,
    private readonly limits: { readonly maxConcurrentDrawings: number; readonly drawingTimeoutMs: number },
  ) {
    const { maxConcurrentDrawings: atATime, drawingTimeoutMs: maxWaitMs } = limits;
    this.turns = new Turns({ atATime, maxWaitMs, what: 'images' });
  }

  /** Undefined without an image. Throws IMAGE_INVALID, REQUEST_INVALID for two, RATE_LIMITED, STORE_…. */
  async take(given: {
    readonly imageBase64: string | undefined;
    readonly imageSha256: string | undefined;
  }): Promise<ReadTemplateImage | undefined> {
    const { imageBase64, imageSha256 } = given;
    if (imageBase64 !== undefined && imageSha256 !== undefined) {
      throw new SigningError('REQUEST_INVALID', { expected: 'imageBase64 or imageSha256', found: 'both' });
    }
    if (imageBase64 !== undefined) return this.read(imageBytes(imageBase64));
    if (imageSha256 === undefined) return undefined;
    const stored = await this.store.get(objectKeys.image(imageSha256));
    if (stored === undefined) {
      throw new SigningError('IMAGE_INVALID', { expected: 'an image that was stored before', found: imageSha256 });
    }
    return this.read(stored);
  }

  private async read(file: Uint8Array): Promise<ReadTemplateImage> {
    const isolation = { deadlineMs: this.limits.drawingTimeoutMs };
    const read = () => refusing(() => readImageIsolated(bufferSource(file), { isolation }));
    const { png: bytes, ...facts } = await this.turns.take(read);
    // Between processes a Buffer becomes a plain array of bytes.
    const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sha256 = createHash('sha256').update(png).digest('hex');
    await this.shelf.assertDrawable({ sha256, png });
    await this.shelf.keep({ sha256, png });
    return { ...facts, sha256, sizeBytes: png.length };
  }
}
