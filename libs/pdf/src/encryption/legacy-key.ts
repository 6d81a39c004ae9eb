import { hash } from 'node:crypto';
import type { EncryptDictionary } from './encrypt-dictionary.js';
import { rc4 } from './rc4.js';

/** ISO 32000-2, 7.6.4.3.2, algorithm 2, step a: what a password is padded with; the empty one is only this. */
const padding = Buffer.from('28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A', 'hex');

/** The file encryption key if `password` (unpadded bytes) is the user password (ISO 32000-2, 7.6.4.4, algorithm 6). */
export function legacyUserKey(encrypt: EncryptDictionary, firstId: Buffer, password: Buffer): Buffer | undefined {
  return encrypt.keyLengths
    .map((length) => fileKey(encrypt, firstId, { password, length }))
    .find((key) => fits(encrypt, firstId, key));
}

/** The file encryption key if `password` is the owner password (ISO 32000-2, 7.6.4.4, algorithm 7). */
export function legacyOwnerKey(encrypt: EncryptDictionary, firstId: Buffer, password: Buffer): Buffer | undefined {
  const { revision, owner } = encrypt;
  for (const length of encrypt.keyLengths) {
    let key = md5(padded(password));
    for (let round = 0; round < (revision === 2 ? 0 : 50); round += 1) {
      key = md5(key.subarray(0, length));
    }
    key = key.subarray(0, length);
    let user = owner;
    for (let round = revision === 2 ? 0 : 19; round >= 0; round -= 1) {
      user = rc4(xored(key, round), user);
    }
    const found = legacyUserKey({ ...encrypt, keyLengths: [length] }, firstId, user);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** ISO 32000-2, 7.6.4.3.2, algorithm 2. */
function fileKey(
  { revision, owner, permissions, encryptsMetadata }: EncryptDictionary,
  firstId: Buffer,
  { password, length }: { readonly password: Buffer; readonly length: number },
): Buffer {
  const permissionBytes = Buffer.alloc(4);
  permissionBytes.writeInt32LE(permissions);
  const inputs = [padded(password), owner, permissionBytes, firstId];
  if (revision >= 4 && !encryptsMetadata) {
    inputs.push(Buffer.from('ffffffff', 'hex'));
  }
  let key = md5(Buffer.concat(inputs));
  for (let round = 0; round < (revision === 2 ? 0 : 50); round += 1) {
    key = md5(key.subarray(0, length));
  }
  return key.subarray(0, length);
}

/** ISO 32000-2, 7.6.4.4, algorithms 4 and 5: what /U must be; only its first 16 bytes count from revision 3. */
function fits({ revision, user }: EncryptDictionary, firstId: Buffer, key: Buffer): boolean {
  if (revision === 2) {
    return rc4(key, padding).equals(user);
  }
  let check: Buffer = md5(Buffer.concat([padding, firstId]));
  for (let round = 0; round < 20; round += 1) {
    check = rc4(xored(key, round), check);
  }
  return check.equals(user.subarray(0, 16));
}

function padded(password: Buffer): Buffer {
  return Buffer.concat([password, padding]).subarray(0, 32);
}

function xored(key: Buffer, round: number): Uint8Array {
  return key.map((byte) => byte ^ round);
}

function md5(data: Uint8Array): Buffer {
  return hash('md5', data, 'buffer');
}
