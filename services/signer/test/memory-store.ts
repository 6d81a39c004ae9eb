import type { ObjectBody, ObjectInfo, ObjectStore } from '@kyso/storage';
import { Readable } from 'node:stream';

async function whole(body: ObjectBody): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** An object store that lives as long as a test. `objects` is open to its questions. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Buffer>();

  async put(key: string, body: ObjectBody): Promise<void> {
    this.objects.set(key, await whole(body));
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    const bytes = await whole(body);
    if (this.objects.has(key)) return false;
    this.objects.set(key, bytes);
    return true;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async openRead(key: string, range?: { start: number; end: number }): Promise<Readable | undefined> {
    const bytes = this.objects.get(key);
    return bytes === undefined ? undefined : Readable.from([bytes.subarray(range?.start, range?.end)]);
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const bytes = this.objects.get(key);
    return bytes === undefined ? undefined : { key, sizeBytes: bytes.length };
  }

  async delete(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for (const [key, bytes] of this.objects) if (key.startsWith(prefix)) yield { key, sizeBytes: bytes.length };
  }

  async ping(): Promise<void> {}
}
