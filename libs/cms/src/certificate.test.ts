import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseCertificate, parseCertificatesPem } from './certificate.js';
import { nameText, readName } from './name.js';
import { DerReader } from './der-reader.js';
import { objectIdentifier, sequence, tlv } from './der-writer.js';
import { type Identity, OpensslFolder, SIGNER_EXTENSIONS, makeIdentity } from './testing/openssl.js';
import { codeOf, countSurvivingMutations, expectEveryTruncationRefused } from './testing/truncation.js';

const folder = new OpensslFolder();
let root: Identity;
let signer: Identity;

beforeAll(() => {
  const caExtensions = ['basicConstraints=critical,CA:TRUE,pathlen:2', 'keyUsage=critical,keyCertSign,cRLSign'];
  root = makeIdentity(folder, { name: 'root', subject: '/C=VN/O=Kyso/CN=Root', extensions: caExtensions });
  signer = makeIdentity(folder, {
    name: 'signer',
    subject: '/C=VN/O=UBND tỉnh Hưng Yên/OU=Văn phòng/CN=Nguyễn Văn An/emailAddress=subject@example.vn',
    extensions: [
      ...SIGNER_EXTENSIONS,
      'extendedKeyUsage=critical,timeStamping,1.2.3.4',
      'subjectAltName=email:an@hungyen.gov.vn,DNS:x.example',
      'authorityInfoAccess=OCSP;URI:http://ocsp.example.vn/,caIssuers;URI:http://ca.example.vn/root.crt',
      'crlDistributionPoints=URI:http://crl.example.vn/a.crl,URI:http://crl2.example.vn/a.crl',
      'noCheck=ignored',
    ],
    keyKind: 'rsa-2048',
    serial: '00d4c3b2a19080',
    issuer: root,
  });
});
afterAll(() => folder.remove());

const named = (subject: string) => makeIdentity(folder, { name: 'n', subject, extensions: [] }).certificate.commonName;

