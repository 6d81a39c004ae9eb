import { describe, expect, it } from '@jest/globals';
import { csvLines, maxRowBytes } from './manifest-csv.js';

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function rowsOf(csv: string | Uint8Array, stepCount = 1, pieceBytes = 7): Promise<unknown[]> {
  const rows: unknown[] = [];
  const bytes = typeof csv === 'string' ? Buffer.from(csv) : csv;
  for await (const { value } of csvLines(inPieces(bytes, pieceBytes), stepCount)) rows.push(value);
  return rows;
}

const fault = (found: unknown, expected: unknown = expect.any(String)): unknown =>
  expect.objectContaining({ code: 'MANIFEST_INVALID', found, expected });

describe('a manifest in CSV', () => {
  it.each([
    ['commas', 'documentId,reference\nd1,r1\n'],
    ['semicolons', 'documentId;reference\nd1;r1\n'],
    ['tabs', 'documentId\treference\nd1\tr1\n'],
    ['a byte order mark and CRLF, as Excel writes it', '\uFEFFdocumentId;reference\r\nd1;r1\r\n'],
    ['no newline at its end', 'documentId,reference\nd1,r1'],
    ['empty lines and blanks around cells', 'documentId , reference\n\n d1 , r1 \n\n'],
    ['headings in another order', 'reference,documentId\nr1,d1\n'],
    ['quotes', '"documentId","reference"\n"d1","r1"\n'],
  ])('may have %s', async (_what, csv) => {
    for (const pieceBytes of [1, 7, 10_000]) {
      expect(await rowsOf(csv, 1, pieceBytes)).toEqual([{ documentId: 'd1', reference: 'r1' }]);
    }
  });

  it('keeps delimiters, quotes and line ends in quoted cells, and letters of two and three bytes', async () => {
    const rows = await rowsOf('documentId,reference\nd1,"Số 1; ""khẩn"", hỏa\r\ntốc"\nd2,Ệ\n', 1, 1);
    expect(rows).toEqual([
      { documentId: 'd1', reference: 'Số 1; "khẩn", hỏa\r\ntốc' },
      { documentId: 'd2', reference: 'Ệ' },
    ]);
  });

  it('gives steps and actors their members, and says nothing for empty cells', async () => {
    expect(await rowsOf('documentId,actorId,actorName,reason,level\nd1,an,An,vì,B-T\nd2,,,,\n')).toEqual([
      { documentId: 'd1', actor: { id: 'an', name: 'An' }, steps: [{ reason: 'vì', level: 'B-T' }] },
      { documentId: 'd2' },
    ]);
    expect(await rowsOf('documentId,1.reason,2.number\nd1,vì,12\nd2,,13\n', 2)).toEqual([
      { documentId: 'd1', steps: [{ reason: 'vì' }, { number: '12' }] },
      { documentId: 'd2', steps: [{}, { number: '13' }] },
    ]);
  });

  it('takes whole numbers for versions, and leaves what is none to be refused', async () => {
    expect(await rowsOf('documentId,expectedVersion\nd,3\nd,0x10\nd,1e3\nd,-1\n')).toEqual([
      { documentId: 'd', expectedVersion: 3 },
      { documentId: 'd', expectedVersion: '0x10' },
      { documentId: 'd', expectedVersion: '1e3' },
      { documentId: 'd', expectedVersion: '-1' },
    ]);
  });

  it.each([
    ['an unknown heading', 'documentId,colour\nx,y\n', 'line 1: colour'],
    ['a heading without a name', 'documentId,\nx,y\n', 'line 1: '],
    ['a heading of JavaScript’s own', '__proto__\nx\n', 'line 1: __proto__'],
    ['a heading twice', 'reference,documentId,reference\na,b,c\n', 'line 1: reference'],
    ['a step that the batch does not have', 'documentId,2.reason\nx,y\n', 'line 1: 2.reason'],
    ['a row that is longer than the headings', 'documentId\nx,y\n', expect.stringContaining('line 2')],
    ['a row that is shorter', 'documentId,reference\nx\n', expect.stringContaining('line 2')],
    ['a quote that does not end', 'documentId\n"x\n', expect.stringMatching(/quote/i)],
    ['a quote in the middle of a cell', 'documentId\nx"y\n', expect.stringMatching(/quote/i)],
  ])('is refused with %s', async (_what, csv, found) => {
    await expect(rowsOf(csv)).rejects.toEqual(fault(found));
  });

  it('needs the number of a step where the batch has several', async () => {
    await expect(rowsOf('documentId,reason\nx,y\n', 2)).rejects.toEqual(fault('line 1: reason'));
  });

  it.each([
    ['Windows-1258', Uint8Array.from([...Buffer.from('documentId\nd1\nd'), 0xd3, 0x0a])],
    ['a letter that is cut off at the end', Uint8Array.from([...Buffer.from('documentId\nd1\nd'), 0xc3])],
  ])('is refused in other encodings: %s', async (_what, bytes) => {
    await expect(rowsOf(bytes, 1, 4)).rejects.toEqual(fault('line 3: other bytes, there or after it', 'UTF-8'));
  });

  it('has rows of bounded length, and is not read to the end of a longer one', async () => {
    const fits = 'x'.repeat(maxRowBytes - 100);
    expect(await rowsOf(`documentId\n${fits}\n`, 1, 65_536)).toEqual([{ documentId: fits }]);
    let pieces = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('documentId\n');
      for (; pieces < 1_000; pieces++) yield Buffer.alloc(16_384, 'x');
    }
    await expect(csvLines(endless(), 1).next()).rejects.toEqual(fault(expect.any(String)));
    expect(pieces).toBeLessThan(50);
  });

  it('gives rows before the file has come to its end', async () => {
    const rows = csvLines(cutOff(), 1);
    expect((await rows.next()).value).toEqual({ line: 2, value: { documentId: 'd1' } });
    const rest = async (): Promise<void> => {
      while ((await rows.next()).done !== true);
    };
    await expect(rest()).rejects.toThrow('the caller went away');
  });
});

async function* cutOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`documentId\n${'d1\n'.repeat(100)}`);
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error('the caller went away');
}
