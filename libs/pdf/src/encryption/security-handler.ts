import { createHash } from 'node:crypto';
import { PdfError } from '../errors.js';
import type { IndirectObject } from '../reader/indirect-object.js';
import type { ObjectView } from '../reader/objects.js';
import type { Section } from '../reader/section.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, isName, Name, PdfArray, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import type { PdfEncryption } from '../types.js';
import { confirmedPermissions, ownerKey, userKey } from './aes256-key.js';
import { type CryptMethod, type EncryptDictionary, readEncryptDictionary } from './encrypt-dictionary.js';
import { legacyOwnerKey, legacyUserKey } from './legacy-key.js';
import { ObjectCipher } from './object-cipher.js';
import { legacyPasswordBytes, unicodePasswordBytes } from './password.js';
import { ownerPermissions, readPermissions } from './permissions.js';

/** Reads and writes the strings and streams of one encrypted document (ISO 32000-2, 7.6.4). */
export class StandardSecurityHandler {
  constructor(
    private readonly encrypt: EncryptDictionary,
    private readonly fileKey: Buffer,
    /** Undefined where /Encrypt stands in the trailer itself. */
    private readonly encryptNumber: number | undefined,
    readonly description: PdfEncryption,
  ) {}

  /**
   * For the strings of an object that stands in the file itself; undefined where they are plain. What stands in an object
   * stream is encrypted only with it, and /Encrypt never (ISO 32000-2, 7.6.2).
   */
  stringCipher(objectNumber: number, generation: number): ObjectCipher | undefined {
    return this.encrypt.strings === 'identity' || objectNumber === this.encryptNumber
      ? undefined
      : new ObjectCipher(objectNumber, generation, this.encrypt.strings, this.fileKey);
  }

  /** For the data of a new stream. */
  streamCipher(objectNumber: number, generation: number): ObjectCipher {
    return new ObjectCipher(objectNumber, generation, this.encrypt.streams, this.fileKey);
  }

  /** A stream's data without its encryption; its filters still apply. Throws PdfError. */
  async decryptStream(object: IndirectObject, stored: Buffer, view: ObjectView): Promise<Buffer> {
    const { objectNumber, generation } = object;
    const method = object.value instanceof Dictionary ? await this.methodOf(object.value, view) : 'identity';
    // Without a key what is encrypted is compared as it is.
    const { fileKey } = this;
    return fileKey.length === 0 ? stored : new ObjectCipher(objectNumber, generation, method, fileKey).decrypt(stored);
  }

  private async methodOf(dictionary: Dictionary, view: ObjectView): Promise<CryptMethod> {
    const type = dictionary.get('Type');
    if (isName(type, 'XRef')) {
      return 'identity';
    }
    const filters = await view.resolve(dictionary.get('Filter'));
    // Only the first filter can be /Crypt (ISO 32000-2, 7.4.10): encryption is what was done last.
    if (isName(await first(filters, view), 'Crypt')) {
      const parameters = await first(await view.resolve(dictionary.get('DecodeParms')), view);
      const name = parameters instanceof Dictionary ? await view.resolve(parameters.get('Name')) : null;
      return this.encrypt.methodOf(name instanceof Name ? name.value : 'Identity');
    }
    if (isName(type, 'Metadata') && !this.encrypt.encryptsMetadata) {
      return 'identity';
    }
    return isName(type, 'EmbeddedFile') ? this.encrypt.embeddedFiles : this.encrypt.streams;
  }
}

function first(value: PdfValue, view: ObjectView): PdfValue | Promise<PdfValue> {
  return value instanceof PdfArray ? view.resolve(value.items[0]) : value;
}

/**
 * The handler of an encrypted document; undefined where it isn't encrypted. Without a password the empty one is tried.
 * Throws PdfError PASSWORD_NEEDED, ENCRYPTED (no password can open it here) or DAMAGED.
 */
