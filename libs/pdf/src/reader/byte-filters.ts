import { limitExceeded } from '../limits.js';
import { damaged, isSpace } from '../syntax/parser.js';
import { hexValue } from '../syntax/strings.js';

const tilde = 0x7e;
const greater = 0x3e;

/** ASCIIHexDecode (ISO 32000-2, 7.4.2): up to `>` or the end; an odd last digit has a 0 behind it. Throws PdfError DAMAGED. */
export function decodeAsciiHex(data: Buffer): Buffer {
  const output = Buffer.alloc(Math.ceil(data.length / 2));
  let digits = 0;
  for (const code of data) {
    if (code === greater) {
      break;
    }
    const value = hexValue(code);
    if (value >= 0) {
      const at = digits >> 1;
      output[at] = (output[at] ?? 0) | (digits % 2 === 0 ? value << 4 : value);
      digits += 1;
    } else if (!isSpace(code)) {
      throw damaged('hexadecimal digits', `the byte ${code}`);
    }
  }
  return output.subarray(0, Math.ceil(digits / 2));
}

/** ASCII85Decode (ISO 32000-2, 7.4.3): up to `~` or the end. Throws PdfError DAMAGED. */
export function decodeAscii85(data: Buffer): Buffer {
  const zeros = data.reduce((count, code) => (code === 0x7a ? count + 1 : count), 0);
  const output = Buffer.alloc((zeros + Math.ceil(data.length / 5)) * 4);
  let length = 0;
  let digits: number[] = [];
  for (const code of data) {
    if (code === tilde) {
      break;
    }
    if (isSpace(code)) {
      continue;
    }
    if (code === 0x7a && digits.length === 0) {
      length = output.writeUInt32BE(0, length);
      continue;
    }
    if (code < 0x21 || code > 0x75) {
      throw damaged('digits of base 85', `the byte ${code}`);
    }
    digits.push(code - 0x21);
    if (digits.length === 5) {
      length = output.writeUInt32BE(base85(digits), length);
      digits = [];
    }
  }
  if (digits.length > 1) {
    // What is cut off is rounded up (the highest digits stand in for it), so that its first bytes are right.
    output.writeUInt32BE(base85([...digits, 84, 84, 84].slice(0, 5)), length);
    length += digits.length - 1;
  }
  return output.subarray(0, length);
}

function base85(digits: readonly number[]): number {
  const value = digits.reduce((sum, digit) => sum * 85 + digit, 0);
  if (value > 0xff_ff_ff_ff) {
    throw damaged('a group of base 85 below 2^32', String(value));
  }
  return value;
}

/** RunLengthDecode (ISO 32000-2, 7.4.5): up to 128 or the end. Throws PdfError LIMIT_EXCEEDED. */
export function decodeRunLength(data: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; at < data.length;) {
    const head = data[at] ?? 128;
    if (head === 128) {
      break;
    }
    const isLiteral = head < 128;
    const part = isLiteral
      ? data.subarray(at + 1, at + 2 + head)
      : Buffer.alloc(at + 1 < data.length ? 257 - head : 0, data.subarray(at + 1, at + 2));
    at += isLiteral ? head + 2 : 2;
    length += part.length;
    if (length > maxBytes) {
      throw limitExceeded(`at most ${maxBytes} bytes decoded`, 'more');
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const clearCode = 256;
const endCode = 257;
const firstFree = 258;
const mostCodes = 4096;

/**
 * LZWDecode (ISO 32000-2, 7.4.4.2), the highest bit first; `earlyChange` is /EarlyChange: 1, codes get longer one code
 * early. Up to the end code or the end. Throws PdfError DAMAGED or LIMIT_EXCEEDED.
 */
export function decodeLzw(data: Buffer, earlyChange: number, maxBytes: number): Buffer {
  const prefix = new Uint16Array(mostCodes);
  const suffix = new Uint8Array(mostCodes).map((_, code) => code & 255);
  const lengths = new Uint32Array(mostCodes).fill(1);
  let output = Buffer.alloc(Math.min(maxBytes, Math.max(4096, data.length * 4)));
  let length = 0;
  let [next, width, previous] = [firstFree, 9, -1];
  let [bits, held] = [0, 0];
  for (let at = 0; ;) {
    while (held < width && at < data.length) {
      bits = ((bits << 8) | (data[at] ?? 0)) & 0xff_ff_ff;
      held += 8;
      at += 1;
    }
    if (held < width) {
      break;
    }
    held -= width;
    const code = (bits >> held) & ((1 << width) - 1);
    if (code === endCode) {
      break;
    }
    if (code === clearCode) {
      [next, width, previous] = [firstFree, 9, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0)) {
      throw damaged(`an LZW code up to ${next}`, String(code));
    }
    const isNew = code === next;
    const source = isNew ? previous : code;
    const size = (lengths[source] ?? 0) + (isNew ? 1 : 0);
    if (length + size > maxBytes) {
      throw limitExceeded(`at most ${maxBytes} bytes decoded`, 'more');
    }
    if (length + size > output.length) {
      output = Buffer.concat([output], Math.min(maxBytes, Math.max(output.length * 2, length + size)));
    }
    let back = length + (lengths[source] ?? 0);
    for (let one = source; back > length; one = prefix[one] ?? 0) {
      back -= 1;
      output[back] = suffix[one] ?? 0;
    }
    const first = output[length] ?? 0;
    if (isNew) {
      output[length + size - 1] = first;
    }
    length += size;
    if (previous >= 0 && next < mostCodes) {
      prefix[next] = previous;
      suffix[next] = first;
      lengths[next] = (lengths[previous] ?? 0) + 1;
      next += 1;
    }
    previous = code;
    if (next + earlyChange >= 1 << width && width < 12) {
      width += 1;
    }
  }
  return output.subarray(0, length);
}
