import type { Hash } from 'node:crypto';
import { readChunks, startHash, type ByteSource } from '@kyso/pdf';
import type { DigestAlgorithm } from '@kyso/cms';

/** What is hashed: [0, gapStart) and [gapEnd, end). Without a gap both are `end`. */
export interface HashedRange {
  readonly gapStart: number;
  readonly gapEnd: number;
  readonly end: number;
}

/** Where the running hash of the file, or one that branched off, has to stop or begin. */
interface Branch {
  readonly range: HashedRange;
  hash?: Hash;
}

/**
 * Digests of several ranges of one file in one pass: the hash of the file runs on, and branches off by `Hash.copy()` where
 * the gap of each range begins. Five signatures on a 200 MB file so cost one pass and the bytes behind each gap.
 * It begins behind what was hashed of the same source before, where nothing begins or ends earlier: `known` is the source
 * under the one that is read. Throws RangeError when the source ends early, and what the source throws.
 */
export async function digestRanges(
  source: ByteSource,
  ranges: readonly HashedRange[],
  algorithm: DigestAlgorithm,
  known: ByteSource = source,
): Promise<Uint8Array[]> {
  const branches: Branch[] = ranges.map((range) => ({ range }));
  const lastGap = Math.max(0, ...ranges.map((range) => range.gapStart));
  const end = Math.max(0, ...ranges.map((range) => range.end));
  // All places where something begins or ends, so that between two of them every hash takes the same bytes.
  const marks = [...new Set(ranges.flatMap((range) => [range.gapStart, range.gapEnd, range.end]))]
    .filter((mark) => mark > 0)
    .sort((a, b) => a - b);
  // A state can't be gone on with below the first mark: nothing could branch off there any more.
  const { hash: trunk, offset: start } = startHash(known, algorithm, (marks[0] ?? end) - 1);
  let offset = start;
  let nextMark = 0;
  for await (const chunk of readChunks(source, start, end)) {
    let used = 0;
    while (used < chunk.length) {
      const mark = marks[nextMark] ?? end;
      const piece = chunk.subarray(used, used + Math.min(chunk.length - used, mark - offset));
      if (offset < lastGap) trunk.update(piece);
      for (const { range, hash } of branches) {
        if (hash && offset >= range.gapEnd && offset < range.end) hash.update(piece);
      }
      used += piece.length;
      offset += piece.length;
      if (offset === mark) {
        nextMark += 1;
        for (const branch of branches) if (branch.range.gapStart === offset) branch.hash = trunk.copy();
      }
    }
  }
  return branches.map(({ hash }) => (hash ?? trunk.copy()).digest());
}

/** The digests of all signatures of a file, made together at the first request for one in an algorithm. */
export class ByteRangeDigests {
  private readonly passes = new Map<DigestAlgorithm, Promise<Uint8Array[]>>();
  private readonly ranges: HashedRange[] = [];

  /** `known`: the source under `source`, of which a part may have been hashed before. */
  constructor(
    private readonly source: ByteSource,
    private readonly known: ByteSource = source,
  ) {}

  /** Announces a range before the first digest is asked for; gives its key. */
  add(range: HashedRange): number {
    return this.ranges.push(range) - 1;
  }

  async digest(key: number, algorithm: DigestAlgorithm): Promise<Uint8Array> {
    let pass = this.passes.get(algorithm);
    if (!pass) {
      pass = digestRanges(this.source, this.ranges, algorithm, this.known);
      this.passes.set(algorithm, pass);
    }
    const digest = (await pass)[key];
    if (!digest) throw new RangeError(`expected a range announced before the first digest, found number ${key}`);
    return digest;
  }
}
