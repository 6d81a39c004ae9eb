import { imageInvalid } from '../../errors.js';
import { blackCodes, longestCode, whiteCodes, type CodeTable } from './ccitt-codes.js';

/** How the rows of a strip are coded. */
export interface CcittForm {
  /** `rows`: T.4 one-dimensional rows without EOL, from a byte on (TIFF compression 2). `t4`: with EOL. `t6`: Group 4. */
  readonly scheme: 'rows' | 't4' | 't6';
  readonly columns: number;
  readonly rowCount: number;
  /** T.4 only: a bit behind each EOL says whether the row refers to the one above. */
  readonly twoDimensional: boolean;
}

/**
 * Decodes a strip (ITU-T T.4, T.6): a bit a pixel, 1 is a black run, highest bit first, each row from a byte on. Used where a
 * page has several strips, which one CCITTFaxDecode stream can't hold. Throws PdfError IMAGE_INVALID.
 */
export function* ccittRows(data: Uint8Array, form: CcittForm): Generator<Uint8Array> {
  const bits = new BitReader(data);
  // Where colours change in the row above: an imaginary white row at first.
  let above: number[] = [];
  for (let row = 0; row < form.rowCount; row += 1) {
    let refers = form.scheme === 't6';
    if (form.scheme === 't4') {
      bits.skipEndOfLine();
      if (form.twoDimensional) refers = bits.take(1) === 0;
    }
    const changes = refers ? readReferring(bits, above, form.columns) : readRuns(bits, form.columns);
    if (form.scheme === 'rows') bits.toByte();
    yield paint(changes, form.columns);
    above = changes;
  }
}

/** The bits of a strip, highest first; zeros behind its end, at most as many as a code has. */
class BitReader {
  private position = 0;

  constructor(private readonly data: Uint8Array) {}

  peek(count: number): number {
    const byte = this.position >> 3;
    const word = ((this.data[byte] ?? 0) << 16) | ((this.data[byte + 1] ?? 0) << 8) | (this.data[byte + 2] ?? 0);
    return (word >> (24 - (this.position & 7) - count)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.position += count;
    if (this.position > this.data.length * 8) throw imageInvalid('all rows of a CCITT strip', 'its end before');
  }

  take(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  toByte(): void {
    this.position = (this.position + 7) & ~7;
  }

  /** At least eleven zeros and a one (T.4, 4.1.2), where there is one. */
  skipEndOfLine(): void {
    if (this.peek(11) !== 0) return;
    this.skip(11);
    while (this.take(1) === 0);
  }
}

/** One-dimensional: white and black runs in turn until the row is full. Gives the places where the colour changes. */
function readRuns(bits: BitReader, columns: number): number[] {
  const changes: number[] = [];
  let white = true;
  for (let at = 0; at < columns; white = !white) {
    if (changes.length > 2 * columns + 4) throw imageInvalid('runs that go on', 'runs of no pixels');
    at += readRun(bits, white ? whiteCodes : blackCodes);
    if (at > columns) throw imageInvalid(`runs of ${columns} pixels in a row`, `${at}`);
    changes.push(at);
  }
  return changes;
}

function readRun(bits: BitReader, table: CodeTable): number {
  for (let total = 0; ;) {
    const { run, length } = table[bits.peek(longestCode)] ?? { run: -1, length: 0 };
    if (run < 0) throw imageInvalid('a code of T.4', 'other bits');
    bits.skip(length);
    total += run;
    if (run < 64) return total;
    // No page is wider, and the sum must not grow for ever.
    if (total > 1_000_000) throw imageInvalid('a run within the row', `${total} pixels`);
  }
}

/** Two-dimensional (T.6, 2.2): places are told by those of the row above. */
function readReferring(bits: BitReader, above: readonly number[], columns: number): number[] {
  const changes: number[] = [];
  let at = 0;
  let white = true;
  /** First change of the row above to the right of `at` and to the opposite colour: even ones are white to black. */
  let reference = 0;
  const findReference = (): void => {
    while (reference > 0 && above[reference - 1]! > at) reference -= 1;
    // At the start of the row a change at its first pixel counts too.
    const after = at > 0 || changes.length > 0 ? at : -1;
    const parity = white ? 0 : 1;
    while (reference < above.length && (above[reference]! <= after || (reference & 1) !== parity)) {
      reference += 1;
    }
  };
  while (at < columns) {
    // Runs of no pixels may follow each other as long as there are bits.
    if (changes.length > 2 * columns + 4) throw imageInvalid('changes that go on', 'runs of no pixels');
    findReference();
    const b1 = above[reference] ?? columns;
    const mode = readMode(bits);
    if (mode === 'pass') {
      at = above[reference + 1] ?? columns;
      // The colour goes on: the change that is told next replaces nothing.
    } else if (mode === 'horizontal') {
      for (const table of white ? [whiteCodes, blackCodes] : [blackCodes, whiteCodes]) {
        at += readRun(bits, table);
        if (at > columns) throw imageInvalid(`runs of ${columns} pixels in a row`, `${at}`);
        changes.push(at);
      }
    } else {
      const next = b1 + mode;
      if (next < at || next > columns) throw imageInvalid(`a change between ${at} and ${columns}`, `${next}`);
      at = next;
      changes.push(at);
      white = !white;
    }
  }
  return changes;
}

function readMode(bits: BitReader): 'pass' | 'horizontal' | number {
  const word = bits.peek(7);
  const take = <T>(length: number, mode: T): T => {
    bits.skip(length);
    return mode;
  };
  if (word >= 0b1000000) return take(1, 0);
  if (word >= 0b0110000) return take(3, 1);
  if (word >= 0b0100000) return take(3, -1);
  if (word >= 0b0010000) return take(3, 'horizontal');
  if (word >= 0b0001000) return take(4, 'pass');
  if (word >= 0b0000110) return take(6, 2);
  if (word >= 0b0000100) return take(6, -2);
  if (word === 0b0000011) return take(7, 3);
  if (word === 0b0000010) return take(7, -3);
  throw imageInvalid('a mode of T.6', 'an extension, an early end or other bits');
}

function paint(changes: readonly number[], columns: number): Uint8Array {
  const row = new Uint8Array(Math.ceil(columns / 8));
  for (let index = 0; index < changes.length; index += 2) {
    const end = changes[index + 1] ?? columns;
    for (let x = changes[index]!; x < end; x += 1) {
      if ((x & 7) === 0 && end - x >= 8) {
        row[x >> 3] = 0xff;
        x += 7;
      } else {
        row[x >> 3] = row[x >> 3]! | (0x80 >> (x & 7));
      }
    }
  }
  return row;
}
