import { describe, expect, test } from '@jest/globals';
import { bufferSource } from '../sources.js';
import { PdfError } from '../errors.js';
import { scansToPdfIsolated, type IsolatedScanOptions } from './isolated.js';
import { madePdf, vector } from './testing.js';

async function made(image: Uint8Array, options: IsolatedScanOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of scansToPdfIsolated([bufferSource(image)], options)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('making in a process of its own', () => {
  test('gives the same bytes', async () => {
    expect((await made(vector('multi.tif'))).equals(await madePdf(vector('multi.tif')))).toBe(true);
  });

  test('refusals come through with their facts', async () => {
    const error = await made(Buffer.from('no image')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PdfError);
    expect((error as PdfError).code).toBe('IMAGE_INVALID');
    expect((error as PdfError).found).toBe('other bytes');
  });

  test('a task beyond its deadline is ended', async () => {
    await expect(made(vector('multi.tif'), { isolation: { deadlineMs: 5 } })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('a process beyond its memory is ended', async () => {
    await expect(made(vector('multi.tif'), { isolation: { maxRssBytes: 1024 } })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      expected: 'at most 1024 bytes of memory',
    });
  });

  test('a process that reads more than it may is ended', async () => {
    await expect(made(vector('multi.tif'), { isolation: { maxReadBytes: 100 } })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });
});
