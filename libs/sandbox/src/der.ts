/**
 * A small DER writer and reader (ITU-T X.690) for what has to be quick: the time-stamp authority, and the few octets that
 * PKCS#11 wants. Certificates, CRLs and OCSP answers are made by pkijs. It is not that of `@kyso/cms` on purpose: the
 * sandbox judges that package, and a fault shared by the two would stay unseen.
 */

/** One element: identifier octet, definite length, contents. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthOctets = length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
  const out = Buffer.allocUnsafe(1 + lengthOctets + length);
  out[0] = tag;
  if (lengthOctets === 1) out[1] = length;
  else {
    out[1] = 0x80 | (lengthOctets - 1);
    out.writeUIntBE(length, 2, lengthOctets - 1);
  }
  let at = 1 + lengthOctets;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
export const octetString = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const utf8String = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));
export const nullValue = Buffer.of(0x05, 0x00);

/** SET OF: DER orders the encoded elements (X.690, 11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Buffer =>
  tlv(0x31, ...[...parts].sort((a, b) => Buffer.compare(a, b)));

/** Constructed context-specific tag: EXPLICIT, or IMPLICIT over a SEQUENCE or SET. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Buffer => tlv(0xa0 | number, ...parts);

/** The same element under another identifier octet (IMPLICIT tagging). */
export function retag(tag: number, der: Uint8Array): Buffer {
  const out = Buffer.from(der);
  out[0] = tag;
  return out;
}

/** INTEGER of an unsigned big-endian number: leading zeros dropped, one added where the top bit is set. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return ((trimmed[0] ?? 0) & 0x80) === 0 && trimmed.length > 0 ? tlv(0x02, trimmed) : tlv(0x02, Buffer.of(0), trimmed);
}

/** INTEGER from 0 to 2^48 − 1. */
export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return unsignedInteger(bytes);
}

/** BIT STRING of named bits, trailing zeros dropped (X.690, 11.2.2). Bits are numbered as in the ASN.1 module. */
export function namedBits(...bits: readonly number[]): Buffer {
  const highest = Math.max(...bits);
  const bytes = Buffer.alloc((highest >> 3) + 1);
  for (const bit of bits) bytes.writeUInt8((bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7)), bit >> 3);
  return tlv(0x03, Buffer.of(7 - (highest & 7)), bytes);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(128 + (left % 128));
    octets.push(...groups);
  }
  return tlv(0x06, Buffer.from(octets));
}

const digits = (at: Date): string => at.toISOString().replaceAll(/[-:T]/g, '');

/** GeneralizedTime with milliseconds, without trailing zeros (RFC 3161, 2.4.2). */
export function generalizedTimeMs(at: Date): Buffer {
  const fraction = digits(at)
    .slice(14, 18)
    .replace(/\.?0+$/, '');
  return tlv(0x18, Buffer.from(`${digits(at).slice(0, 14)}${fraction}Z`, 'latin1'));
}

/** One element that was read. */
export interface DerNode {
  readonly tag: number;
  /** The whole element, header included. */
  readonly der: Buffer;
  readonly contents: Buffer;
}

/** Input that is not DER; the sandbox answers it with the protocol's own "malformed". */
export class DerError extends Error {}

/** The element that starts at `offset`. Throws DerError; a length past the end is refused before anything is allocated. */
export function readNode(bytes: Buffer, offset = 0): DerNode {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError('expected an element, found the end');
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets < 1 || octets > 4 || start + octets > bytes.length)
      throw new DerError('expected a definite length of at most four octets');
    length = bytes.readUIntBE(start, octets);
    start += octets;
  }
  if (start + length > bytes.length) throw new DerError(`expected ${length} octets, found ${bytes.length - start}`);
  return { tag, der: bytes.subarray(offset, start + length), contents: bytes.subarray(start, start + length) };
}

/** The elements inside a constructed one. Throws DerError. */
export function children(node: DerNode): DerNode[] {
  const out: DerNode[] = [];
  for (let at = 0; at < node.contents.length;) {
    const child = readNode(node.contents, at);
    out.push(child);
    at += child.der.length;
  }
  return out;
}

/** The first element where it has this tag, else DerError. */
export function expectTag(node: DerNode | undefined, tag: number): DerNode {
  if (node?.tag !== tag) throw new DerError(`expected tag ${tag}, found ${node?.tag ?? 'the end'}`);
  return node;
}
