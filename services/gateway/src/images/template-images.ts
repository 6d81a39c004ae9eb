import { createHash } from 'node:crypto';
import { objectKeys, SigningError } from '@kyso/contracts';
import { bufferSource, PdfError } from '@kyso/pdf';
import { readImagesIsolated, type ReadImage } from '@kyso/pdf/render';
import type { ObjectStore } from '@kyso/storage';
import { refusing } from '../documents/pdf-refusal.js';
import { Turns } from '../turns.js';
import { imageBytes, type ImageShelf } from './image-shelf.js';

/** An image of a template, as it is stored, and what its pixels say. */
export interface ReadTemplateImage extends Omit<ReadImage, 'png'> {
  readonly sha256: string;
  readonly sizeBytes: number;
}

interface GivenImage {
  readonly imageBase64: string | undefined;
  readonly imageSha256: string | undefined;
}

/** Read by one process. */
const imagesAtATime = 50;

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
  async take(given: GivenImage): Promise<ReadTemplateImage | undefined> {
    const [taken] = await this.takeAll([given]);
    if (taken instanceof SigningError) throw taken;
    return taken;
  }

  /** The same for many, in their order, with a refusal where one is no image. Throws RATE_LIMITED, STORE_…. */
  async takeAll(given: readonly GivenImage[]): Promise<(ReadTemplateImage | SigningError | undefined)[]> {
    const files = await Promise.all(given.map((one) => this.file(one)));
    const taken: (ReadTemplateImage | SigningError | undefined)[] = [];
    for (let at = 0; at < files.length; at += imagesAtATime) {
      taken.push(...(await this.readAll(files.slice(at, at + imagesAtATime))));
    }
    return taken;
  }

  private async file({ imageBase64, imageSha256 }: GivenImage): Promise<Uint8Array | SigningError | undefined> {
    if (imageBase64 !== undefined && imageSha256 !== undefined) {
      return new SigningError('REQUEST_INVALID', { expected: 'imageBase64 or imageSha256', found: 'both' });
    }
    if (imageBase64 !== undefined) return orRefusal(async () => imageBytes(imageBase64));
    if (imageSha256 === undefined) return undefined;
    return (
      (await this.store.get(objectKeys.image(imageSha256))) ??
      new SigningError('IMAGE_INVALID', { expected: 'an image that was stored before', found: imageSha256 })
    );
  }

  private async readAll(
    files: readonly (Uint8Array | SigningError | undefined)[],
  ): Promise<(ReadTemplateImage | SigningError | undefined)[]> {
    const isolation = { deadlineMs: this.limits.drawingTimeoutMs };
    const sources = files.filter((file) => file instanceof Uint8Array).map((file) => bufferSource(file));
    const read = () => refusing(() => readImagesIsolated(sources, { isolation }));
    const readings = sources.length === 0 ? [] : await this.turns.take(read);
    const kept = await Promise.all(
      readings.map((reading) => orRefusal(() => refusing(async () => this.keep(reading)))),
    );
    let next = 0;
    return files.map((file) => (file instanceof Uint8Array ? kept[next++] : file));
  }

  private async keep(reading: ReadImage | PdfError): Promise<ReadTemplateImage> {
    if (reading instanceof PdfError) throw reading;
    const { png, ...facts } = reading;
    const image = { sha256: createHash('sha256').update(png).digest('hex'), png };
    await this.shelf.assertDrawable(image);
    await this.shelf.keep(image);
    return { ...facts, sha256: image.sha256, sizeBytes: png.length };
  }
}

/** A refusal of the caller's image as a value; what may pass later is thrown. */
async function orRefusal<T>(work: () => Promise<T>): Promise<T | SigningError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SigningError && !error.retryable) return error;
    throw error;
  }
}
