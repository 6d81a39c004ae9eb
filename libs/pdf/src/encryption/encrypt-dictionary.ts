import { PdfError } from '../errors.js';
import type { ObjectView } from '../reader/objects.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, Name, PdfString, type PdfValue } from '../syntax/values.js';

/** How the bytes of a string or stream are encrypted (ISO 32000-2, 7.6.3 and table 25). */
export type CryptMethod = 'identity' | 'rc4' | 'aes-128' | 'aes-256';

/** The standard security handler's /Encrypt dictionary (ISO 32000-2, tables 20, 21 and 25). */
export interface EncryptDictionary {
  readonly revision: 2 | 3 | 4 | 5 | 6;
  /** Lengths of the file encryption key in bytes, most likely first; which one is right shows when a password fits. */
  readonly keyLengths: readonly number[];
  /** /O and /U, 32 bytes up to revision 4, 48 from revision 5. */
  readonly owner: Buffer;
  readonly user: Buffer;
  /** /OE and /UE, 32 bytes, and /Perms; empty up to revision 4. */
  readonly ownerKey: Buffer;
  readonly userKey: Buffer;
  readonly perms: Buffer;
  /** /P as a signed 32-bit integer. */
  readonly permissions: number;
  readonly encryptsMetadata: boolean;
  readonly strings: CryptMethod;
  readonly streams: CryptMethod;
  readonly embeddedFiles: CryptMethod;
  /** What /CF names; a name that it hasn't is damage, a method that isn't known a refusal. */
  readonly methodOf: (cryptFilter: string) => CryptMethod;
}

/**
 * Reads and checks /Encrypt. Throws PdfError ENCRYPTED for another handler, version or method than the standard's, and
 * DAMAGED for a dictionary that contradicts the standard.
 */
export async function readEncryptDictionary(view: ObjectView, written: Dictionary): Promise<EncryptDictionary> {
  const get = async (key: string): Promise<PdfValue> => view.resolve(written.get(key));
  const handler = await get('Filter');
  if (!(handler instanceof Name) || handler.value !== 'Standard') {
    throw unsupported(`the security handler ${handler instanceof Name ? quoted(handler.value) : 'without a name'}`);
  }
  const version = integer(await get('V'), 'V', 0);
  const revision = integer(await get('R'), 'R');
  if (!isRevision(revision) || ![1, 2, 4, 5].includes(version) || (version === 5) !== revision >= 5) {
    throw unsupported(`/V ${version} with /R ${revision} in /Encrypt`);
  }
  const isLong = revision >= 5;
  const filters = version < 4 ? undefined : await readFilters(view, written, version);
  const methodOf = filters?.methodOf ?? ((): CryptMethod => 'rc4');
  const streams = filters?.streams ?? 'rc4';
  return {
    revision,
    keyLengths: isLong ? [32] : keyLengths(revision, version, await get('Length')),
    owner: bytes(await get('O'), 'O', isLong ? 48 : 32),
    user: bytes(await get('U'), 'U', isLong ? 48 : 32),
    ownerKey: isLong ? bytes(await get('OE'), 'OE', 32) : Buffer.alloc(0),
    userKey: isLong ? bytes(await get('UE'), 'UE', 32) : Buffer.alloc(0),
    perms: isLong ? asBytes(await get('Perms')) : Buffer.alloc(0),
    permissions: integer(await get('P'), 'P') | 0,
    encryptsMetadata: version < 4 || (await get('EncryptMetadata')) !== false,
    strings: filters?.strings ?? 'rc4',
    streams,
    embeddedFiles: filters?.embeddedFiles ?? streams,
    methodOf,
  };
}

/** Crypt filters (ISO 32000-2, 7.6.6). Only what is used must be known. */
async function readFilters(
  view: ObjectView,
  written: Dictionary,
  version: number,
): Promise<Pick<EncryptDictionary, 'strings' | 'streams' | 'embeddedFiles' | 'methodOf'>> {
  const defined = await view.dictionary(written.get('CF'));
  const methods = new Map<string, PdfValue>();
  for (const [name, { value }] of defined?.entries ?? []) {
    methods.set(name, await view.resolve((await view.dictionary(value))?.get('CFM')));
  }
  const methodOf = (name: string): CryptMethod => {
    if (name === 'Identity') {
      return 'identity';
    }
    const method = methods.get(name);
    if (method === undefined) {
      throw damaged(`a crypt filter ${quoted(name)} in /CF`, 'none');
    }
    const known = method instanceof Name ? cryptMethods.get(method.value) : undefined;
    // A key of 32 bytes is no key for the other methods, and theirs none for this one.
    if (known === undefined || (known === 'aes-256') !== (version === 5)) {
      throw unsupported(`the method ${method instanceof Name ? quoted(method.value) : 'None'} with /V ${version}`);
    }
    return known;
  };
  const used = async (key: string, fallback: string): Promise<string> => {
    const name = await view.resolve(written.get(key));
    return name instanceof Name ? name.value : fallback;
  };
  const streams = await used('StmF', 'Identity');
  return {
    methodOf,
    streams: methodOf(streams),
    strings: methodOf(await used('StrF', 'Identity')),
    embeddedFiles: methodOf(await used('EFF', streams)),
  };
}

const cryptMethods: ReadonlyMap<string, CryptMethod> = new Map([
  ['V2', 'rc4'],
  ['AESV2', 'aes-128'],
  ['AESV3', 'aes-256'],
]);

/** Producers contradict themselves here: the length that /Length and /V speak of, then those that others would assume. */
function keyLengths(revision: number, version: number, written: PdfValue): number[] {
  if (revision === 2) {
    return [5];
  }
  const stated = typeof written === 'number' && written % 8 === 0 ? written / 8 : 0;
  const likely = version === 4 ? [16, stated, 5] : version === 1 ? [5, stated, 16] : [stated, 5, 16];
  return [...new Set(likely)].filter((length) => length >= 5 && length <= 16);
}

function isRevision(value: number): value is EncryptDictionary['revision'] {
  return value >= 2 && value <= 6;
}

function integer(value: PdfValue, key: string, fallback?: number): number {
  const found = value === null ? fallback : value;
  if (typeof found !== 'number' || !Number.isInteger(found)) {
    throw damaged(`an integer as /${key} of /Encrypt`, 'something else');
  }
  return found;
}

/** The first `length` bytes; some producers pad with zeros. */
function bytes(value: PdfValue, key: string, length: number): Buffer {
  const found = asBytes(value);
  if (found.length < length) {
    throw damaged(`${length} bytes as /${key} of /Encrypt`, String(found.length));
  }
  return found.subarray(0, length);
}

function asBytes(value: PdfValue): Buffer {
  return value instanceof PdfString ? value.decoded() : Buffer.alloc(0);
}

function unsupported(found: string): PdfError {
  return new PdfError('ENCRYPTED', 'the standard security handler, revision 2 to 6', found);
}

/** A hostile name could be megabytes long. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
