import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { bufferSource, type ByteSource } from '@kyso/pdf';
import { ByteRangeDigests, digestRanges, type HashedRange } from './byte-range-digests.js';

const bytes = randomBytes(900_000);
const expected = ({ gapStart, gapEnd, end }: HashedRange): string =>
  createHash('sha256').update(bytes.subarray(0, gapStart)).update(bytes.subarray(gapEnd, end)).digest('hex');

/** Counts the bytes that are read. */
class CountingSource implements ByteSource {
  readonly size = bytes.length;
  bytesRead = 0;
  private readonly inner = bufferSource(bytes);

  read(offset: number, length: number): Promise<Uint8Array> {
    this.bytesRead += length;
    return this.inner.read(offset, length);
  }
}

describe('digests of several ByteRanges', () => {
  const ranges: HashedRange[] = [
    { gapStart: 700_000, gapEnd: 710_000, end: 720_000 },
    { gapStart: 730_000, gapEnd: 731_000, end: 740_000 },
    { gapStart: 10, gapEnd: 800_000, end: 900_000 },
    { gapStart: 262_144, gapEnd: 524_288, end: 524_289 },
    { gapStart: 900_000, gapEnd: 900_000, end: 900_000 },
  ];

  it('are those of each range hashed alone', async () => {
    const digests = await digestRanges(bufferSource(bytes), ranges, 'sha256');
    expect(digests.map((digest) => Buffer.from(digest).toString('hex'))).toEqual(ranges.map(expected));
  });

  it('are the same for a range alone and in any order', async () => {
    const reversed = await digestRanges(bufferSource(bytes), ranges.toReversed(), 'sha256');
    expect(Buffer.from(reversed[4] ?? []).toString('hex')).toBe(expected(ranges[0] as HashedRange));
    const [alone] = await digestRanges(bufferSource(bytes), ranges.slice(2, 3), 'sha256');
    expect(Buffer.from(alone ?? []).toString('hex')).toBe(expected(ranges[2] as HashedRange));
  });

  it('read the file once for all requests in one algorithm', async () => {
    const source = new CountingSource();
    const digests = new ByteRangeDigests(source);
    const keys = ranges.map((range) => digests.add(range));
    const all = await Promise.all(keys.map((key) => digests.digest(key, 'sha256')));
    expect(all.map((digest) => Buffer.from(digest).toString('hex'))).toEqual(ranges.map(expected));
    expect(source.bytesRead).toBe(bytes.length);
  });

  it('fail when the source ends early', async () => {
    const short = { size: bytes.length, read: () => Promise.resolve(Buffer.alloc(10)) };
    await expect(digestRanges(short, ranges, 'sha256')).rejects.toThrow(RangeError);
  });

  it('of an empty file and no range are nothing', async () => {
    expect(await digestRanges(bufferSource(Buffer.alloc(0)), [], 'sha256')).toEqual([]);
  });
});
