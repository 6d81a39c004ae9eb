import type { ObjectCipher } from '../encryption/object-cipher.js';
import { asBuffer } from '../sources.js';
import { decodeHexString, decodeLiteralString, endOfLiteral } from '../syntax/strings.js';
import type { Part } from './parts.js';

/**
 * An object's body with its strings encrypted (ISO 32000-2, 7.6.3). Bytes that were copied from the same object keep the
 * encryption that they have; from another one they get this object's. The zero digits of /Contents and the brackets
 * around them stay as they are. `seed` is what the revision is made from.
 */
export function sealParts(parts: readonly Part[], cipher: ObjectCipher, seed: string): Part[] {
  let strings = 0;
  const seal = (plain: Buffer): Buffer => {
    strings += 1;
    const encrypted = cipher.encrypt(plain, `${strings} ${seed}`);
    return Buffer.from(`<${encrypted.toString('hex')}>`, 'latin1');
  };
  const sealed: Part[] = [];
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'object' && 'zeroDigits' in part) {
      sealed.push('<', part, '>');
    } else if (typeof part === 'object' && 'sealed' in part) {
      const { objectNumber, generation } = part.cipher;
      const stays = objectNumber === cipher.objectNumber && generation === cipher.generation;
      const again = (stored: Buffer): Buffer => seal(part.cipher.decrypt(stored));
      sealed.push(...(stays ? [part.sealed] : replaceStrings(asBuffer(part.sealed), again)));
    } else {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : asBuffer(part);
      const from = isPlaceholder(parts[index - 1]) ? 1 : 0;
      const to = bytes.length - (isPlaceholder(parts[index + 1]) ? 1 : 0);
      sealed.push(...replaceStrings(bytes.subarray(from, to), seal));
    }
  }
  return sealed;
}

function isPlaceholder(part: Part | undefined): boolean {
  return typeof part === 'object' && 'zeroDigits' in part;
}

/** `replace` gets a string's bytes and gives what is to be written in its place. `bytes` never end within a string. */
function replaceStrings(bytes: Buffer, replace: (decoded: Buffer) => Buffer): Buffer[] {
  const found: Buffer[] = [];
  let copied = 0;
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at];
    if (code === 0x25) {
      at = endOfComment(bytes, at);
    } else if (code === 0x28) {
      const end = endOfLiteral(bytes, at);
      if (end === undefined) {
        throw new Error('a literal string must end in the part in which it begins');
      }
      found.push(bytes.subarray(copied, at), replace(decodeLiteralString(bytes.subarray(at, end))));
      copied = at = end;
    } else if (code === 0x3c && bytes[at + 1] !== 0x3c) {
      const end = bytes.indexOf(0x3e, at) + 1;
      if (end === 0) {
        throw new Error('a hexadecimal string must end in the part in which it begins');
      }
      found.push(bytes.subarray(copied, at), replace(decodeHexString(bytes.subarray(at, end))));
      copied = at = end;
    } else {
      if (code === 0x73 && bytes.toString('latin1', at, at + 7).match(/^stream[\r\n]/) !== null) {
        throw new Error('a stream must be added by addStream, since its data is encrypted too');
      }
      at += code === 0x3c ? 2 : 1;
    }
  }
  found.push(bytes.subarray(copied));
  return found;
}

function endOfComment(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) {
    at += 1;
  }
  return at;
}
