import { beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type StoredManifest } from '@kyso/contracts';
import { MemoryStore } from '../../test/memory-store.js';
import { maxLineBytes, ndjsonLines, storedLines } from './manifest-lines.js';

async function linesOf(body: string | Uint8Array, pieceBytes = 5): Promise<unknown[]> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const lines: unknown[] = [];
  for await (const line of ndjsonLines(pieces())) lines.push(line);
  return lines;
}

describe('a manifest in NDJSON', () => {
  it.each([1, 5, 10_000])('is read line by line, in pieces of %i bytes', async (pieceBytes) => {
    expect(await linesOf('\uFEFF{"a":"Ệ"}\r\n\n  \n{"b":2}\n{"c":3}', pieceBytes)).toEqual([
      { line: 1, value: { a: 'Ệ' } },
      { line: 4, value: { b: 2 } },
      { line: 5, value: { c: 3 } },
    ]);
    expect(await linesOf('', pieceBytes)).toEqual([]);
  });

  it.each([
    ['no JSON', '{"a":1}\nnonsense\n', 'a JSON object', 'line 2: nonsense'],
    ['JSON over several lines', '{"a":1}\n{\n"b":2}\n', 'a JSON object', 'line 2: {'],
    ['a long line that is no JSON, shortened', `${'x'.repeat(200)}\n`, 'a JSON object', `line 1: ${'x'.repeat(57)}…`],
    ['other bytes than UTF-8', Uint8Array.from([0x22, 0xff, 0x22]), 'UTF-8', 'line 1: other bytes'],
  ])('is refused with %s', async (_what, body, expected, found) => {
    await expect(linesOf(body)).rejects.toMatchObject({ code: 'MANIFEST_INVALID', expected, found });
  });

  it.each([1_000, 10_000_000])('has lines of bounded length, in pieces of %i bytes', async (pieceBytes) => {
    const longest = JSON.stringify({ a: 'x'.repeat(maxLineBytes - 8) });
    expect(longest).toHaveLength(maxLineBytes);
    expect(await linesOf(`${longest}\n{}\n`, pieceBytes)).toHaveLength(2);
    await expect(linesOf(`{}\n${longest} \n`, pieceBytes)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      found: 'line 2: a longer one',
    });
    await expect(linesOf('x'.repeat(maxLineBytes + 1), pieceBytes)).rejects.toMatchObject({
      found: 'line 1: a longer one',
    });
  });
});

describe('stored lines', () => {
  let store: MemoryStore;
  const manifest: StoredManifest = { intake: 'one', items: 2, at: '2026-11-23T00:00:00.000Z' };
  const key = objectKeys.manifestChunk({ batchId: 'b', intake: 'one', chunk: 3 });
  beforeEach(() => {
    store = new MemoryStore();
  });

  it('are those of the intake and chunk', async () => {
    store.objects.set(key, Buffer.from('{"item":150,"request":{}}\n{"item":151,"request":{},"stepsDone":1}\n'));
    expect(await storedLines(store, 'b', { manifest, chunk: 3 })).toEqual([
      { item: 150, request: {} },
      { item: 151, request: {}, stepsDone: 1 },
    ]);
    expect(await storedLines(store, 'b', { manifest, chunk: 4 })).toBeUndefined();
  });

  it.each(['{"item":-1,"request":{}}\n', '{"item":1', ''])(
    'are a defect when they are something else: %j',
    async (text) => {
      store.objects.set(key, Buffer.from(text));
      await expect(storedLines(store, 'b', { manifest, chunk: 3 })).rejects.toMatchObject({
        code: 'INTERNAL',
        found: 'something else',
      });
    },
  );
});
