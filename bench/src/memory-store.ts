import { Readable } from 'node:stream';
import type { ObjectBody, ObjectInfo, ObjectStore } from '@kyso/storage';

/** An object store in memory, so that a benchmark measures signing and not the disk. */
export class MemoryStore implements ObjectStore {
  /** As they were given: joined when they are read, as a disk would join them. */
  readonly #objects = new Map<string, readonly Uint8Array[]>();

  async put(key: string, body: ObjectBody): Promise<void> {
    this.#objects.set(key, await partsOf(body));
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, await partsOf(body));
    return true;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#whole(key));
  }

  openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    const bytes = this.#whole(key);
    return Promise.resolve(bytes === undefined ? undefined : Readable.from([bytes.subarray(range?.start, range?.end)]));
  }

  stat(key: string): Promise<ObjectInfo | undefined> {
    const bytes = this.#whole(key);
    return Promise.resolve(bytes === undefined ? undefined : { key, sizeBytes: bytes.length });
  }

  delete(key: string): Promise<void> {
    this.#objects.delete(key);
    return Promise.resolve();
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for (const key of this.#objects.keys()) {
      if (key.startsWith(prefix)) yield { key, sizeBytes: this.#whole(key)?.length ?? 0 };
    }
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  #whole(key: string): Uint8Array | undefined {
    const parts = this.#objects.get(key);
    return parts?.length === 1 ? parts[0] : parts && Buffer.concat(parts);
  }
}

async function partsOf(body: ObjectBody): Promise<Uint8Array[]> {
  if (body instanceof Uint8Array) return [body];
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return parts;
}
