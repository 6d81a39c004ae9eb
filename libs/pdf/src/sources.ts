import type { FileHandle } from 'node:fs/promises';
import type { ByteSource } from './byte-source.js';

const blockBytes = 1024;
const maxCachedBlocks = 512;
/** A read of more than this goes to the file directly and is not cached. */
const maxCachedReadBytes = 64 * 1024;
const defaultChunkBytes = 256 * 1024;

/** A view of the same memory with Buffer's fast native methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A file that is in memory; reads share its memory. */
export class BufferSource implements ByteSource {
  readonly size: number;
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = asBuffer(bytes);
    this.size = bytes.length;
  }

  read(offset: number, length: number): Promise<Buffer> {
    return Promise.resolve(this.peek(offset, length));
  }

  peek(offset: number, length: number): Buffer {
    return this.bytes.subarray(offset, Math.min(offset + length, this.size));
  }
}

/** A file behind a descriptor; small reads are served from cached blocks of 1 KiB. */
export class FileSource implements ByteSource {
  private readonly blocks = new Map<number, Buffer>();

  constructor(
    private readonly handle: FileHandle,
    readonly size: number,
  ) {}

  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) {
      return Buffer.alloc(0);
    }
    if (end - offset > maxCachedReadBytes) {
      return this.readDirectly(offset, end - offset);
    }
    const first = Math.floor(offset / blockBytes);
    const last = Math.floor((end - 1) / blockBytes);
    await this.fill(first, last);
    const skipped = offset - first * blockBytes;
    if (first === last) {
      return (this.blocks.get(first) ?? Buffer.alloc(0)).subarray(skipped, skipped + end - offset);
    }
    const parts: Buffer[] = [];
    for (let block = first; block <= last; block += 1) {
      parts.push(this.blocks.get(block) ?? Buffer.alloc(0));
    }
    return Buffer.concat(parts).subarray(skipped, skipped + end - offset);
  }

  /** Fills `target` from `offset`; gives the number of bytes, fewer only where the file ends. For reused buffers. */
  async readInto(target: Buffer, offset: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) {
        break;
      }
      filled += bytesRead;
    }
    return filled;
  }

  private async readDirectly(offset: number, length: number): Promise<Buffer> {
    const target = Buffer.allocUnsafe(length);
    return target.subarray(0, await this.readInto(target, offset));
  }

  /** Reads each run of missing blocks with one call. */
  private async fill(first: number, last: number): Promise<void> {
    if (this.blocks.size + last - first + 1 > maxCachedBlocks) {
      this.blocks.clear();
    }
    let block = first;
    while (block <= last) {
      if (this.blocks.has(block)) {
        block += 1;
        continue;
      }
      let next = block + 1;
      while (next <= last && !this.blocks.has(next)) {
        next += 1;
      }
      const start = block * blockBytes;
      const bytes = await this.readDirectly(start, Math.min(next * blockBytes, this.size) - start);
      for (let at = block; at < next; at += 1) {
        const from = (at - block) * blockBytes;
        this.blocks.set(at, bytes.subarray(from, from + blockBytes));
      }
      block = next;
    }
  }
}

/** Several sources one after the other. */
export class ConcatSource implements ByteSource {
  readonly size: number;
  private readonly starts: number[] = [];

  constructor(readonly parts: readonly ByteSource[]) {
    let size = 0;
    for (const part of parts) {
      this.starts.push(size);
      size += part.size;
    }
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (const { part, at, wanted } of this.spans(offset, length)) {
      pieces.push(await part.read(at, wanted));
    }
    return joined(pieces);
  }

  peek(offset: number, length: number): Uint8Array | undefined {
    const pieces: Uint8Array[] = [];
    for (const { part, at, wanted } of this.spans(offset, length)) {
      const piece = part.peek?.(at, wanted);
      if (piece === undefined) {
        return undefined;
      }
      pieces.push(piece);
    }
    return joined(pieces);
  }

  /** What of each part is wanted. */
  private spans(offset: number, length: number): { part: ByteSource; at: number; wanted: number }[] {
    const end = Math.min(offset + length, this.size);
    const spans: { part: ByteSource; at: number; wanted: number }[] = [];
    for (const [index, part] of this.parts.entries()) {
      const start = this.starts[index] ?? 0;
      const from = Math.max(offset, start);
      const to = Math.min(end, start + part.size);
      if (from < to) {
        spans.push({ part, at: from - start, wanted: to - from });
      }
    }
    return spans;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/** A file that is in memory, without copying it. */
export function bufferSource(bytes: Uint8Array): ByteSource {
  return new BufferSource(bytes);
}

/** Reads through `handle`, which the caller closes. Small reads are served from cached blocks. */
export function fileSource(handle: FileHandle, size: number): ByteSource {
  return new FileSource(handle, size);
}

/** The parts one after the other, without copying. */
export function concatSource(...parts: ByteSource[]): ByteSource {
  return new ConcatSource(parts);
}

/**
 * Chunks of [start, end) for hashing or copying, `chunkBytes` each (default 256 KiB). The next chunk is being read while
 * one is used. Throws RangeError when the source ends before `end`.
 */
export async function* readChunks(
  source: ByteSource,
  start: number,
  end: number,
  chunkBytes: number = defaultChunkBytes,
): AsyncIterable<Uint8Array> {
  const readAt = (offset: number): Promise<Uint8Array> | undefined =>
    offset < end ? source.read(offset, Math.min(chunkBytes, end - offset)) : undefined;
  let offset = start;
  let pending = readAt(offset);
  while (pending !== undefined) {
    const chunk = await pending;
    const expected = Math.min(chunkBytes, end - offset);
    if (chunk.length !== expected) {
      throw new RangeError(`expected ${expected} bytes at offset ${offset}, found ${chunk.length}`);
    }
    offset += chunk.length;
    pending = readAt(offset);
    // A consumer that stops early must not leave a rejection that nobody handles.
    pending?.catch(() => undefined);
    yield chunk;
  }
}
