import { createCipheriv, createDecipheriv, createHash, hash } from 'node:crypto';
import type { EncryptDictionary } from './encrypt-dictionary.js';

/** The file encryption key if `password` is the user password (ISO 32000-2, 7.6.4.3.3, algorithm 2.A, step d). */
export function userKey(encrypt: EncryptDictionary, password: Buffer): Buffer | undefined {
  return unlock(encrypt, password, { check: encrypt.user, locked: encrypt.userKey, also: Buffer.alloc(0) });
}

/** The file encryption key if `password` is the owner password (algorithm 2.A, step c). */
export function ownerKey(encrypt: EncryptDictionary, password: Buffer): Buffer | undefined {
  return unlock(encrypt, password, { check: encrypt.owner, locked: encrypt.ownerKey, also: encrypt.user });
}

/** `check`: 32 bytes of hash, 8 of validation salt, 8 of key salt. */
function unlock(
  { revision }: EncryptDictionary,
  password: Buffer,
  { check, locked, also }: { readonly check: Buffer; readonly locked: Buffer; readonly also: Buffer },
): Buffer | undefined {
  const hashOf = revision === 5 ? simpleHash : hardenedHash;
  if (!hashOf(password, check.subarray(32, 40), also).equals(check.subarray(0, 32))) {
    return undefined;
  }
  const key = hashOf(password, check.subarray(40, 48), also);
  return withoutPadding('aes-256-cbc', key, locked);
}

/**
 * /P as /Perms confirms it (ISO 32000-2, 7.6.4.4, algorithm 13): /P itself can be changed by anyone, so only what both
 * grant is granted. Undefined where /Perms doesn't decrypt to what a producer writes.
 */
export function confirmedPermissions({ perms }: EncryptDictionary, fileKey: Buffer): number | undefined {
  if (perms.length < 16) {
    return undefined;
  }
  const decipher = createDecipheriv('aes-256-ecb', fileKey, null).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(perms.subarray(0, 16)), decipher.final()]);
  return plain.toString('latin1', 9, 12) === 'adb' ? plain.readInt32LE(0) : undefined;
}

/** Revision 5 (Adobe Supplement to ISO 32000, ExtensionLevel 3). */
function simpleHash(password: Buffer, salt: Buffer, also: Buffer): Buffer {
  return createHash('sha256').update(password).update(salt).update(also).digest();
}

/**
 * ISO 32000-2, 7.6.4.3.4, algorithm 2.B. It ends by itself: from round 64 on when the last byte, at most 255, is not
 * above the round's number less 32, so at the latest with round 287. The input of a round is at most 64 times 127 + 64 +
 * 48 bytes. No document can make it longer.
 */
function hardenedHash(password: Buffer, salt: Buffer, also: Buffer): Buffer {
  let key = simpleHash(password, salt, also);
  for (let round = 1; ; round += 1) {
    const block = Buffer.concat([password, key, also]);
    const input = Buffer.alloc(block.length * 64, block);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(false);
    // The length is a multiple of 64, so nothing is left for final().
    const encrypted = cipher.update(input);
    let sum = 0;
    for (let index = 0; index < 16; index += 1) {
      sum += encrypted[index] ?? 0;
    }
    const algorithm = sum % 3 === 0 ? 'sha256' : sum % 3 === 1 ? 'sha384' : 'sha512';
    key = hash(algorithm, encrypted, 'buffer');
    if (round >= 64 && (encrypted.at(-1) ?? 0) <= round - 32) {
      return key.subarray(0, 32);
    }
  }
}

function withoutPadding(algorithm: string, key: Buffer, data: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}
