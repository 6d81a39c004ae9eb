import { createCipheriv, createHash } from 'node:crypto';
import { PdfError } from '../errors.js';
import { damaged } from '../syntax/parser.js';
import { type Dictionary, isName, PdfString, type PdfValue } from '../syntax/values.js';

/** ISO 32000-2, 7.6.4.3.2, algorithm 2, step a: what a password is padded with; the empty one is only this. */
const padding = Buffer.from('28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A', 'hex');

/**
 * Refuses an encrypted document: `ENCRYPTED` when the empty user password opens it, so that it only restricts what a
 * reader may do, and `PASSWORD_NEEDED` when a person has to type one. `encrypt` has its references resolved to objects.
 */
export function encryptionRefusal(encrypt: Dictionary, firstId: Buffer): PdfError {
  const opens = isName(encrypt.get('Filter'), 'Standard') && opensWithEmptyPassword(encrypt, firstId);
  return opens
    ? new PdfError('ENCRYPTED', 'a document without encryption', 'one that restricts permissions')
    : new PdfError('PASSWORD_NEEDED', 'a document without encryption', 'one that needs a password or a key');
}

function opensWithEmptyPassword(encrypt: Dictionary, firstId: Buffer): boolean {
  const revision = encrypt.get('R');
  const user = stringOf(encrypt.get('U'));
  if (typeof revision !== 'number') {
    throw damaged('an integer as /R of /Encrypt', 'something else');
  }
  switch (revision) {
    case 2:
    case 3:
    case 4:
      return matchesRc4(encrypt, { revision, user, firstId });
    case 5:
      return sha256(user.subarray(32, 40)).equals(user.subarray(0, 32));
    case 6:
      return hardenedHash(user.subarray(32, 40)).equals(user.subarray(0, 32));
    default:
      return false;
  }
}

/** ISO 32000-2, 7.6.4.4, algorithms 4 to 6, with algorithm 2 for the key; V1 to V4 (RC4 and AES-128). */
function matchesRc4(encrypt: Dictionary, known: { revision: number; user: Buffer; firstId: Buffer }): boolean {
  const { revision, user, firstId } = known;
  const bits = encrypt.get('Length') ?? (revision === 4 ? 128 : 40);
  const permissions = encrypt.get('P');
  if (typeof bits !== 'number' || bits < 40 || bits > 128 || typeof permissions !== 'number') {
    throw damaged('/Length from 40 to 128 and an integer as /P in /Encrypt', 'something else');
  }
  const keyBytes = revision === 2 ? 5 : Math.floor(bits / 8);
  const permissionBytes = Buffer.alloc(4);
  permissionBytes.writeInt32LE(permissions | 0);
  const inputs = [padding, stringOf(encrypt.get('O')).subarray(0, 32), permissionBytes, firstId];
  if (revision === 4 && encrypt.get('EncryptMetadata') === false) {
    inputs.push(Buffer.from('ffffffff', 'hex'));
  }
  let key = md5(Buffer.concat(inputs));
  const rounds = revision === 2 ? 0 : 50;
  for (let round = 0; round < rounds; round += 1) {
    key = md5(key.subarray(0, keyBytes));
  }
  key = key.subarray(0, keyBytes);
  if (revision === 2) {
    return rc4(key, padding).equals(user.subarray(0, 32));
  }
  let check: Buffer = md5(Buffer.concat([padding, firstId]));
  for (let round = 0; round < 20; round += 1) {
    check = rc4(
      key.map((byte) => byte ^ round),
      check,
    );
  }
  return check.subarray(0, 16).equals(user.subarray(0, 16));
}

/** ISO 32000-2, 7.6.4.3.4, algorithm 2.B for the empty user password; `salt` is the validation salt. */
function hardenedHash(salt: Buffer): Buffer {
  let key = sha256(salt);
  for (let round = 0; ; round += 1) {
    const input = Buffer.concat(Array.from({ length: 64 }, () => key));
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(false);
    const encrypted = Buffer.concat([cipher.update(input), cipher.final()]);
    const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    const algorithm = remainder === 0 ? 'sha256' : remainder === 1 ? 'sha384' : 'sha512';
    key = createHash(algorithm).update(encrypted).digest();
    if (round >= 63 && (encrypted.at(-1) ?? 0) <= round - 31) {
      return key.subarray(0, 32);
    }
  }
}

function rc4(key: Uint8Array, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  let other = 0;
  for (let index = 0; index < 256; index += 1) {
    const value = state[index] ?? 0;
    other = (other + value + (key[index % key.length] ?? 0)) & 0xff;
    state[index] = state[other] ?? 0;
    state[other] = value;
  }
  const output = Buffer.alloc(data.length);
  let index = 0;
  other = 0;
  for (const [at, byte] of data.entries()) {
    index = (index + 1) & 0xff;
    const value = state[index] ?? 0;
    other = (other + value) & 0xff;
    const swapped = state[other] ?? 0;
    state[index] = swapped;
    state[other] = value;
    output[at] = byte ^ (state[(value + swapped) & 0xff] ?? 0);
  }
  return output;
}

function stringOf(value: PdfValue | undefined): Buffer {
  return value instanceof PdfString ? value.decoded() : Buffer.alloc(0);
}

function md5(data: Uint8Array): Buffer {
  return createHash('md5').update(data).digest();
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
