import { BOOLEAN, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } (RFC 5280, 4.1). */
export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Stops an object with a million extensions. */
const MAX_EXTENSIONS = 100;

/** Reads Extensions by OID. Two with the same OID are refused: parsers differ on which one counts (RFC 5280, 4.2). */
export function readExtensions(reader: DerReader): Map<string, Extension> {
  const list = reader.enter(SEQUENCE);
  const extensions = new Map<string, Extension>();
  while (!list.done) {
    if (extensions.size >= MAX_EXTENSIONS) throw new CmsError('LIMIT_EXCEEDED', `${MAX_EXTENSIONS} extensions`, 'more');
    const extension = list.enter(SEQUENCE);
    const oid = extension.oid(OBJECT_IDENTIFIER);
    // An explicit FALSE is not DER, but many certification authorities write it.
    const critical = extension.peek() === BOOLEAN && extension.boolean();
    const value = extension.content(OCTET_STRING);
    extension.end();
    if (extensions.has(oid)) throw reader.malformed('each extension once', `${oid} twice`);
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** A reader of the content of an extension's value, which has this tag. */
export const extensionReader = (extension: Extension, tag: number, what: string): DerReader =>
  DerReader.of(extension.value, tag, what);
