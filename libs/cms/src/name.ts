import * as tags from './der-tags.js';
import type { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';

/** One AttributeTypeAndValue (RFC 5280, 4.1.2.4). */
export interface NameAttribute {
  readonly oid: string;
  /** Decoded text; for a value that is no string, `#` and the hexadecimal DER (RFC 4514, 2.4). */
  readonly value: string;
  readonly isText: boolean;
}

/** RDNSequence in the order of the encoding: country first, common name last. */
export type Name = readonly (readonly NameAttribute[])[];

/** No real name comes near; stops a certificate of a million attributes. */
const MAX_ATTRIBUTES = 100;

/** Short names that are registered (RFC 4514, 3; RFC 4519), and those that everybody prints (RFC 2985, X.520). */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.13', 'description'],
  ['2.5.4.15', 'businessCategory'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.20', 'telephoneNumber'],
  ['2.5.4.42', 'givenName'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
]);

/** Reads a Name. Throws MALFORMED, LIMIT_EXCEEDED. */
export function readName(reader: DerReader): Name {
  const sequence = reader.enter(tags.SEQUENCE);
  const name: NameAttribute[][] = [];
  let count = 0;
  while (!sequence.done) {
    const set = sequence.enter(tags.SET);
    const rdn: NameAttribute[] = [];
    while (!set.done) {
      if (++count > MAX_ATTRIBUTES) throw new CmsError('LIMIT_EXCEEDED', `${MAX_ATTRIBUTES} name attributes`, 'more');
      const attribute = set.enter(tags.SEQUENCE);
      rdn.push({ oid: attribute.oid(), ...readValue(attribute) });
      attribute.end();
    }
    name.push(rdn);
  }
  return name;
}

function readValue(reader: DerReader): Pick<NameAttribute, 'value' | 'isText'> {
  const tag = reader.peek();
  if (stringTags.has(tag)) return { value: decodeString(tag, reader.content(tag)), isText: true };
  return { value: `#${Buffer.from(reader.element()).toString('hex')}`, isText: false };
}

const stringTags: ReadonlySet<number> = new Set([
  tags.UTF8_STRING,
  tags.NUMERIC_STRING,
  tags.PRINTABLE_STRING,
  tags.TELETEX_STRING,
  tags.IA5_STRING,
  tags.VISIBLE_STRING,
  tags.UNIVERSAL_STRING,
  tags.BMP_STRING,
]);

/** Text of a character string type; T.61 is read as Latin-1, as everybody writes it. */
export function decodeString(tag: number, octets: Uint8Array): string {
  const buffer = Buffer.from(octets);
  if (tag === tags.UTF8_STRING) return buffer.toString('utf8');
  if (tag === tags.BMP_STRING)
    return buffer
      .subarray(0, buffer.length & ~1)
      .swap16()
      .toString('utf16le');
  if (tag !== tags.UNIVERSAL_STRING) return buffer.toString('latin1');
  let text = '';
  for (let i = 0; i + 4 <= buffer.length; i += 4) {
    const codePoint = buffer.readUInt32BE(i);
    text += codePoint > 0x10_ffff ? '\ufffd' : String.fromCodePoint(codePoint);
  }
  return text;
}

/** RFC 4514: most specific first, with escapes. */
export function nameText(name: Name): string {
  return name
    .map((rdn) => rdn.map(attributeText).join('+'))
    .toReversed()
    .join(',');
}

const attributeText = ({ oid, value, isText }: NameAttribute): string =>
  `${shortNames.get(oid) ?? oid}=${isText ? escapeValue(value) : value}`;

function escapeValue(value: string): string {
  return value
    .replaceAll(/["+,;<>\\]/g, String.raw`\$&`)
    .replaceAll(/^[ #]| $/g, String.raw`\$&`)
    .replaceAll(
      // Control and bidirectional characters could make a log line or a certificate shown to people say something else.
      /[\p{Cc}\p{Bidi_Control}]/gu,
      (character) =>
        Buffer.from(character)
          .toString('hex')
          .replaceAll(/../g, String.raw`\$&`),
    );
}

/** The most specific value of an attribute type, or undefined. */
export function lastValue(name: Name, oid: string): string | undefined {
  return name.flat().findLast((attribute) => attribute.oid === oid)?.value;
}

/**
 * Text by which names are equal whatever their string types, letter case and spaces (RFC 5280, 7.1), one entry for each
 * RDN. For name constraints, where taking two spellings for different names would let an excluded one through.
 */
export function comparableName(name: Name): string[] {
  return name.map((rdn) =>
    rdn
      .map(({ oid, value }) => `${oid}=${value.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')}`)
      .sort()
      .join('\u0000'),
  );
}
