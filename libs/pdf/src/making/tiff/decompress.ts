import { imageInvalid } from '../../errors.js';
import { inflated } from '../streams.js';

/** Rows of one strip or tile without its compression, in chunks. Throws PdfError IMAGE_INVALID. */
export function decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: number,
  reversed: boolean,
): AsyncIterable<Uint8Array> {
  const input = reversed ? bitsReversed(chunks) : chunks;
  switch (compression) {
    case 1:
      return input;
    case 5:
      return pushed(input, new LzwDecoder());
    case 8:
    case 32946:
      return inflated(input);
    case 32773:
      return pushed(input, new PackBitsDecoder());
    default:
      throw imageInvalid('a compression of TIFF that is known', `${compression}`);
  }
}

const reversedBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit += 1) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
});

/** FillOrder 2: the lowest bit comes first (TIFF 6.0, tag 266). */
export async function* bitsReversed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.map((byte) => reversedBytes[byte]!);
}

interface Decoder {
  push(bytes: Uint8Array): Uint8Array;
  readonly ended: boolean;
}

/** Few enough that what they expand to, up to 4,000 times as much with LZW, stays small. */
const pieceBytes = 1024;

async function* pushed(chunks: AsyncIterable<Uint8Array>, decoder: Decoder): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length && !decoder.ended; at += pieceBytes) {
      yield decoder.push(chunk.subarray(at, at + pieceBytes));
    }
    if (decoder.ended) return;
  }
}

/** Bytes that grow. */
class Output {
  private bytes = new Uint8Array(4096);
  private used = 0;

  /** Room for so many more; gives where they start. */
  extend(count: number): { bytes: Uint8Array; at: number } {
    if (this.used + count > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.used + count));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    const at = this.used;
    this.used += count;
    return { bytes: this.bytes, at };
  }

  taken(): Uint8Array {
    return this.bytes.subarray(0, this.used);
  }
}

/** PackBits (TIFF 6.0, section 9). */
class PackBitsDecoder implements Decoder {
  readonly ended = false;
  private literal = 0;
  private repeat = 0;

  push(bytes: Uint8Array): Uint8Array {
    const output = new Output();
    for (let index = 0; index < bytes.length;) {
      if (this.literal > 0) {
        const part = bytes.subarray(index, index + this.literal);
        const { bytes: target, at } = output.extend(part.length);
        target.set(part, at);
        this.literal -= part.length;
        index += part.length;
      } else if (this.repeat > 0) {
        const { bytes: target, at } = output.extend(this.repeat);
        target.fill(bytes[index]!, at, at + this.repeat);
        this.repeat = 0;
        index += 1;
      } else {
        const head = bytes[index]!;
        if (head < 128) this.literal = head + 1;
        else if (head > 128) this.repeat = 257 - head;
        index += 1;
      }
    }
    return output.taken();
  }
}

const [clearCode, endCode, firstFree, mostCodes] = [256, 257, 258, 4096];

/** LZW with the highest bit first (TIFF 6.0, section 13). */
class LzwDecoder implements Decoder {
  ended = false;
  private readonly prefix = new Uint16Array(mostCodes);
  private readonly suffix = new Uint8Array(mostCodes).map((_, index) => index & 255);
  private readonly lengths = new Uint16Array(mostCodes).fill(1);
  private readonly firsts = new Uint8Array(mostCodes).map((_, index) => index & 255);
  private next = firstFree;
  private width = 9;
  private previous = -1;
  private started = false;
  private bits = 0;
  private bitCount = 0;

  push(bytes: Uint8Array): Uint8Array {
    const output = new Output();
    for (const byte of bytes) {
      this.bits = ((this.bits << 8) | byte) & 0xffffff;
      this.bitCount += 8;
      if (this.bitCount < this.width) continue;
      this.bitCount -= this.width;
      const code = (this.bits >> this.bitCount) & ((1 << this.width) - 1);
      if (!this.started && code !== clearCode) throw imageInvalid('LZW data that starts with a clear code', `${code}`);
      this.started = true;
      if (code === endCode) {
        this.ended = true;
        break;
      }
      if (code === clearCode) this.clear();
      else this.emit(code, output);
    }
    return output.taken();
  }

  private clear(): void {
    this.next = firstFree;
    this.width = 9;
    this.previous = -1;
  }

  private emit(code: number, output: Output): void {
    const known = code < this.next && (code < clearCode || code >= firstFree);
    if (!known && (this.previous < 0 || code !== this.next)) throw imageInvalid('a code of LZW in use', `${code}`);
    if (this.previous >= 0) this.add(known ? this.firsts[code]! : this.firsts[this.previous]!);
    const length = this.lengths[code]!;
    const { bytes, at } = output.extend(length);
    for (let target = at + length - 1, from = code; target >= at; target -= 1) {
      bytes[target] = this.suffix[from]!;
      from = this.prefix[from]!;
    }
    this.previous = code;
  }

  private add(suffix: number): void {
    if (this.next >= mostCodes) throw imageInvalid('a clear code before the table of LZW is full', 'none');
    this.prefix[this.next] = this.previous;
    this.suffix[this.next] = suffix;
    this.lengths[this.next] = this.lengths[this.previous]! + 1;
    this.firsts[this.next] = this.firsts[this.previous]!;
    this.next += 1;
    // One code early, as all writers have it.
    if (this.next === (1 << this.width) - 1 && this.width < 12) this.width += 1;
  }
}
