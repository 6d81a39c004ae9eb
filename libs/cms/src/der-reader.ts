import { BOOLEAN, INTEGER, OBJECT_IDENTIFIER } from './der-tags.js';
import { CmsError } from './errors.js';

/** Nesting that no structure of RFC 5280, 5652, 3161 or 6960 reaches; stops stack exhaustion by nested sequences. */
export const MAX_DEPTH = 40;
/** Octets of an arc; stops quadratic work on endless base-128 numbers. */
const MAX_ARC_OCTETS = 18;

/**
 * A cursor over the content of one DER value (X.690, 10). Strict: definite lengths in the fewest octets, low tag numbers,
 * nothing behind the end. It copies nothing; what it gives out are views of the input.
 *
 * Every method throws CmsError: MALFORMED, LIMIT_EXCEEDED (depth), UNSUPPORTED (indefinite length, high tag number).
 */
export class DerReader {
  /** Offset in `bytes` of the next TLV. */
  offset: number;

  constructor(
    readonly bytes: Uint8Array,
    /** Name of the structure, for error texts. */ readonly what: string,
    private readonly range: { start: number; end: number; depth: number } = { start: 0, end: bytes.length, depth: 0 },
  ) {
    this.offset = range.start;
  }

  /** A reader of the content of the one value that `bytes` holds. Throws MALFORMED on trailing bytes. */
  static of(bytes: Uint8Array, tag: number, what: string): DerReader {
    const outer = new DerReader(bytes, what);
    const inner = outer.enter(tag);
    outer.end();
    return inner;
  }

  get done(): boolean {
    return this.offset >= this.range.end;
  }

  /** Identifier octet of the next value; -1 at the end. */
  peek(): number {
    return this.offset < this.range.end ? this.bytes[this.offset]! : -1;
  }

  /** Fails unless everything was read: trailing bytes could hide what another parser would see. */
  end(): void {
    if (!this.done) throw this.malformed('end', `${this.range.end - this.offset} more bytes`);
  }

  /** Goes into the next value, which must have this tag; the cursor moves behind it. */
  enter(tag: number): DerReader {
    const start = this.header(tag);
    const end = this.valueEnd;
    const depth = this.range.depth + 1;
    if (depth > MAX_DEPTH) throw new CmsError('LIMIT_EXCEEDED', `at most ${MAX_DEPTH} levels in ${this.what}`, 'more');
    this.offset = end;
    return new DerReader(this.bytes, this.what, { start, end, depth });
  }

  /** As `enter`, or undefined when another tag (or nothing) comes next. */
  enterOptional(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.enter(tag) : undefined;
  }

  /** Content octets of the next value, which must have this tag. */
  content(tag: number): Uint8Array {
    const start = this.header(tag);
    this.offset = this.valueEnd;
    return this.bytes.subarray(start, this.valueEnd);
  }

  /** As `content`, or undefined when another tag (or nothing) comes next. */
  contentOptional(tag: number): Uint8Array | undefined {
    return this.peek() === tag ? this.content(tag) : undefined;
  }

  /** The next value as it stands, tag and length included; any tag unless one is given. */
  element(tag = this.peek()): Uint8Array {
    const start = this.offset;
    this.header(tag);
    this.offset = this.valueEnd;
    return this.bytes.subarray(start, this.valueEnd);
  }

  /** Content octets of an INTEGER in the fewest octets (X.690, 8.3.2). */
  integerOctets(tag = INTEGER): Uint8Array {
    const octets = this.content(tag);
    if (octets.length === 0) throw this.malformed('INTEGER', 'no octets');
    if (octets.length > 1 && (octets[0] === 0 ? octets[1]! < 0x80 : octets[0] === 0xff && octets[1]! >= 0x80)) {
      throw this.malformed('INTEGER in the fewest octets', Buffer.from(octets.subarray(0, 8)).toString('hex'));
    }
    return octets;
  }

  /** An INTEGER of at most `maxOctets`, not negative. */
  unsigned(maxOctets: number, tag = INTEGER): bigint {
    const octets = this.integerOctets(tag);
    if (octets[0]! & 0x80) throw this.malformed('INTEGER that is not negative', 'a negative one');
    if (octets.length > maxOctets + 1) {
      throw new CmsError(
        'LIMIT_EXCEEDED',
        `INTEGER of at most ${maxOctets} octets in ${this.what}`,
        `${octets.length}`,
      );
    }
    return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
  }

