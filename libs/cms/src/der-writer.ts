import { BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING } from './der-tags.js';
import { SEQUENCE, SET } from './der-tags.js';

/** One TLV (X.690, 10.1: definite length, fewest octets); the parts follow each other as its content. */
export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => tlvOf(tag, parts);

/** As `tlv`, for parts whose number comes from outside: a spread of 100,000 arguments overflows the stack. */
export function tlvOf(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const header = headerLength(length);
  const out = new Uint8Array(header + length);
  out[0] = tag;
  writeLength(out, 1, length);
  let offset = header;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Octets of tag and length in front of `length` octets of content; one octet of tag. */
export function headerLength(length: number): number {
  if (length < 0x80) return 2;
  if (length < 0x100) return 3;
  if (length < 0x1_0000) return 4;
  return length < 0x100_0000 ? 5 : 6;
}

/** Writes the length octets at `offset` and gives the offset behind them. */
export function writeLength(out: Uint8Array, offset: number, length: number): number {
  if (length < 0x80) {
    out[offset] = length;
    return offset + 1;
  }
  const octets = headerLength(length) - 2;
  out[offset] = 0x80 | octets;
  for (let i = 0; i < octets; i++) out[offset + 1 + i] = (length / 2 ** (8 * (octets - 1 - i))) & 0xff;
  return offset + 1 + octets;
}

/** SEQUENCE of the parts as they are. */
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(SEQUENCE, ...parts);

/** The order of DER encodings in a SET OF (X.690, 11.6). */
export const byEncoding = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

/** SET OF in the order that DER asks for (X.690, 11.6: ascending by encoding). */
export function setOf(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(SET, ...parts.toSorted(byEncoding));
}

/** OCTET STRING, primitive. */
export const octetString = (content: Uint8Array): Uint8Array => tlv(OCTET_STRING, content);

/** BIT STRING of whole octets. */
export const bitString = (content: Uint8Array): Uint8Array => tlv(BIT_STRING, Uint8Array.of(0), content);

export const nullValue = (): Uint8Array => Uint8Array.of(NULL, 0);

/** BOOLEAN TRUE; FALSE is always a DEFAULT in what is written here, so it is left out. */
export const booleanTrue = (): Uint8Array => Uint8Array.of(BOOLEAN, 1, 0xff);

/** INTEGER, fewest octets, of a number that is not negative. */
export function integer(value: number | bigint): Uint8Array {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  return unsignedInteger(Buffer.from(hex, 'hex'));
}

/** INTEGER of a number given as big-endian octets, not negative, with or without leading zeros. */
export function unsignedInteger(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const magnitude = octets.subarray(start);
  const first = magnitude[0] ?? 0;
  return first & 0x80 || magnitude.length === 0 ? tlv(INTEGER, Uint8Array.of(0), magnitude) : tlv(INTEGER, magnitude);
}

/** OBJECT IDENTIFIER from dotted notation (X.690, 8.19). */
export function objectIdentifier(dotted: string): Uint8Array {
  const arcs = dotted.split('.').map(BigInt);
  const [first = 0n, second = 0n, ...rest] = arcs;
  const octets: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const group = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) group.unshift(Number(left & 0x7fn) | 0x80);
    octets.push(...group);
  }
  return tlv(OBJECT_IDENTIFIER, Uint8Array.from(octets));
}

/** GeneralizedTime in UTC without fractions (RFC 5280, 4.1.2.5.2). */
export function generalizedTime(date: Date): Uint8Array {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tlv(GENERALIZED_TIME, Buffer.from(text, 'latin1'));
}
