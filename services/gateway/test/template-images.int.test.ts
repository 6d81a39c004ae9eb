import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { objectKeys } from '@kyso/contracts';
import { ImageShelf } from '../src/images/image-shelf.js';
import { TemplateImages } from '../src/images/template-images.js';
import { MemoryStore } from './memory-store.js';

jest.setTimeout(60_000);

const sample = (path: string): string =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url)).toString('base64');
const png = sample('samples/con-dau.png');
const jpeg = sample('libs/pdf/src/making/vectors/baseline.jpg');
const given = (imageBase64: string | undefined, imageSha256?: string) => ({ imageBase64, imageSha256 });

describe('images of templates', () => {
  let store: MemoryStore;
  let limits: { maxConcurrentDrawings: number; drawingTimeoutMs: number };
  let images: TemplateImages;
  beforeEach(() => {
    store = new MemoryStore();
    limits = { maxConcurrentDrawings: 1, drawingTimeoutMs: 60_000 };
    images = new TemplateImages(store, new ImageShelf(store), limits);
  });
  /** No process starts within a millisecond: whatever has to be decoded from now on is refused. */
  const noMoreDecoding = (): void => {
    limits.drawingTimeoutMs = 1;
  };

  it('are decoded once, however often and in whatever way they are given', async () => {
    const [seal, scan, again, none] = await images.takeAll([given(png), given(jpeg), given(png), given(undefined)]);
    expect(seal).toMatchObject({ format: 'png', transparentShare: expect.any(Number) });
    expect(scan).toMatchObject({ format: 'jpeg' });
    expect([again, none]).toEqual([seal, undefined]);
    noMoreDecoding();
    expect(await images.takeAll([given(jpeg), given(png), given(png)])).toEqual([scan, seal, seal]);
    const { sha256 } = seal as { sha256: string };
    expect(await images.take(given(undefined, sha256))).toEqual(seal);
  });

  it('are decoded where nothing is known of them', async () => {
    noMoreDecoding();
    await expect(images.take(given(png))).rejects.toMatchObject({ code: 'PDF_LIMIT_EXCEEDED' });
    limits.drawingTimeoutMs = 60_000;
    expect(await images.take(given(png))).toMatchObject({ format: 'png' });
  });

  it('are decoded again when what was made of them is no longer stored', async () => {
    const { sha256 } = (await images.take(given(jpeg))) ?? { sha256: '' };
    store.objects.delete(objectKeys.image(sha256));
    noMoreDecoding();
    await expect(images.take(given(jpeg))).rejects.toMatchObject({ code: 'PDF_LIMIT_EXCEEDED' });
  });

  it('are refused each by itself, and each time', async () => {
    const broken = Buffer.from('no image').toString('base64');
    const unknown = 'ab'.repeat(32);
    for (let times = 0; times < 2; times += 1) {
      const taken = await images.takeAll([given(broken), given(png), given(undefined, unknown), given(png, unknown)]);
      expect(taken.map((one) => one && 'code' in one && one.code)).toEqual(['IMAGE_INVALID', false, 'IMAGE_INVALID', 'REQUEST_INVALID']); // prettier-ignore
    }
  });
});
