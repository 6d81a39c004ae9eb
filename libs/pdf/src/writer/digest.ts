import { createHash, type Hash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { BufferSource, ConcatSource, FileSource, readChunks } from '../sources.js';
import type { Prepared } from '../types.js';

type Algorithm = 'sha256' | 'sha384' | 'sha512';

const chunkBytes = 1024 * 1024;
/** Below this hashing again is cheaper than keeping the state. */
const minimumKeptBytes = 16 * 1024;

const states = Symbol('states of the hash');

/**
 * State of the hash after a whole source: several signatures on one document, and the check of each, cost one pass over it.
 * Of large files only what is open as one source shares it; what is in memory is the same bytes each time. It is kept at the
 * source itself: values of a WeakMap would outlive it until the next full collection.
 */
type HashedSource = ByteSource & { [states]?: Map<Algorithm, Hash> };

/**
 * Digest of the ByteRange while streaming the original, which is never joined with the increment. Throws RangeError when
 * `original` isn't the document that was prepared.
 */
export async function digestPrepared(
  original: ByteSource,
  prepared: Prepared,
  algorithm: Algorithm,
): Promise<Uint8Array> {
  const { increment, state } = prepared;
  if (original.size !== state.originalSize || increment.length !== state.incrementSize) {
    throw new RangeError(
      `expected ${state.originalSize} and ${state.incrementSize} bytes, found ${original.size} and ${increment.length}`,
    );
  }
  const hash = await hashWhole(original, algorithm);
  hash.update(increment.subarray(0, state.contentsOffset - 1));
  hash.update(increment.subarray(state.contentsOffset + state.reservedBytes * 2 + 1));
  return hash.digest();
}

/**
 * Where hashing a source may begin: the state after its first part, if that was hashed before and ends at `limit` or earlier;
 * else a new hash at offset 0. Bytes behind a source never change (`ByteSource`), so the state is that of the bytes.
 */
export function startHash(source: ByteSource, algorithm: Algorithm, limit: number): { hash: Hash; offset: number } {
  const first = source instanceof ConcatSource ? source.parts[0] : source;
  const kept = first === undefined || first.size > limit ? undefined : (first as HashedSource)[states]?.get(algorithm);
  return kept === undefined || first === undefined
    ? { hash: createHash(algorithm), offset: 0 }
    : { hash: kept.copy(), offset: first.size };
}

/** A hash that has taken in the whole source, and that the caller may go on with. */
async function hashWhole(source: HashedSource, algorithm: Algorithm): Promise<Hash> {
  const known = source[states]?.get(algorithm);
  if (known !== undefined) {
    return known.copy();
  }
  let hash: Hash;
  if (source instanceof ConcatSource && source.parts[0] !== undefined) {
    hash = await hashWhole(source.parts[0], algorithm);
    for (const part of source.parts.slice(1)) {
      await hashInto(hash, part);
    }
  } else {
    hash = createHash(algorithm);
    await hashInto(hash, source);
  }
  if (source.size >= minimumKeptBytes && Object.isExtensible(source)) {
    source[states] ??= new Map();
    source[states].set(algorithm, hash.copy());
  }
  return hash;
}

async function hashInto(hash: Hash, source: ByteSource): Promise<void> {
  if (source instanceof BufferSource) {
    hash.update(source.bytes);
  } else if (source instanceof FileSource) {
    await hashFile(hash, source);
  } else {
    for await (const chunk of readChunks(source, 0, source.size, chunkBytes)) {
      hash.update(chunk);
    }
  }
}

/** Two buffers taken in turn: one is filled by the thread pool while the other is hashed, and memory stays flat. */
async function hashFile(hash: Hash, source: FileSource): Promise<void> {
  const size = Math.min(chunkBytes, source.size);
  let [current, next] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  const fill = async (target: Buffer, offset: number): Promise<Buffer> => {
    const wanted = target.subarray(0, Math.min(size, source.size - offset));
    const length = await source.readInto(wanted, offset);
    if (length !== wanted.length) {
      throw new RangeError(`expected ${wanted.length} bytes at offset ${offset}, found ${length}`);
    }
    return wanted;
  };
  let pending = source.size > 0 ? fill(current, 0) : undefined;
  for (let offset = 0; pending !== undefined;) {
    const filled = await pending;
    offset += filled.length;
    pending = offset < source.size ? fill(next, offset) : undefined;
    [current, next] = [next, current];
    hash.update(filled);
  }
}