  /** An INTEGER (or another type with its encoding) from 0 to 2^31 − 1. */
  smallUnsigned(tag = INTEGER): number {
    const value = this.unsigned(4, tag);
    if (value > 0x7fff_ffffn) throw this.malformed('INTEGER below 2^31', String(value));
    return Number(value);
  }

  /** BOOLEAN; DER knows 00 and FF only (X.690, 11.1). */
  boolean(tag = BOOLEAN): boolean {
    const octets = this.content(tag);
    if (octets.length !== 1 || (octets[0] !== 0 && octets[0] !== 0xff)) {
      throw this.malformed('BOOLEAN 00 or FF', Buffer.from(octets.subarray(0, 8)).toString('hex'));
    }
    return octets[0] === 0xff;
  }

  /** OBJECT IDENTIFIER in dotted notation. */
  oid(tag = OBJECT_IDENTIFIER): string {
    return dottedOid(this.content(tag), this.what);
  }

  /** BIT STRING of whole octets, as signatures and keys are. */
  wholeBits(tag: number): Uint8Array {
    const octets = this.content(tag);
    if (octets.length === 0 || octets[0] !== 0) throw this.malformed('BIT STRING of whole octets', 'unused bits');
    return octets.subarray(1);
  }

  malformed(expected: string, found: string): CmsError {
    return new CmsError('MALFORMED', `${expected} in ${this.what}`, found);
  }

  private valueEnd = 0;

  /** Reads tag and length of the next value; gives the offset of its content and sets `valueEnd`. */
  private header(tag: number): number {
    const { bytes } = this;
    const { end } = this.range;
    let at = this.offset;
    if (at >= end) throw this.malformed(tag < 0 ? 'a value' : `tag ${hexOctet(tag)}`, 'the end');
    const found = bytes[at++]!;
    if ((found & 0x1f) === 0x1f)
      throw new CmsError('UNSUPPORTED', `tag numbers below 31 in ${this.what}`, 'a high one');
    if (found !== tag) throw this.malformed(`tag ${hexOctet(tag)}`, `tag ${hexOctet(found)}`);
    if (at >= end) throw this.malformed('length octets', 'the end');
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw new CmsError('UNSUPPORTED', `definite length in ${this.what}`, 'indefinite length');
      // Four octets address 4 GiB: longer than any input, and no arithmetic here can overflow.
      if (octets > 4 || at + octets > end) throw this.malformed('length within the value', `${octets} length octets`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!;
      const fewest = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8);
      if (fewest !== octets) throw this.malformed('length in the fewest octets', `${octets} for ${length}`);
    }
    if (length > end - at) throw this.malformed(`at most ${end - at} bytes of content`, String(length));
    this.valueEnd = at + length;
    return at;
  }
}

const hexOctet = (octet: number): string => octet.toString(16).padStart(2, '0');

const knownOids = new Map<string, string>();
const MAX_KNOWN_OIDS = 2_000;

/** Dotted notation of the content octets of an OBJECT IDENTIFIER. Throws MALFORMED, LIMIT_EXCEEDED. */
export function dottedOid(octets: Uint8Array, what: string): string {
  const key = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
  const known = knownOids.get(key);
  if (known !== undefined) return known;
  const dotted = decodeOid(octets, what);
  // Bounded: hostile input could otherwise fill the memory with identifiers of its own.
  if (knownOids.size < MAX_KNOWN_OIDS) knownOids.set(key, dotted);
  return dotted;
}

function decodeOid(octets: Uint8Array, what: string): string {
  const last = octets.at(-1);
  if (last === undefined || last & 0x80) throw new CmsError('MALFORMED', `OBJECT IDENTIFIER in ${what}`, 'a cut one');
  if (octets.length > 128)
    throw new CmsError('LIMIT_EXCEEDED', `OBJECT IDENTIFIER in ${what}`, `${octets.length} octets`);
  const arcs: bigint[] = [];
  let arc = 0n;
  let length = 0;
  for (const octet of octets) {
    if (length === 0 && octet === 0x80) throw new CmsError('MALFORMED', `OBJECT IDENTIFIER in ${what}`, 'a padded arc');
    if (++length > MAX_ARC_OCTETS)
      throw new CmsError('LIMIT_EXCEEDED', `arc of an identifier in ${what}`, 'a longer one');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0n;
      length = 0;
    }
  }
  const head = arcs.shift() ?? 0n;
  const first = head < 80n ? head / 40n : 2n;
  return [first, head - first * 40n, ...arcs].join('.');
}
