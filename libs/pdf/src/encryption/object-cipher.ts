import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { StringCipher } from '../syntax/values.js';
import type { CryptMethod } from './encrypt-dictionary.js';
import { rc4 } from './rc4.js';

const blockBytes = 16;

/**
 * Encrypts and decrypts what stands in one object by one method (ISO 32000-2, 7.6.3, algorithms 1 and 1.A). The object's
 * key is made when it is first needed.
 */
export class ObjectCipher implements StringCipher {
  private key: Buffer | undefined;

  constructor(
    readonly objectNumber: number,
    readonly generation: number,
    private readonly method: CryptMethod,
    private readonly fileKey: Buffer,
  ) {}

  /**
   * What can't be decrypted as a whole (no whole blocks, wrong padding) is decrypted as far as it goes, as viewers do: a
   * string that nobody could read before is no reason to refuse a document.
   */
  decrypt(stored: Buffer): Buffer {
    if (this.method === 'identity') {
      return stored;
    }
    const key = this.objectKey();
    if (this.method === 'rc4') {
      return rc4(key, stored);
    }
    const blocks = Math.floor(stored.length / blockBytes) - 1;
    if (blocks < 1) {
      return Buffer.alloc(0);
    }
    const decipher = createDecipheriv(`${this.method}-cbc`, key, stored.subarray(0, blockBytes)).setAutoPadding(false);
    const plain = decipher.update(stored.subarray(blockBytes, blockBytes * (blocks + 1)));
    const padding = plain.at(-1) ?? 0;
    return padding >= 1 && padding <= blockBytes ? plain.subarray(0, plain.length - padding) : plain;
  }

  /**
   * `place` names what is encrypted within the revision: the initialisation vector comes from it, the file's key and the
   * content, so that preparing again gives the same bytes, and nobody without the key can tell it from a random one.
   */
  encrypt(plain: Uint8Array, place: string): Buffer {
    if (this.method === 'identity') {
      return Buffer.from(plain);
    }
    const key = this.objectKey();
    if (this.method === 'rc4') {
      return rc4(key, plain);
    }
    const vectorKey = createHash('sha256').update('initialisation vector').update(this.fileKey).digest();
    const mac = createHmac('sha256', vectorKey).update(`${this.objectNumber} ${this.generation} ${place}\0`);
    const vector = mac.update(plain).digest().subarray(0, blockBytes);
    const cipher = createCipheriv(`${this.method}-cbc`, key, vector);
    return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
  }

  private objectKey(): Buffer {
    this.key ??= this.method === 'aes-256' ? this.fileKey : this.deriveKey();
    return this.key;
  }

  private deriveKey(): Buffer {
    const salt = Buffer.alloc(5);
    salt.writeUIntLE(this.objectNumber % 0x1_00_00_00, 0, 3);
    salt.writeUInt16LE(this.generation % 0x1_00_00, 3);
    const hash = createHash('md5').update(this.fileKey).update(salt);
    if (this.method === 'aes-128') {
      hash.update('sAlT', 'latin1');
    }
    return hash.digest().subarray(0, Math.min(this.fileKey.length + 5, 16));
  }
}
