import { describe, expect, it } from '@jest/globals';
import { bufferSource } from '@kyso/pdf';
import { checkByteRange } from './byte-range.js';

// 100 bytes: /Contents at 40 to 60, the signed revision ends at 90 with CR LF before.
const bytes = Buffer.alloc(100, 0x20);
bytes.write('\r\n', 88, 'latin1');
bytes.write(`<${'0'.repeat(18)}>`, 40, 'latin1');
const source = bufferSource(bytes);
const fields = { contentsStart: 40, contentsEnd: 60, revisionEnd: 90 };
const codes = async (byteRange: [number, number, number, number], changed = {}) =>
  (await checkByteRange({ ...fields, byteRange, ...changed }, source)).map(({ code }) => code);

describe('the ByteRange', () => {
  it('is accepted when it leaves out exactly /Contents and ends with its revision', async () => {
    expect(await codes([0, 40, 60, 30])).toEqual([]);
  });

  it('is accepted when it ends at the last byte of the file', async () => {
    expect(await codes([0, 40, 60, 40])).toEqual([]);
  });

  it('is accepted when only the end of line of %%EOF is left out', async () => {
    expect(await codes([0, 40, 60, 28])).toEqual([]);
  });

  it('is refused when the bytes left out at the end are no end of line', async () => {
    expect(await codes([0, 40, 60, 18], { revisionEnd: 80 })).toEqual(['BYTE_RANGE_PARTIAL']);
  });

  it.each([
    ['numbers that hash nothing', [0, 0, 0, 0]],
    ['a negative number', [0, 40, 60, -1]],
    ['a fraction', [0, 40.5, 60, 30]],
    ['a number beyond exact integers', [0, 40, 60, Number.MAX_SAFE_INTEGER]],
    ['a start behind the first byte', [10, 30, 60, 30]],
    ['ranges that overlap', [0, 40, 30, 60]],
    ['ranges that touch', [0, 40, 40, 50]],
    ['an end behind the file', [0, 40, 60, 41]],
  ] as const)('is malformed with %s', async (_what, byteRange) => {
    expect(await codes([...byteRange])).toEqual(['BYTE_RANGE_MALFORMED']);
  });

  it.each([
    ['wider at its start', [0, 39, 60, 30]],
    ['wider at its end', [0, 40, 61, 29]],
    ['narrower', [0, 41, 60, 30]],
  ] as const)('is refused with a gap %s than /Contents', async (_what, byteRange) => {
    expect(await codes([...byteRange])).toEqual(['BYTE_RANGE_GAP']);
  });

  it('is refused when the gap holds more than hexadecimal digits', async () => {
    const hiding = Buffer.from(bytes);
    hiding.write('4 0 obj', 45, 'latin1');
    const findings = await checkByteRange({ ...fields, byteRange: [0, 40, 60, 30] }, bufferSource(hiding));
    expect(findings.map(({ code }) => code)).toEqual(['BYTE_RANGE_GAP']);
  });

  it('is refused for a value in an object stream, where no gap can be', async () => {
    expect(await codes([0, 40, 60, 30], { contentsStart: 0, contentsEnd: 0 })).toEqual(['BYTE_RANGE_GAP']);
  });

  it('is refused when it ends before or behind its revision', async () => {
    expect(await codes([0, 40, 60, 20])).toEqual(['BYTE_RANGE_PARTIAL']);
    expect(await codes([0, 40, 60, 35])).toEqual(['BYTE_RANGE_PARTIAL']);
  });
});
