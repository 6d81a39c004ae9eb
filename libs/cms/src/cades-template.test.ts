import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { constants, createHash, randomBytes, sign } from 'node:crypto';
import { checkCades } from './cades-check.js';
import { type CadesTemplate, createCadesTemplate } from './cades-template.js';
import type { DigestAlgorithm } from './digest.js';
import type { SignatureScheme } from './signature-algorithm.js';
import {
  CA_EXTENSIONS,
  type Identity,
  type KeyKind,
  OpensslFolder,
  SIGNER_EXTENSIONS,
  makeIdentity,
} from './testing/openssl.js';

const document = randomBytes(50_000);

function signWith(key: Identity['key'], scheme: SignatureScheme, digest: DigestAlgorithm, data: Uint8Array): Buffer {
  if (scheme === 'ecdsa') return sign(digest, data, { key, dsaEncoding: 'der' });
  if (scheme === 'rsa-pkcs1') return sign(digest, data, key);
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

const digestOf = (digest: DigestAlgorithm): Buffer => createHash(digest).update(document).digest();

describe('the CMS from the template', () => {
  const folder = new OpensslFolder();
  let root: Identity;
  const signers = new Map<KeyKind, Identity>();

  beforeAll(() => {
    folder.write('document', document);
    root = makeIdentity(folder, { name: 'root', subject: '/CN=Root', extensions: CA_EXTENSIONS });
    for (const keyKind of ['rsa-2048', 'rsa-3072', 'p-256', 'p-384'] as const) {
      const plan = {
        name: keyKind,
        subject: '/CN=Nguyễn Văn An',
        keyKind,
        extensions: SIGNER_EXTENSIONS,
        issuer: root,
      };
      signers.set(keyKind, makeIdentity(folder, plan));
    }
  });
  afterAll(() => folder.remove());

  function makeCms(keyKind: KeyKind, scheme: SignatureScheme, digest: DigestAlgorithm) {
    const { certificate: signer, key } = signers.get(keyKind)!;
    const certificates = [root.certificate];
    const template = createCadesTemplate({ signer, certificates, scheme, digestAlgorithm: digest });
    const messageDigest = digestOf(digest);
    const signature = signWith(key, scheme, digest, template.signedAttrs(messageDigest));
    return { template, messageDigest, signature, cms: template.assemble(messageDigest, signature) };
  }

  const schemes: [KeyKind, SignatureScheme][] = [
    ['rsa-2048', 'rsa-pkcs1'],
    ['rsa-3072', 'rsa-pkcs1'],
    ['rsa-2048', 'rsa-pss'],
    ['rsa-3072', 'rsa-pss'],
    ['p-256', 'ecdsa'],
    ['p-384', 'ecdsa'],
  ];
  const matrix = schemes.flatMap(([key, scheme]) =>
    (['sha256', 'sha384', 'sha512'] as const).map((digest) => [key, scheme, digest] as const),
  );

  describe.each(matrix)('of %s, %s, %s', (keyKind, scheme, digest) => {
    it('is accepted by openssl cms -verify -cades', () => {
      folder.write('signature.der', makeCms(keyKind, scheme, digest).cms);
      const verify = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'signature.der'];
      const verdict = folder.judge(...verify, '-content', 'document', '-CAfile', root.certificateFile, '-out', 'out');
      expect(verdict.text).toContain('CAdES Verification successful');
      expect(verdict.ok).toBe(true);
    });

    it('is refused by openssl for another document', () => {
      folder.write('signature.der', makeCms(keyKind, scheme, digest).cms);
      folder.write('other', 'another document');
      const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', 'signature.der', '-content', 'other'];
      expect(folder.judge(...verify, '-CAfile', root.certificateFile, '-out', 'out').ok).toBe(false);
    });

    it('is found right by our own check, without a format issue', async () => {
      const { cms } = makeCms(keyKind, scheme, digest);
      const check = await checkCades(cms, (asked) => Promise.resolve(digestOf(asked)));
      expect(check).toMatchObject({
        scheme,
        digestAlgorithm: digest,
        digestMatches: true,
        signatureMatches: true,
        signingCertificate: 'v2',
        hasSigningTimeAttribute: false,
        formatIssues: [],
      });
      expect(check.signer).toBe(signers.get(keyKind)!.certificate);
    });

    it.each([0, 100, 4_000, 70_000])('has the size that was foretold with a token of %d bytes', (tokenBytes) => {
      const { template, messageDigest, signature } = makeCms(keyKind, scheme, digest);
      const token = tokenBytes > 0 ? fakeToken(tokenBytes) : undefined;
      const size = template.assemble(messageDigest, signature, token).length;
      const foretold = template.sizeBytes(tokenBytes);
      expect(foretold).toBeGreaterThanOrEqual(size);
      expect(foretold - size).toBeLessThanOrEqual(scheme === 'ecdsa' ? 16 : 0);
    });
  });

  it('carries exactly content-type, message-digest and signing-certificate-v2, without issuerSerial', () => {
    const { template, messageDigest } = makeCms('rsa-2048', 'rsa-pkcs1', 'sha256');
    folder.write('attributes.der', template.signedAttrs(messageDigest));
    const lines = folder.run('asn1parse', '-inform', 'DER', '-in', 'attributes.der').toString();
    const oids = [...lines.matchAll(/OBJECT\s+:(.+)/g)].map(([, name]) => name);
    expect(oids).toEqual(['contentType', 'pkcs7-data', 'messageDigest', 'id-smime-aa-signingCertificateV2']);
    expect(lines).not.toContain('INTEGER');
  });

  it('is DER: openssl writes the same bytes again', () => {
    const { cms } = makeCms('p-256', 'ecdsa', 'sha384');
    folder.write('signature.der', cms);
    folder.run('cms', '-cmsout', '-inform', 'DER', '-in', 'signature.der', '-outform', 'DER', '-out', 'again.der');
    expect(Buffer.compare(folder.read('again.der'), cms)).toBe(0);
  });

  it('gives a time-stamp token back as it was put in', async () => {
    const { template, messageDigest, signature } = makeCms('rsa-2048', 'rsa-pkcs1', 'sha256');
    const token = fakeToken(3_000);
    const check = await checkCades(template.assemble(messageDigest, signature, token), () =>
      Promise.resolve(messageDigest),
    );
    expect(Buffer.compare(check.timestampTokenDer!, token)).toBe(0);
    expect(Buffer.compare(check.signatureValue, signature)).toBe(0);
  });

  it('holds each certificate once', async () => {
    const { certificate: signer } = signers.get('p-256')!;
    const certificates = [signer, root.certificate, root.certificate];
    const template = createCadesTemplate({ signer, certificates, scheme: 'ecdsa', digestAlgorithm: 'sha256' });
    const cms = template.assemble(digestOf('sha256'), new Uint8Array(70));
    const check = await checkCades(cms, () => Promise.resolve(digestOf('sha256')));
    expect(check.certificates).toHaveLength(2);
  });

  it('refuses a digest of another length and a scheme that the key cannot do', () => {
    const { certificate: signer } = signers.get('p-256')!;
    const template: CadesTemplate = createCadesTemplate({
      signer,
      certificates: [],
      scheme: 'ecdsa',
      digestAlgorithm: 'sha256',
    });
    expect(() => template.signedAttrs(new Uint8Array(48))).toThrow('MALFORMED');
    expect(() => template.assemble(new Uint8Array(20), new Uint8Array(70))).toThrow('MALFORMED');
    const wrongScheme = { signer, certificates: [], scheme: 'rsa-pss', digestAlgorithm: 'sha256' } as const;
    expect(() => createCadesTemplate(wrongScheme)).toThrow('UNSUPPORTED');
  });
});

/** A SEQUENCE of zeros, `size` bytes in all. */
function fakeToken(size: number): Uint8Array {
  const token = Buffer.alloc(size);
  token[0] = 0x30;
  if (size - 2 < 0x80) token[1] = size - 2;
  else if (size < 0x1_0000) {
    token[1] = 0x82;
    token.writeUInt16BE(size - 4, 2);
  } else {
    token[1] = 0x83;
    token.writeUIntBE(size - 5, 2, 3);
  }
  return token;
}
