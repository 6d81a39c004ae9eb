import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { maxReadBytes, type FromChild, type ToChild } from './messages.js';

/** What a task has: bytes to read, and where its own bytes go. */
export interface IsolatedWork {
  readonly request: unknown;
  readonly sources: readonly ByteSource[];
  /** Gives the bytes to the parent; waits while it doesn't take them. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
}

function send(message: FromChild): void {
  process.send?.(message);
}

/** The other side of `runIsolated`: does one task and waits to be ended. */
export function serveIsolated(work: (task: IsolatedWork) => Promise<unknown>): void {
  const waiting = new Map<number, (bytes: Uint8Array) => void>();
  let reads = 0;
  const sourceAt = (source: number, size: number): ByteSource => ({
    size,
    read: async (offset, length) => {
      const parts: Uint8Array[] = [];
      const end = Math.min(size, offset + length);
      for (let at = offset; at < end; at += maxReadBytes) {
        const id = (reads += 1);
        const answer = new Promise<Uint8Array>((resolve) => waiting.set(id, resolve));
        send({ kind: 'read', id, source, offset: at, length: Math.min(maxReadBytes, end - at) });
        parts.push(await answer);
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
  });
  const run = async ({ request, sizes }: Extract<ToChild, { kind: 'task' }>): Promise<void> => {
    const output = createWriteStream('', { fd: 3 });
    const write = async (chunk: Uint8Array): Promise<void> => {
      if (!output.write(chunk)) await new Promise<void>((resolve) => output.once('drain', () => resolve()));
    };
    try {
      const value = await work({ request, sources: sizes.map((size, index) => sourceAt(index, size)), write });
      output.end();
      await finished(output);
      send({ kind: 'result', value });
    } catch (error) {
      if (error instanceof PdfError) {
        send({ kind: 'refused', code: error.code, expected: error.expected, found: error.found });
      } else {
        // The name only: a message could carry what the document says.
        send({ kind: 'failed', message: error instanceof Error ? error.name : 'unknown' });
      }
    }
  };
  process.on('message', (message: ToChild) => {
    if (message.kind === 'task') return void run(message);
    if (message.kind === 'bytes') {
      waiting.get(message.id)?.(message.bytes);
      waiting.delete(message.id);
    }
  });
  // Without the one who asked there is nothing to do.
  process.on('disconnect', () => process.exit(1));
}
