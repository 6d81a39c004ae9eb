import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes, sign } from 'node:crypto';
import { checkCades } from './cades-check.js';
import { SET, contextConstructed, contextPrimitive } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { byEncoding, integer, nullValue, objectIdentifier, octetString, sequence, setOf, tlv } from './der-writer.js';
import * as oids from './oids.js';
import { digestIdentifier, signatureIdentifier } from './signature-algorithm.js';
import { signingCertificateV2 } from './signing-certificate.js';
import { CmsError } from './errors.js';
import { type Identity, OpensslFolder, makeChain, makeIdentity } from './testing/openssl.js';

const folder = new OpensslFolder();
const document = randomBytes(2_000);
const digestFor = (algorithm: string): Promise<Buffer> =>
  Promise.resolve(createHash(algorithm).update(document).digest());
let issuing: Identity;
let signer: Identity;
let namesake: Identity;

beforeAll(() => {
  ({ issuing, signer } = makeChain(folder));
  // Another certificate with the signer's issuer and serial number: a mix-up that the hash in ESSCertID resolves.
  const { serialNumber: serial } = signer.certificate;
  namesake = makeIdentity(folder, {
    name: 'namesake',
    subject: '/CN=Namesake',
    serial,
    extensions: [],
    issuer: issuing,
  });
  folder.write('document', document);
});
afterAll(() => folder.remove());

const codeOfCheck = async (cms: Uint8Array): Promise<string | undefined> => {
  try {
    await checkCades(cms, digestFor);
    return undefined;
  } catch (error) {
    if (error instanceof CmsError) return error.code;
    throw error;
  }
};

const signWith = (...options: string[]): Buffer => {
  const signerOptions = [
    '-signer',
    signer.certificateFile,
    '-inkey',
    signer.keyFile,
    '-certfile',
    issuing.certificateFile,
  ];
  folder.run(
    'cms',
    '-sign',
    '-binary',
    '-in',
    'document',
    '-outform',
    'DER',
    '-out',
    's.der',
    ...signerOptions,
    ...options,
  );
  return folder.read('s.der');
};

describe('a signature by openssl cms', () => {
  it('with -cades is right; its signing-time is noted', async () => {
    const check = await checkCades(signWith('-cades', '-md', 'sha384'), digestFor);
    expect(check).toMatchObject({
      signer: signer.certificate,
      digestAlgorithm: 'sha384',
      digestMatches: true,
      signatureMatches: true,
      signingCertificate: 'v2',
      hasSigningTimeAttribute: true,
      formatIssues: ['signing-time attribute (ETSI EN 319 142-1, 6.3)'],
    });
    expect(check.certificates).toContain(issuing.certificate);
  });

  it('without -cades is right, and the missing attribute is noted', async () => {
    const check = await checkCades(signWith('-md', 'sha256'), digestFor);
    expect(check).toMatchObject({ signatureMatches: true, digestMatches: true, signingCertificate: 'absent' });
    expect(check.formatIssues).toContain('no signing-certificate attribute (ETSI EN 319 142-1, 6.3)');
  });

  it('with a key identifier and RSA-PSS is right', async () => {
    const pss = ['-keyid', '-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:20'];
    const check = await checkCades(signWith('-cades', '-md', 'sha256', ...pss), digestFor);
    expect(check).toMatchObject({ scheme: 'rsa-pss', signatureMatches: true, digestMatches: true });
  });

  it('in BER of indefinite length, padded as in /Contents, is right and noted', async () => {
    const ber = indefinite(signWith('-cades', '-md', 'sha256'), 3);
    folder.write('s.ber', ber);
    const verify = [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-in',
      's.ber',
      '-content',
      'document',
      '-out',
      'out',
    ];
    expect(folder.judge(...verify, '-CAfile', 'root.pem').ok).toBe(true);
    const check = await checkCades(Buffer.concat([ber, Buffer.alloc(100)]), digestFor);
    expect(check).toMatchObject({ signatureMatches: true, digestMatches: true, signingCertificate: 'v2' });
    expect(check.formatIssues).toContain('the CMS is not DER: indefinite lengths (ISO 32000-2, 12.8.3.3.1)');
  });

  it('over another document has another digest', async () => {
    const check = await checkCades(signWith('-cades', '-md', 'sha256'), () => Promise.resolve(randomBytes(32)));
    expect(check).toMatchObject({ signatureMatches: true, digestMatches: false });
  });

  it.each([
    ['with content inside', ['-nodetach'], 'UNSUPPORTED'],
    ['with SHA-1', ['-md', 'sha1'], 'UNSUPPORTED'],
    ['without signed attributes', ['-noattr'], 'UNSUPPORTED'],
    ['without certificates', ['-nocerts'], 'SIGNING_CERTIFICATE'],
  ])('%s is refused', async (_name, options, code) => {
    expect(await codeOfCheck(signWith(...options))).toBe(code);
  });
});

