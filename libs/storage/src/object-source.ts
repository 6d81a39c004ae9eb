import type { ObjectStore, OpenedObject } from './object-store.js';

/** Random access to a stored object, in the shape that libs/pdf reads. Reads that run over the end are cut off there. */
export interface ObjectSource {
  readonly size: number;
  /** See OpenedObject. */
  readonly tag?: string;
  /** The result may share memory with a cache: treat it as read-only. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same at once, where the object is in memory. */
  peek?(offset: number, length: number): Uint8Array | undefined;
  close(): Promise<void>;
}

const firstWindowBytes = 65_536;
const maxWindowBytes = 4_194_304;
const alignBytes = 16_384;
const maxCachedBytes = 8_388_608;

/**
 * Opens an object for libs/pdf; undefined when absent. An object of at most `wholeBelowBytes` (default 8 MiB) is read once and
 * kept; a larger one is read by ranges, of which 8 MiB are kept: 64 KiB around each place that is looked up, doubling to 4 MiB
 * while it is read in sequence (one request for each 4 MiB when it is hashed).
 */
export async function openObjectSource(
  store: ObjectStore,
  key: string,
  options: { wholeBelowBytes?: number } = {},
): Promise<ObjectSource | undefined> {
  const wholeBelowBytes = options.wholeBelowBytes ?? 8_388_608;
  const object = await (store.openObject?.(key, wholeBelowBytes) ?? openWithout(store, key, wholeBelowBytes));
  if (object === undefined) return undefined;
  const { whole } = object;
  if (whole === undefined) return new RangeSource(object);
  return {
    size: whole.byteLength,
    ...(object.tag === undefined ? {} : { tag: object.tag }),
    read: (offset, length) => Promise.resolve(whole.subarray(offset, offset + length)),
    peek: (offset, length) => whole.subarray(offset, offset + length),
    close: () => object.close(),
  };
}

interface Segment {
  readonly start: number;
  readonly bytes: Uint8Array;
}

class RangeSource implements ObjectSource {
  readonly size: number;
  readonly tag?: string;
  /** Least recently used first. */
  #segments: Segment[] = [];
  #cachedBytes = 0;
  #windowBytes = firstWindowBytes;
  #lastEnd = -1;

  constructor(private readonly object: OpenedObject) {
    this.size = object.sizeBytes;
    if (object.tag !== undefined) this.tag = object.tag;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return new Uint8Array(0);
    const segment = this.#find(offset, end) ?? (await this.#fetch(offset, end));
    return segment.bytes.subarray(offset - segment.start, end - segment.start);
  }

  close(): Promise<void> {
    this.#segments = [];
    return this.object.close();
  }

  #find(offset: number, end: number): Segment | undefined {
    const index = this.#segments.findLastIndex(
      ({ start, bytes }) => start <= offset && end <= start + bytes.byteLength,
    );
    const segment = this.#segments[index];
    if (segment !== undefined && index < this.#segments.length - 1) {
      this.#segments.splice(index, 1);
      this.#segments.push(segment);
    }
    return segment;
  }

  async #fetch(offset: number, end: number): Promise<Segment> {
    // A read that begins in or right after what was fetched last goes on in sequence: fetch ahead, more each time.
    const last = this.#segments.at(-1);
    const sequential =
      offset === this.#lastEnd || (last !== undefined && offset > last.start && offset <= this.#lastEnd);
    this.#windowBytes = sequential ? Math.min(this.#windowBytes * 2, maxWindowBytes) : firstWindowBytes;
    const start = sequential ? offset : offset - (offset % alignBytes);
    const fetchEnd = Math.min(this.size, Math.max(end, start + this.#windowBytes));
    const bytes = await this.object.read(start, fetchEnd);
    const segment = { start, bytes };
    this.#lastEnd = fetchEnd;
    this.#segments.push(segment);
    this.#cachedBytes += bytes.byteLength;
    while (this.#cachedBytes > maxCachedBytes && this.#segments.length > 1) {
      this.#cachedBytes -= this.#segments.shift()?.bytes.byteLength ?? 0;
    }
    return segment;
  }
}

const close = (): Promise<void> => Promise.resolve();

async function openWithout(
  store: ObjectStore,
  key: string,
  wholeBelowBytes: number,
): Promise<OpenedObject | undefined> {
  const info = await store.stat(key);
  if (info === undefined) return undefined;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    const stream = await store.openRead(key, { start, end });
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream ?? []) chunks.push(chunk as Uint8Array);
    const bytes = Buffer.concat(chunks);
    if (bytes.length !== end - start) throw new Error(`${key}: expected ${end - start} bytes, found ${bytes.length}`);
    return bytes;
  };
  if (info.sizeBytes > wholeBelowBytes) return { sizeBytes: info.sizeBytes, read, close };
  const whole = await store.get(key);
  return whole === undefined ? undefined : { sizeBytes: whole.byteLength, whole, read, close };
}
