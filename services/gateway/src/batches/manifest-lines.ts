import { manifestLineSchema, objectKeys, SigningError, type ManifestLine, type StoredManifest } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';

/** A line of a manifest that was sent: its number in the file, from 1, and what stands there. */
export interface SentLine {
  readonly line: number;
  readonly value: unknown;
}

/** An item with an image of its own has some kilobytes; more is no manifest. */
export const maxLineBytes = 262_144;

/** The lines of an NDJSON body as they come; empty ones are left out. Throws MANIFEST_INVALID. */
export async function* ndjsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<SentLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 0;
  const parse = (bytes: Uint8Array): SentLine | undefined => {
    line += 1;
    if (bytes.byteLength > maxLineBytes) throw tooLong(line);
    let text: string;
    try {
      text = decoder.decode(bytes).trim();
    } catch {
      throw manifestFault(line, 'UTF-8', 'other bytes');
    }
    if (text === '') return undefined;
    try {
      return { line, value: JSON.parse(text) as unknown };
    } catch {
      throw manifestFault(line, 'a JSON object', text.length > 60 ? `${text.slice(0, 57)}…` : text);
    }
  };
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const tail = chunk.subarray(start, end);
      const parsed = parse(rest.byteLength === 0 ? tail : Buffer.concat([rest, tail]));
      rest = new Uint8Array(0);
      if (parsed !== undefined) yield parsed;
      start = end + 1;
    }
    const tail = chunk.subarray(start);
    if (rest.byteLength + tail.byteLength > maxLineBytes) {
      throw tooLong(line + 1);
    }
    rest = rest.byteLength === 0 ? Buffer.from(tail) : Buffer.concat([rest, tail]);
  }
  const last = rest.byteLength === 0 ? undefined : parse(rest);
  if (last !== undefined) yield last;
}

function tooLong(line: number): SigningError {
  return manifestFault(line, `lines of at most ${maxLineBytes} bytes`, 'a longer one');
}

export function manifestFault(line: number, expected: string, found: string): SigningError {
  return new SigningError('MANIFEST_INVALID', { expected, found: `line ${line}: ${found}` });
}

/** The lines of a chunk as they were stored; undefined when there is no such chunk. Throws INTERNAL for anything else. */
export async function storedLines(
  store: ObjectStore,
  batchId: string,
  at: { readonly manifest: StoredManifest; readonly chunk: number },
): Promise<ManifestLine[] | undefined> {
  const key = objectKeys.manifestChunk({ batchId, intake: at.manifest.intake, chunk: at.chunk });
  const bytes = await store.get(key);
  if (bytes === undefined) return undefined;
  const lines = Buffer.from(bytes).toString('utf8').trimEnd().split('\n');
  try {
    return lines.map((line) => manifestLineSchema.parse(JSON.parse(line)));
  } catch (error) {
    throw new SigningError('INTERNAL', { expected: `a manifest at ${key}`, found: 'something else', cause: error });
  }
}