/** The same value with indefinite lengths in its outer levels. */
function indefinite(der: Uint8Array, levels: number): Uint8Array {
  if (levels === 0 || !(der[0]! & 0x20)) return der;
  const reader = new DerReader(der, 'test').enter(der[0]!);
  const parts: Uint8Array[] = [];
  while (!reader.done) parts.push(indefinite(reader.element(), levels - 1));
  return Buffer.concat([Buffer.of(der[0]!, 0x80), ...parts, Buffer.alloc(2)]);
}

interface Faults {
  attributes?: Uint8Array[];
  unsorted?: boolean;
  digestAlgorithm?: Uint8Array;
  signatureAlgorithm?: Uint8Array;
  certificates?: () => Identity[];
  signatureBy?: () => Identity;
  sid?: () => Uint8Array;
  contentType?: string;
  signers?: number;
  unsigned?: Uint8Array[];
  versions?: [number, number];
}

const attribute = (oid: string, ...values: Uint8Array[]): Uint8Array =>
  sequence(objectIdentifier(oid), tlv(SET, ...values));
const contentType = attribute(oids.ID_CONTENT_TYPE, objectIdentifier(oids.ID_DATA));
const messageDigest = attribute(oids.ID_MESSAGE_DIGEST, octetString(createHash('sha256').update(document).digest()));

/** A detached signature with SHA-256 and PKCS#1 v1.5, with one fault or none. */
function write(fault: Faults = {}): Uint8Array {
  const attributes = fault.attributes ?? [
    contentType,
    messageDigest,
    signingCertificateV2(signer.certificate, 'sha256'),
  ];
  const transmitted = fault.unsorted ? tlv(SET, ...attributes.toSorted(byEncoding).toReversed()) : setOf(...attributes);
  const implicit = Uint8Array.from(transmitted);
  implicit[0] = contextConstructed(0);
  const { certificate } = signer;
  const signerInfo = sequence(
    integer(fault.versions?.[1] ?? 1),
    fault.sid?.() ?? sequence(certificate.issuerDer, tlv(0x02, Buffer.from(certificate.serialNumber, 'hex'))),
    fault.digestAlgorithm ?? digestIdentifier('sha256'),
    implicit,
    fault.signatureAlgorithm ?? signatureIdentifier('rsa-pkcs1', 'sha256'),
    octetString(sign('sha256', setOf(...attributes), (fault.signatureBy?.() ?? signer).key)),
    ...(fault.unsigned ? [tlv(contextConstructed(1), ...fault.unsigned)] : []),
  );
  const certificates = fault.certificates?.() ?? [signer];
  const signedData = sequence(
    integer(fault.versions?.[0] ?? 1),
    setOf(digestIdentifier('sha256')),
    sequence(objectIdentifier(fault.contentType ?? oids.ID_DATA)),
    tlv(contextConstructed(0), ...certificates.map((identity) => identity.certificate.der)),
    tlv(SET, ...Array.from({ length: fault.signers ?? 1 }, () => signerInfo)),
  );
  return sequence(objectIdentifier(oids.ID_SIGNED_DATA), tlv(contextConstructed(0), signedData));
}

const ess = (): Uint8Array => signingCertificateV2(signer.certificate, 'sha256');
const algorithmProtection = (digest: 'sha256' | 'sha384'): Uint8Array => {
  const signature = Uint8Array.from(signatureIdentifier('rsa-pkcs1', 'sha256'));
  signature[0] = contextConstructed(1);
  return attribute(oids.ID_CMS_ALGORITHM_PROTECTION, sequence(digestIdentifier(digest), signature));
};

