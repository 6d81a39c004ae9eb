import * as tags from './der-tags.js';
import type { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';
import { type Name, readName } from './name.js';

/** GeneralName (RFC 5280, 4.2.1.6), as far as it is used here. */
export type GeneralName =
  | { readonly form: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly value: string }
  | { readonly form: 'directoryName'; readonly name: Name; readonly der: Uint8Array }
  | { readonly form: 'iPAddress' | 'registeredID' | 'otherName' | 'x400Address' | 'ediPartyName' };

/** Stops a list that only costs time. */
const MAX_NAMES = 1_000;

/** Reads the GeneralName that comes next. Throws MALFORMED. */
export function readGeneralName(reader: DerReader): GeneralName {
  const tag = reader.peek();
  switch (tag) {
    case tags.contextPrimitive(1):
      return { form: 'rfc822Name', value: latin1(reader.content(tag)) };
    case tags.contextPrimitive(2):
      return { form: 'dNSName', value: latin1(reader.content(tag)) };
    case tags.contextPrimitive(6):
      return { form: 'uniformResourceIdentifier', value: latin1(reader.content(tag)) };
    case tags.contextConstructed(4): {
      // [4] is EXPLICIT: Name is a CHOICE.
      const explicit = reader.enter(tag);
      const start = explicit.offset;
      const name = readName(explicit);
      const der = explicit.bytes.subarray(start, explicit.offset);
      explicit.end();
      return { form: 'directoryName', name, der };
    }
    default:
      return readOtherForm(reader, tag);
  }
}

function readOtherForm(reader: DerReader, tag: number): GeneralName {
  const form = otherForms.get(tag);
  if (form === undefined) throw reader.malformed('GeneralName', `tag ${tag}`);
  reader.element(tag);
  return { form };
}

const otherForms = new Map([
  [tags.contextConstructed(0), 'otherName'],
  [tags.contextConstructed(3), 'x400Address'],
  [tags.contextConstructed(5), 'ediPartyName'],
  [tags.contextPrimitive(7), 'iPAddress'],
  [tags.contextPrimitive(8), 'registeredID'],
] as const);

/** Reads all GeneralNames of a reader's content. Throws MALFORMED, LIMIT_EXCEEDED. */
export function readGeneralNames(reader: DerReader): GeneralName[] {
  const names: GeneralName[] = [];
  while (!reader.done) {
    if (names.length >= MAX_NAMES) throw new CmsError('LIMIT_EXCEEDED', `${MAX_NAMES} names in ${reader.what}`, 'more');
    names.push(readGeneralName(reader));
  }
  return names;
}

/** The URIs among names. */
export const urisOf = (names: readonly GeneralName[]): string[] =>
  names.flatMap((name) => (name.form === 'uniformResourceIdentifier' ? [name.value] : []));

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
