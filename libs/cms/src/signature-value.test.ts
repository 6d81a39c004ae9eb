import { afterAll, describe, expect, it } from '@jest/globals';
import { createHash, generateKeyPairSync, privateEncrypt, randomBytes, sign } from 'node:crypto';
import { BoundedCache } from './bounded-cache.js';
import { digestInfo, ecdsaSignatureDer, verifySignatureValue } from './signature-value.js';
import { OpensslFolder, makeIdentity } from './testing/openssl.js';
import { codeOf } from './testing/truncation.js';

const folder = new OpensslFolder();
afterAll(() => folder.remove());
const data = randomBytes(300);

describe('a DigestInfo', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)(
    'of %s, padded and signed as CKM_RSA_PKCS does, is a right signature',
    (digest) => {
      const { certificate, key } = makeIdentity(folder, {
        name: digest,
        subject: '/CN=x',
        keyKind: 'rsa-2048',
        extensions: [],
      });
      const info = digestInfo(digest, createHash(digest).update(data).digest());
      const signature = privateEncrypt(key, info);
      const options = { certificate, scheme: 'rsa-pkcs1', digestAlgorithm: digest, data, signature } as const;
      expect(verifySignatureValue(options)).toBe(true);
      expect(verifySignatureValue({ ...options, data: randomBytes(300) })).toBe(false);
      expect(verifySignatureValue({ ...options, scheme: 'rsa-pss' })).toBe(false);
      expect(verifySignatureValue({ ...options, scheme: 'ecdsa' })).toBe(false);
    },
  );

  it('refuses a digest of another length', () => {
    expect(codeOf(() => digestInfo('sha256', randomBytes(48)))).toBe('MALFORMED');
  });
});

describe('an ECDSA signature of a token', () => {
  it.each(['p-256', 'p-384'] as const)(
    'by %s becomes the DER that verifies, whatever its leading octets',
    (keyKind) => {
      const { certificate, key } = makeIdentity(folder, { name: keyKind, subject: '/CN=x', keyKind, extensions: [] });
      for (let round = 0; round < 200; round++) {
        const signature = ecdsaSignatureDer(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }));
        const options = { certificate, scheme: 'ecdsa', digestAlgorithm: 'sha256', data, signature } as const;
        expect(verifySignatureValue(options)).toBe(true);
      }
    },
  );

  it('of an odd or no length is refused', () => {
    expect(codeOf(() => ecdsaSignatureDer(randomBytes(63)))).toBe('MALFORMED');
    expect(codeOf(() => ecdsaSignatureDer(new Uint8Array()))).toBe('MALFORMED');
  });
});

describe('a signature of another kind of key', () => {
  it('is false and never an exception', () => {
    const { certificate } = makeIdentity(folder, { name: 'ec', subject: '/CN=x', keyKind: 'p-256', extensions: [] });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = sign('sha256', data, privateKey);
    for (const scheme of ['rsa-pkcs1', 'rsa-pss', 'ecdsa'] as const) {
      expect(verifySignatureValue({ certificate, scheme, digestAlgorithm: 'sha256', data, signature })).toBe(false);
    }
  });
});

describe('the bounded cache', () => {
  it('forgets what was used longest ago', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('counts weights, and keeps nothing heavier than its bound', () => {
    const cache = new BoundedCache<string>(100);
    cache.set('a', 'a', 60);
    cache.set('b', 'b', 60);
    cache.set('c', 'c', 101);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, 'b', undefined]);
    cache.set('b', 'B', 10);
    cache.set('d', 'd', 90);
    expect(cache.size).toBe(2);
  });
});
