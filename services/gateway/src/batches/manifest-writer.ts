import { randomUUID } from 'node:crypto';
import { chunkItems, objectKeys, type ManifestLine } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';

/** Writes the items of one intake as they come, a chunk at a time: however many there are, one chunk is in memory. */
export class ManifestWriter {
  readonly intake = randomUUID();
  private items = 0;
  private chunks = 0;
  private lines: string[] = [];

  constructor(
    private readonly store: ObjectStore,
    private readonly batchId: string,
  ) {}

  get count(): number {
    return this.items;
  }

  async add(line: Omit<ManifestLine, 'item'>): Promise<void> {
    this.lines.push(JSON.stringify({ item: this.items, ...line }));
    this.items += 1;
    if (this.lines.length === chunkItems) await this.flush();
  }

  /** Writes what is left. What is written counts for nothing until a manifest names the intake. */
  async end(): Promise<void> {
    if (this.lines.length > 0) await this.flush();
  }

  /** Deletes what was written, of an intake that came to nothing. */
  async discard(): Promise<void> {
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      await this.store.delete(this.keyOf(chunk)).catch(() => undefined);
    }
  }

  private async flush(): Promise<void> {
    const body = Buffer.from(`${this.lines.join('\n')}\n`);
    this.lines = [];
    await this.store.put(this.keyOf(this.chunks), body);
    this.chunks += 1;
  }

  private keyOf(chunk: number): string {
    return objectKeys.manifestChunk({ batchId: this.batchId, intake: this.intake, chunk });
  }
}