export async function openEncryption(
  view: ObjectView,
  sections: readonly Section[],
  password: string | undefined,
): Promise<StandardSecurityHandler | undefined> {
  const trailer = sections.find((section) => isPresent(section.trailer.get('Encrypt')))?.trailer;
  if (trailer === undefined) {
    return undefined;
  }
  if (trailer !== sections[0]?.trailer) {
    // Readers take the newest trailer's word: what is encrypted in the file is not for them.
    throw damaged('/Encrypt in the newest trailer too', 'an update that leaves it out');
  }
  const written = trailer.get('Encrypt');
  const dictionary = await view.dictionary(written);
  if (dictionary === undefined) {
    throw damaged('a dictionary as /Encrypt', 'something else');
  }
  const encrypt = await readEncryptDictionary(view, dictionary);
  const identifiers = await view.resolve(trailer.get('ID'));
  const firstId = identifiers instanceof PdfArray ? await view.resolve(identifiers.items[0]) : null;
  const opened = openKnown(encrypt, firstId instanceof PdfString ? firstId.decoded() : Buffer.alloc(0), password);
  const confirmed = opened.fileKey.length < 32 ? undefined : confirmedPermissions(encrypt, opened.fileKey);
  const flags = encrypt.permissions & (confirmed ?? -1);
  const encryptNumber = written instanceof Reference ? written.objectNumber : undefined;
  return new StandardSecurityHandler(encrypt, opened.fileKey, encryptNumber, {
    algorithm: algorithmName(encrypt, opened.fileKey),
    openedWith: opened.openedWith,
    permissions: opened.openedWith === 'owner' ? ownerPermissions : readPermissions(flags, encrypt.revision),
  });
}

function isPresent(value: PdfValue | undefined): boolean {
  return value !== undefined && value !== null;
}

interface Opened {
  readonly fileKey: Buffer;
  readonly openedWith: PdfEncryption['openedWith'];
}

/** Keys of this many documents are kept; 2.B takes milliseconds, and a document is opened several times on its way. */
const maxKnownKeys = 1000;
/** By the digest of what the key is made from. Only those that anyone can make: of documents with an empty password. */
const knownKeys = new Map<string, Opened>();

function openKnown(encrypt: EncryptDictionary, firstId: Buffer, password: string | undefined): Opened {
  if (password !== undefined && password !== '') {
    return authenticate(encrypt, firstId, password);
  }
  const { revision, keyLengths, permissions, encryptsMetadata, strings, streams } = encrypt;
  const digest = createHash('sha256');
  digest.update([revision, keyLengths, permissions, encryptsMetadata, strings, streams].join(' '));
  for (const bytes of [encrypt.owner, encrypt.user, encrypt.ownerKey, encrypt.userKey, firstId]) {
    digest.update(`\0${bytes.length} `).update(bytes);
  }
  const name = digest.digest('base64');
  const known = knownKeys.get(name) ?? authenticate(encrypt, firstId, password);
  if (knownKeys.size >= maxKnownKeys) {
    knownKeys.clear();
  }
  knownKeys.set(name, known);
  return known;
}

/** The owner's password first: where both are the same, it opens with the owner's rights (ISO 32000-2, 7.6.4.1). */
function authenticate(encrypt: EncryptDictionary, firstId: Buffer, password: string | undefined): Opened {
  const isLong = encrypt.revision >= 5;
  for (const candidate of (isLong ? unicodePasswordBytes : legacyPasswordBytes)(password ?? '')) {
    const owner = isLong ? ownerKey(encrypt, candidate) : legacyOwnerKey(encrypt, firstId, candidate);
    if (owner !== undefined) {
      return { fileKey: owner, openedWith: 'owner' };
    }
    const user = isLong ? userKey(encrypt, candidate) : legacyUserKey(encrypt, firstId, candidate);
    if (user !== undefined) {
      return { fileKey: user, openedWith: candidate.length === 0 ? 'empty' : 'user' };
    }
  }
  if (encrypt.strings === 'identity' && encrypt.streams === 'identity') {
    // Only attachments are encrypted (/AuthEvent /EFOpen): nothing that signing looks at takes a password.
    return { fileKey: Buffer.alloc(0), openedWith: 'empty' };
  }
  throw password === undefined || password === ''
    ? new PdfError('PASSWORD_NEEDED', "the document's password", 'none, and the empty one does not open it')
    : new PdfError('PASSWORD_NEEDED', "the document's user or owner password", 'a password that does not open it');
}

function algorithmName({ streams, strings }: EncryptDictionary, fileKey: Buffer): PdfEncryption['algorithm'] {
  const method = streams === 'identity' ? strings : streams;
  switch (method) {
    case 'rc4':
      return `RC4-${fileKey.length * 8}`;
    case 'aes-128':
      return 'AES-128';
    case 'aes-256':
      return 'AES-256';
    case 'identity':
      return 'none';
  }
}