describe('a certificate', () => {
  it('shows what openssl put into it', () => {
    expect(signer.certificate).toMatchObject({
      subject: 'emailAddress=subject@example.vn,CN=Nguyễn Văn An,OU=Văn phòng,O=UBND tỉnh Hưng Yên,C=VN',
      issuer: 'CN=Root,O=Kyso,C=VN',
      commonName: 'Nguyễn Văn An',
      organisation: 'UBND tỉnh Hưng Yên',
      email: 'an@hungyen.gov.vn',
      issuerCommonName: 'Root',
      serialNumber: '00d4c3b2a19080',
      isCa: false,
      selfIssued: false,
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.8', '1.2.3.4'],
      extendedKeyUsageCritical: true,
      ocspUrls: ['http://ocsp.example.vn/'],
      caIssuersUrls: ['http://ca.example.vn/root.crt'],
      crlUrls: ['http://crl.example.vn/a.crl', 'http://crl2.example.vn/a.crl'],
      ocspNoCheck: true,
      authorityKeyId: root.certificate.subjectKeyId,
      keyDescription: 'RSA-2048',
    });
    expect([...signer.certificate.keyUsage!]).toEqual(['digitalSignature', 'nonRepudiation']);
    expect(signer.certificate.pathLength).toBeUndefined();
    const days = (signer.certificate.notAfter.getTime() - signer.certificate.notBefore.getTime()) / 86_400_000;
    expect(days).toBe(3650);
  });

  it('of an authority shows its rights', () => {
    expect(root.certificate).toMatchObject({ isCa: true, pathLength: 2, selfIssued: true, ocspNoCheck: false });
    expect([...root.certificate.keyUsage!]).toEqual(['keyCertSign', 'cRLSign']);
    expect(root.certificate.extendedKeyUsage).toBeUndefined();
    expect(root.certificate.email).toBeUndefined();
  });

  it('has the names and hash that node:crypto finds', () => {
    const { x509, sha256 } = signer.certificate;
    expect(sha256).toBe(x509.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(signer.certificate.serialNumber.replace(/^00/, '')).toBe(x509.serialNumber.toLowerCase());
  });

  it('is parsed once, and from a copy of the bytes', () => {
    const bytes = Buffer.from(signer.certificate.der);
    const certificate = parseCertificate(bytes);
    expect(certificate).toBe(signer.certificate);
    bytes.fill(0);
    expect(certificate.der[0]).toBe(0x30);
  });

  it.each([
    ['p-256', 'EC-P-256'],
    ['p-384', 'EC-P-384'],
    ['rsa-3072', 'RSA-3072'],
  ] as const)('with a key %s is described as %s', (keyKind, description) => {
    const plan = { name: keyKind, subject: '/CN=k', keyKind, extensions: [] };
    expect(makeIdentity(folder, plan).certificate.keyDescription).toBe(description);
  });

  it('without a common name is called by its organisation, or by its whole subject', () => {
    expect(named('/C=VN/O=Kyso')).toBe('Kyso');
    expect(named('/C=VN')).toBe('C=VN');
  });

  it('is refused for every truncation, and a changed byte never gives another exception', () => {
    expectEveryTruncationRefused(signer.certificate.der, parseCertificate);
    countSurvivingMutations(signer.certificate.der, parseCertificate);
    expect(codeOf(() => parseCertificate(Buffer.concat([signer.certificate.der, Buffer.of(0)])))).toBe('MALFORMED');
    expect(codeOf(() => parseCertificate(new Uint8Array(300_000)))).toBe('LIMIT_EXCEEDED');
  });

  it('with one extension twice is refused', () => {
    const doubled = makeIdentity(folder, {
      name: 'doubled',
      subject: '/CN=d',
      extensions: ['1.2.3.4=DER:0500', '1.2.3.5=DER:0500'],
    });
    const der = Buffer.from(doubled.certificate.der);
    // 1.2.3.5 becomes 1.2.3.4: the signature is not looked at when a certificate is read.
    der[der.indexOf(Buffer.from('06032a0305', 'hex')) + 4] = 4;
    expect(codeOf(() => parseCertificate(der))).toBe('MALFORMED');
  });
});

describe('a PEM text', () => {
  it('gives all certificates in order, whatever stands between them', () => {
    const text = ['# root', folder.read('root.pem'), 'subject=…', folder.read('signer.pem')].join('\n');
    expect(parseCertificatesPem(text)).toEqual([root.certificate, signer.certificate]);
    expect(parseCertificatesPem(text.replaceAll('\n', '\r\n'))).toHaveLength(2);
  });

  it('without a certificate, or with garbage in it, is refused', () => {
    expect(codeOf(() => parseCertificatesPem('no certificate'))).toBe('MALFORMED');
    const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(codeOf(() => parseCertificatesPem(garbage))).toBe('MALFORMED');
  });
});

const text = (...attributes: [string, number, string][]): string => {
  const rdns = attributes.map(([oid, tag, value]) =>
    tlv(0x31, sequence(objectIdentifier(oid), tlv(tag, Buffer.from(value, 'hex')))),
  );
  return nameText(readName(new DerReader(sequence(...rdns), 'name')));
};

const utf8 = (value: string): string => Buffer.from(value).toString('hex');

describe('a name', () => {
  it.each([
    [
      'special characters escaped',
      [['2.5.4.3', 12, utf8(' a,b+"c"\\<d>;# ')]],
      String.raw`CN=\ a\,b\+\"c\"\\\<d\>\;#\ `,
    ],
    ['a leading # escaped', [['2.5.4.3', 12, utf8('#1')]], String.raw`CN=\#1`],
    [
      'control and direction characters escaped',
      [['2.5.4.3', 12, utf8('a\u0000\u202eb')]],
      String.raw`CN=a\00\e2\80\aeb`,
    ],
    ['BMPString', [['2.5.4.3', 30, '004101b0']], 'CN=Aư'],
    ['UniversalString', [['2.5.4.3', 28, '00000041000001b0']], 'CN=Aư'],
    ['T61String as Latin-1', [['2.5.4.3', 20, 'c9']], 'CN=É'],
    ['an unknown type by its OID', [['1.2.3', 12, utf8('x')]], '1.2.3=x'],
    ['a value that is no string in hexadecimal', [['2.5.4.3', 4, '0102']], 'CN=#04020102'],
    [
      'the most specific part first',
      [
        ['2.5.4.6', 19, utf8('VN')],
        ['2.5.4.3', 12, utf8('x')],
      ],
      'CN=x,C=VN',
    ],
  ] as [string, [string, number, string][], string][])('is written with %s', (_name, attributes, expected) => {
    expect(text(...attributes)).toBe(expected);
  });

  it('of a thousand attributes is refused', () => {
    const many = Array.from({ length: 1_000 }, () => ['2.5.4.3', 12, '41'] as [string, number, string]);
    expect(codeOf(() => text(...many))).toBe('LIMIT_EXCEEDED');
  });
});