const v1 = (der: Uint8Array): Uint8Array => {
  const certId = sequence(octetString(createHash('sha1').update(der).digest()));
  return attribute(oids.ID_AA_SIGNING_CERTIFICATE, sequence(sequence(certId)));
};

const issuerSerial = (identity: Identity): Uint8Array =>
  sequence(
    sequence(tlv(contextConstructed(4), identity.certificate.issuerDer)),
    tlv(0x02, Buffer.from(identity.certificate.serialNumber, 'hex')),
  );

/** A signature with the old signing-certificate attribute about `identity`, and more attributes. */
const signedV1 = (identity: Identity, ...more: Uint8Array[]) =>
  checkCades(write({ attributes: [contentType, messageDigest, v1(identity.certificate.der), ...more] }), digestFor);

const codeWithProtection = (digest: 'sha256' | 'sha384') =>
  codeOfCheck(write({ attributes: [contentType, messageDigest, ess(), algorithmProtection(digest)] }));

describe('a signature written here', () => {
  it('is right without a fault', async () => {
    expect(await checkCades(write(), digestFor)).toMatchObject({ signatureMatches: true, formatIssues: [] });
  });

  it('whose attributes are out of order is right and noted', async () => {
    const check = await checkCades(write({ unsorted: true }), digestFor);
    expect(check).toMatchObject({ signatureMatches: true, digestMatches: true });
    expect(check.formatIssues).toContain('signed attributes not in DER order (RFC 5652, 5.3)');
  });

  it('by another key does not match', async () => {
    expect(await checkCades(write({ signatureBy: () => issuing }), digestFor)).toMatchObject({
      signatureMatches: false,
    });
  });

  it('that names another certificate as the signing one is a mismatch', async () => {
    const attributes = [contentType, messageDigest, signingCertificateV2(issuing.certificate, 'sha256')];
    expect(await checkCades(write({ attributes }), digestFor)).toMatchObject({ signingCertificate: 'mismatch' });
  });

  it('with the old signing-certificate attribute says v1, and a mismatch where its hash is another', async () => {
    expect(await signedV1(signer)).toMatchObject({ signingCertificate: 'v1' });
    expect(await signedV1(issuing)).toMatchObject({ signingCertificate: 'mismatch' });
    expect(await signedV1(issuing, ess())).toMatchObject({ signingCertificate: 'mismatch' });
  });

  it('notes an issuerSerial of another certificate, for the hash is what binds', async () => {
    const withIssuerSerial = (identity: Identity): Uint8Array => {
      const hash = octetString(createHash('sha256').update(signer.certificate.der).digest());
      return attribute(oids.ID_AA_SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(hash, issuerSerial(identity)))));
    };
    const check = (identity: Identity) =>
      checkCades(write({ attributes: [contentType, messageDigest, withIssuerSerial(identity)] }), digestFor);
    expect(await check(signer)).toMatchObject({ signingCertificate: 'v2', formatIssues: [] });
    const other = await check(issuing);
    expect(other.signingCertificate).toBe('v2');
    expect(other.formatIssues).toHaveLength(1);
  });

  it('finds the signer among certificates of one serial number by the signing-certificate attribute', async () => {
    const check = await checkCades(write({ certificates: () => [namesake, signer] }), digestFor);
    expect(check.signer).toBe(signer.certificate);
    expect(check.signatureMatches).toBe(true);
  });

  it('takes cms-algorithm-protection where it is right, and refuses it where it is not', async () => {
    expect(await codeWithProtection('sha256')).toBeUndefined();
    expect(await codeWithProtection('sha384')).toBe('CONSTRAINT');
  });

  it('notes versions that do not fit', async () => {
    const check = await checkCades(write({ versions: [3, 1] }), digestFor);
    expect(check.formatIssues).toEqual(['version of SignedData or SignerInfo (RFC 5652, 5.1 and 5.3)']);
  });

  it('notes a counter-signature', async () => {
    const unsigned = [attribute(oids.ID_COUNTERSIGNATURE, sequence())];
    expect((await checkCades(write({ unsigned }), digestFor)).formatIssues).toHaveLength(1);
  });

  const faults: [string, () => Faults, string][] = [
    ['two signers', () => ({ signers: 2 }), 'UNSUPPORTED'],
    ['no content-type', () => ({ attributes: [messageDigest, ess()] }), 'CONSTRAINT'],
    ['another content-type', () => ({ contentType: oids.ID_CT_TST_INFO }), 'CONSTRAINT'],
    ['no message-digest', () => ({ attributes: [contentType, ess()] }), 'MALFORMED'],
    ['message-digest twice', () => ({ attributes: [contentType, messageDigest, messageDigest, ess()] }), 'MALFORMED'],
    [
      'two values of message-digest',
      () => ({
        attributes: [
          contentType,
          attribute(oids.ID_MESSAGE_DIGEST, octetString(Buffer.alloc(32)), octetString(Buffer.alloc(32))),
        ],
      }),
      'MALFORMED',
    ],
    ['signing-certificate-v2 twice', () => ({ attributes: [contentType, messageDigest, ess(), ess()] }), 'MALFORMED'],
    ['an unknown digest', () => ({ digestAlgorithm: sequence(objectIdentifier('1.2.3')) }), 'UNSUPPORTED'],
    [
      'an unknown signature algorithm',
      () => ({ signatureAlgorithm: sequence(objectIdentifier('1.2.3')) }),
      'UNSUPPORTED',
    ],
    [
      'a signature algorithm with another digest',
      () => ({ signatureAlgorithm: sequence(objectIdentifier('1.2.840.113549.1.1.13'), nullValue()) }),
      'UNSUPPORTED',
    ],
    [
      'RSA-PSS with another digest',
      () => ({ signatureAlgorithm: signatureIdentifier('rsa-pss', 'sha512') }),
      'UNSUPPORTED',
    ],
    ['the signer’s certificate missing', () => ({ certificates: () => [issuing] }), 'SIGNING_CERTIFICATE'],
    [
      'a hundred certificates',
      () => ({ certificates: () => Array.from({ length: 100 }, () => signer) }),
      'LIMIT_EXCEEDED',
    ],
    [
      'a key identifier of nobody',
      () => ({ sid: () => tlv(contextPrimitive(0), Buffer.of(1, 2)) }),
      'SIGNING_CERTIFICATE',
    ],
    [
      'a thousand attributes',
      () => ({ attributes: Array.from({ length: 1_000 }, (_, i) => attribute(`1.2.3.${i}`, nullValue())) }),
      'LIMIT_EXCEEDED',
    ],
  ];
  it.each(faults)('is refused with %s', async (_name, fault, code) => {
    expect(await codeOfCheck(write(fault()))).toBe(code);
  });

  it.each([
    ['MGF1 with another digest', ['sha256', 'sha512', 32, 1]],
    ['an absurd salt', ['sha256', 'sha256', 5_000, 1]],
    ['another trailer', ['sha256', 'sha256', 32, 2]],
  ] as const)('with RSA-PSS of %s is refused', async (_name, [digest, mask, salt, trailer]) => {
    const signatureAlgorithm = sequence(
      objectIdentifier(oids.ID_RSASSA_PSS),
      sequence(
        tlv(contextConstructed(0), digestIdentifier(digest)),
        tlv(contextConstructed(1), sequence(objectIdentifier(oids.ID_MGF1), digestIdentifier(mask))),
        tlv(contextConstructed(2), integer(salt)),
        tlv(contextConstructed(3), integer(trailer)),
      ),
    );
    expect(await codeOfCheck(write({ signatureAlgorithm }))).toMatch(/UNSUPPORTED|LIMIT_EXCEEDED/);
  });

  it('is refused for every truncation, and any changed byte gives a result or a CmsError', async () => {
    const cms = write();
    for (let length = 0; length < cms.length; length++) {
      expect(await codeOfCheck(cms.subarray(0, length))).toBeDefined();
    }
    for (let index = 0; index < cms.length; index++) {
      const mutant = Uint8Array.from(cms);
      mutant[index]! ^= 0x41;
      await codeOfCheck(mutant);
    }
    expect(await codeOfCheck(Buffer.concat([cms, Buffer.of(0)]))).toBe('MALFORMED');
  });
});
