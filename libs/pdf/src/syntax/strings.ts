const hexDigit = new Int8Array(256).fill(-1);
for (const [index, digit] of Array.from('0123456789abcdef').entries()) {
  hexDigit[digit.charCodeAt(0)] = index;
  hexDigit[digit.toUpperCase().charCodeAt(0)] = index;
}

/** Value of a hexadecimal digit given by its character code, or -1. */
export function hexValue(code: number | undefined): number {
  return code === undefined ? -1 : (hexDigit[code] ?? -1);
}

/** Bytes of `<…>` (ISO 32000-2, 7.3.4.3): white space is skipped, a missing last digit is 0. `raw` has both brackets. */
export function decodeHexString(raw: Buffer): Buffer {
  const digits = raw.subarray(1, raw.length - 1);
  const fast = Buffer.from(digits.toString('latin1'), 'hex');
  // Node stops at the first character that is no digit; only then the digits are read one by one.
  if (fast.length * 2 === digits.length) {
    return fast;
  }
  const decoded = Buffer.alloc((digits.length + 1) >> 1);
  let count = 0;
  for (const code of digits) {
    const value = hexValue(code);
    if (value >= 0) {
      decoded[count >> 1] = (decoded[count >> 1] ?? 0) | (count % 2 === 0 ? value << 4 : value);
      count += 1;
    }
  }
  return decoded.subarray(0, (count + 1) >> 1);
}

const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };

/** Bytes of `(…)` (ISO 32000-2, 7.3.4.2). `raw` has both parentheses. */
export function decodeLiteralString(raw: Buffer): Buffer {
  const end = raw.length - 1;
  if (raw.indexOf(0x5c) < 0 && raw.indexOf(0x0d) < 0) {
    return raw.subarray(1, end);
  }
  const decoded = Buffer.alloc(raw.length);
  let length = 0;
  let at = 1;
  while (at < end) {
    const code = raw[at] ?? 0;
    at += 1;
    if (code === 0x0d) {
      at += raw[at] === 0x0a ? 1 : 0;
      decoded[length++] = 0x0a;
    } else if (code !== 0x5c) {
      decoded[length++] = code;
    } else {
      const next = raw[at] ?? 0;
      at += 1;
      if (next >= 0x30 && next <= 0x37) {
        let value = next - 0x30;
        for (let digits = 1; digits < 3 && isOctal(raw[at]) && at < end; digits += 1) {
          value = value * 8 + (raw[at] ?? 0) - 0x30;
          at += 1;
        }
        decoded[length++] = value & 0xff;
      } else if (next === 0x0d) {
        at += raw[at] === 0x0a ? 1 : 0;
      } else if (next !== 0x0a) {
        decoded[length++] = escapes[String.fromCharCode(next)] ?? next;
      }
    }
  }
  return decoded.subarray(0, length);
}

function isOctal(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x37;
}

/** Where PDFDocEncoding (ISO 32000-2, annex D.2) differs from ISO 8859-1: 0x18–0x1f and 0x80–0xa0. */
const docEncoding: Readonly<Record<number, string>> = Object.fromEntries(
  Array.from('˘ˇˆ˙˝˛˚˜', (character, index) => [0x18 + index, character] as const).concat(
    Array.from('•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž', (character, index) => [0x80 + index, character] as const),
    [[0xa0, '€']],
  ),
);

/** The bytes of `text` in PDFDocEncoding; undefined where a character isn't in it. */
export function encodeDocText(text: string): Buffer | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isSame = docEncoding[code] === undefined && code <= 0xff;
    const found = isSame ? code : Object.values(docEncoding).indexOf(character);
    if (found < 0) {
      return undefined;
    }
    bytes.push(isSame ? code : Number(Object.keys(docEncoding)[found]));
  }
  return Buffer.from(bytes);
}

/** A text string (ISO 32000-2, 7.9.2.2): UTF-16BE or UTF-8 by its mark, else PDFDocEncoding. */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const even = bytes.subarray(2, bytes.length - (bytes.length % 2));
    return Buffer.from(even).swap16().toString('utf16le');
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return bytes.toString('utf8', 3);
  }
  let text = '';
  for (const code of bytes) {
    text += docEncoding[code] ?? String.fromCharCode(code);
  }
  return text;
}

/** Written form of a text string: a literal in ASCII where that is enough, else UTF-16BE with its mark, hexadecimal. */
export function encodeText(text: string): string {
  // 0x20–0x7e are the same in ASCII and PDFDocEncoding.
  if (/^[\x20-\x7e]*$/.test(text)) {
    return `(${text.replaceAll(/[\\()]/g, (character) => `\\${character}`)})`;
  }
  const utf16 = Buffer.from(text, 'utf16le').swap16();
  return `<FEFF${utf16.toString('hex').toUpperCase()}>`;
}

/** Just behind the `)` that closes the literal string at `start` (ISO 32000-2, 7.3.4.2); undefined where none does. */
export function endOfLiteral(bytes: Buffer, start: number): number | undefined {
  let open = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const code = bytes[at];
    if (code === 0x5c) {
      at += 1;
    } else if (code === 0x28) {
      open += 1;
    } else if (code === 0x29) {
      open -= 1;
      if (open === 0) {
        return at + 1;
      }
    }
  }
  return undefined;
}
