import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TokenFault } from './pkcs11-errors.js';

const maxPinBytes = 256;
const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Gives the PIN of `file` to `use`, and overwrites the bytes that were read. PKCS#11 modules are called with a JavaScript
 * string, which can't be overwritten: it lives in the token host's heap until it is collected, and in no other process.
 * Throws TokenFault PIN_FILE_… for a file that is missing, readable by others, empty or too long. One newline at the end
 * is not part of the PIN.
 */
export function withPin<T>(file: string, use: (pin: string) => T): T {
  const bytes = Buffer.alloc(maxPinBytes + 3);
  try {
    const length = readSecretInto(bytes, file);
    let end = length;
    if (end > 0 && bytes[end - 1] === newline) end--;
    if (end > 0 && bytes[end - 1] === carriageReturn) end--;
    if (end === 0) throw new TokenFault('PIN_FILE_EMPTY', 'host');
    if (end > maxPinBytes) throw new TokenFault('PIN_FILE_TOO_LONG', 'host');
    return use(bytes.toString('utf8', 0, end));
  } finally {
    bytes.fill(0);
  }
}

/** Reads a secret file into `bytes`; gives the length. Throws TokenFault PIN_FILE_UNREADABLE, PIN_FILE_READABLE_BY_OTHERS. */
export function readSecretInto(bytes: Buffer, file: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    throw new TokenFault('PIN_FILE_UNREADABLE', 'host');
  }
  try {
    // The same rule as for every secret file: group and others may not read it.
    if ((fstatSync(descriptor).mode & 0o077) !== 0) throw new TokenFault('PIN_FILE_READABLE_BY_OTHERS', 'host');
    return readSync(descriptor, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
