import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from './byte-source.js';
import { bufferSource, concatSource, fileSource, readChunks } from './sources.js';

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) & 0xff));
const folder = mkdtempSync(join(tmpdir(), 'kyso-pdf-'));
let handle: FileHandle;
const sources: Record<string, () => ByteSource> = {
  'a buffer': () => bufferSource(new Uint8Array(bytes)),
  'a file': () => fileSource(handle, bytes.length),
  'a concatenation': () =>
    concatSource(
      bufferSource(bytes.subarray(0, 10)),
      bufferSource(Buffer.alloc(0)),
      concatSource(bufferSource(bytes.subarray(10, 70_000)), bufferSource(bytes.subarray(70_000, 70_001))),
      bufferSource(bytes.subarray(70_001)),
    ),
};

beforeAll(async () => {
  writeFileSync(join(folder, 'file'), bytes);
  handle = await open(join(folder, 'file'));
});
afterAll(async () => {
  await handle.close();
  rmSync(folder, { recursive: true });
});

describe.each(Object.keys(sources))('%s', (name) => {
  const make = (): ByteSource => sources[name]?.() ?? bufferSource(bytes);

  it('gives the bytes that are asked for, in any order', async () => {
    const source = make();
    for (const [offset, length] of [
      [0, 1],
      [1023, 2],
      [5, 3000],
      [150_000, 49_000],
      [69_999, 3],
      [0, 200_000],
      [4096, 1024],
    ] as const) {
      const read = Buffer.from(await source.read(offset, length));
      expect(read.equals(bytes.subarray(offset, offset + length))).toBe(true);
    }
  });

  it('gives fewer bytes only at the end', async () => {
    const source = make();
    expect(await source.read(199_999, 10)).toHaveLength(1);
    expect(await source.read(200_000, 10)).toHaveLength(0);
    expect(await source.read(300_000, 10)).toHaveLength(0);
  });

  it('is read in chunks without a gap', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readChunks(make(), 100, 199_000, 4096)) {
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(bytes.subarray(100, 199_000))).toBe(true);
    expect(chunks[0]).toHaveLength(4096);
  });
});

async function drain(source: ByteSource): Promise<void> {
  for await (const chunk of readChunks(source, 0, source.size)) {
    expect(chunk.length).toBeGreaterThan(0);
  }
}

describe('reading in chunks', () => {
  it('fails when the source is shorter than was said', async () => {
    await expect(drain(fileSource(handle, 300_000))).rejects.toThrow(RangeError);
  });
});
