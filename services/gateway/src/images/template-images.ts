import { createHash } from 'node:crypto';
import { objectKeys, SigningError } from '@kyso/contracts';
import { bufferSource, PdfError } from '@kyso/pdf';
import { readImagesIsolated, type ReadImage } from '@kyso/pdf/render';
import type { ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
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

/** A file as it was given; without bytes it is stored under its hash. */
interface NamedFile {
  readonly sha256: string;
  readonly bytes?: Uint8Array;
}

/** Read by one process. */
const imagesAtATime = 50;
/** A few hundred bytes for each: of the signatures and seals of several provinces. */
const maxKnownImages = 10_000;

/** Takes the images of templates: other formats become PNG, and what people should know of them is found out. */
export class TemplateImages {
  private readonly turns: Turns;
  /** By the hash of the file that was given: the same bytes always show the same, so that no image is decoded twice. */
  private readonly known = new ExpiringCache<ReadTemplateImage>({ maxEntries: maxKnownImages, maxAgeMs: Infinity });

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
    const files = await Promise.all(given.map((one) => fileOf(one)));
    const distinct = new Map<string, NamedFile>();
    for (const file of files) {
      if (file === undefined || file instanceof SigningError) continue;
      if (!distinct.has(file.sha256) || file.bytes !== undefined) distinct.set(file.sha256, file);
    }
    const taken = await this.readDistinct([...distinct.values()]);
    return files.map((file) => (file === undefined || file instanceof SigningError ? file : taken.get(file.sha256)));
  }

  private async readDistinct(files: readonly NamedFile[]): Promise<Map<string, ReadTemplateImage | SigningError>> {
    const taken = new Map<string, ReadTemplateImage | SigningError>();
    for (let at = 0; at < files.length; at += imagesAtATime) {
      const unread: Required<NamedFile>[] = [];
      const look = async (file: NamedFile): Promise<void> => {
        const { sha256 } = file;
        const known = await this.knownAndStored(sha256);
        if (known !== undefined) return void taken.set(sha256, known);
        const bytes = file.bytes ?? (await this.store.get(objectKeys.image(sha256)));
        if (bytes !== undefined) return void unread.push({ sha256, bytes });
        const expected = 'an image that was stored before';
        taken.set(sha256, new SigningError('IMAGE_INVALID', { expected, found: sha256 }));
      };
      await Promise.all(files.slice(at, at + imagesAtATime).map(look));
      const read = await this.readAll(unread);
      for (const [index, { sha256 }] of unread.entries()) {
        const one = read[index];
        if (one === undefined) continue;
        taken.set(sha256, one);
        if (!(one instanceof SigningError)) this.known.set(sha256, one);
      }
    }
    return taken;
  }

  /** What is known of a file, as long as the PNG that was made of it is stored. */
  private async knownAndStored(sha256: string): Promise<ReadTemplateImage | undefined> {
    const known = this.known.get(sha256);
    if (known === undefined) return undefined;
    return (await this.store.stat(objectKeys.image(known.sha256))) === undefined ? undefined : known;
  }

  private async readAll(files: readonly Required<NamedFile>[]): Promise<(ReadTemplateImage | SigningError)[]> {
    if (files.length === 0) return [];
    const isolation = { deadlineMs: this.limits.drawingTimeoutMs };
    const sources = files.map(({ bytes }) => bufferSource(bytes));
    const readings = await this.turns.take(() => refusing(() => readImagesIsolated(sources, { isolation })));
    return Promise.all(readings.map((reading) => orRefusal(() => refusing(async () => this.keep(reading)))));
  }

  private async keep(reading: ReadImage | PdfError): Promise<ReadTemplateImage> {
    if (reading instanceof PdfError) throw reading;
    const { png, ...facts } = reading;
    const image = { sha256: sha256Of(png), png };
    await this.shelf.assertDrawable(image);
    await this.shelf.keep(image);
    return { ...facts, sha256: image.sha256, sizeBytes: png.length };
  }
}

async function fileOf({ imageBase64, imageSha256 }: GivenImage): Promise<NamedFile | SigningError | undefined> {
  if (imageBase64 === undefined) return imageSha256 === undefined ? undefined : { sha256: imageSha256 };
  if (imageSha256 !== undefined) {
    return new SigningError('REQUEST_INVALID', { expected: 'imageBase64 or imageSha256', found: 'both' });
  }
  return orRefusal(async () => {
    const bytes = imageBytes(imageBase64);
    return { sha256: sha256Of(bytes), bytes };
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
