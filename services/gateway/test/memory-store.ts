import { Readable } from 'node:stream';
import { SigningError } from '@kyso/contracts';
import type { ObjectBody, ObjectInfo, ObjectStore } from '@kyso/storage';

/** An object store in memory for unit tests: same contract, and switches for what goes wrong. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  /** Keys that were read, in order. */
  readonly reads: string[] = [];
  /** Called before each write; throws to make it fail. */
  beforeWrite: (key: string) => void = () => undefined;
  down = false;

  async put(key: string, body: ObjectBody): Promise<void> {
    const bytes = await gather(body);
    this.check();
    this.beforeWrite(key);
    this.objects.set(key, bytes);
  }

  async create(key: string, body: ObjectBody): Promise<boolean> {
    const bytes = await gather(body);
    this.check();
    this.beforeWrite(key);
    if (this.objects.has(key)) return false;
    this.objects.set(key, bytes);
    return true;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.check();
    this.reads.push(key);
    return this.objects.get(key);
  }

  async openRead(key: string, range?: { start: number; end: number }): Promise<Readable | undefined> {
    const bytes = await this.get(key);
    return bytes === undefined ? undefined : Readable.from([bytes.subarray(range?.start, range?.end)]);
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    this.check();
    const bytes = this.objects.get(key);
    return bytes === undefined ? undefined : { key, sizeBytes: bytes.byteLength };
  }

  async delete(key: string): Promise<void> {
    this.check();
    this.objects.delete(key);
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    this.check();
    for (const [key, bytes] of this.objects) {
      if (key.startsWith(prefix)) yield { key, sizeBytes: bytes.byteLength };
    }
  }

  async ping(): Promise<void> {
    this.check();
  }

  putJson(key: string, value: unknown): void {
    this.objects.set(key, Buffer.from(JSON.stringify(value)));
  }

  private check(): void {
    if (this.down) throw new SigningError('STORE_UNAVAILABLE');
  }
}

async function gather(body: ObjectBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
