import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { RefusedFile } from './refused-file.js';

const entrySchema = z.union([
  z.object({ batchKey: z.string(), order: z.string() }),
  z.object({ batchId: z.string() }),
  z.object({ refused: z.custom<RefusedFile>((value) => typeof value === 'object' && value !== null) }),
  z.object({ file: z.string(), fingerprint: z.string(), documentId: z.string() }),
]);

/**
 * What was done of a folder so far, a line of JSON each, so that a run that was cut off goes on where it was: the key of the batch
 * before it is made, and each upload when it is there. A last line that was cut off counts for nothing.
 */
export class Journal {
  batchKey: string | undefined;
  /** What was ordered: another order is another batch. */
  order: string | undefined;
  batchId: string | undefined;
  /** Files that the gateway refused, each once. */
  readonly #refused = new Map<string, RefusedFile>();
  readonly #uploads = new Map<string, { readonly fingerprint: string; readonly documentId: string }>();

  private constructor(private readonly path: string) {}

  static async open(path: string): Promise<Journal> {
    const journal = new Journal(path);
    const text = await readFile(path, 'utf8').catch(() => '');
    const lines = text.split('\n');
    for (const line of lines) {
      try {
        journal.#take(entrySchema.parse(JSON.parse(line)));
      } catch {
        // Empty, or cut off by the end of the run that wrote it.
      }
    }
    // The next entry must not go onto the end of a line that was cut off.
    if (text !== '' && lines.at(-1) !== '') await appendFile(path, '\n');
    return journal;
  }

  get refused(): RefusedFile[] {
    return [...this.#refused.values()];
  }

  /** The document that the file was uploaded as; undefined when it was not, or has changed since. */
  documentOf(file: string, fingerprint: string): string | undefined {
    const upload = this.#uploads.get(file);
    return upload?.fingerprint === fingerprint ? upload.documentId : undefined;
  }

  async add(entry: z.infer<typeof entrySchema>): Promise<void> {
    this.#take(entry);
    await appendFile(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  #take(entry: z.infer<typeof entrySchema>): void {
    if ('batchKey' in entry) ({ batchKey: this.batchKey, order: this.order } = entry);
    else if ('batchId' in entry) this.batchId = entry.batchId;
    else if ('refused' in entry) this.#refused.set(entry.refused.reference, entry.refused);
    else this.#uploads.set(entry.file, entry);
  }
}
