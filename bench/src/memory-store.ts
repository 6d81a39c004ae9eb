import { Readable } from 'node:stream';
import type { ObjectBody, ObjectInfo, ObjectStore } from '@kyso/storage';

/** An object store in memory, so that a benchmark measures signing and not the disk. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();

  async put(key: string, body: ObjectBody): Promise<void> {
    this.#objects.set(key, await whole(body));
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, await whole(body));
    return true;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#objects.get(key));
  }

  openRead(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | undefined> {
    const bytes = this.#objects.get(key);
    return Promise.resolve(bytes === undefined ? undefined : Readable.from([bytes.subarray(range?.start, range?.end)]));
  }

  stat(key: string): Promise<ObjectInfo | undefined> {
    const bytes = this.#objects.get(key);
    return Promise.resolve(bytes === undefined ? undefined : { key, sizeBytes: bytes.length });
  }

  delete(key: string): Promise<void> {
    this.#objects.delete(key);
    return Promise.resolve();
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for (const [key, bytes] of this.#objects) if (key.startsWith(prefix)) yield { key, sizeBytes: bytes.length };
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }
}

async function whole(body: ObjectBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
