import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { identityOf, issueCertificate, type CertificateRequest } from './certificate.js';
import { issueCrl } from './crl.js';
import { derOf, timeOf } from './issuance.js';
import { nameOf } from './name.js';

const written = (iso: string): string =>
  derOf(timeOf(new Date(iso)).toSchema())
    .toString('latin1')
    .slice(2);

describe('what pkijs is made to write', () => {
  const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const request: CertificateRequest = {
    profile: 'ca',
    subject: nameOf({ commonName: 'Gốc', organisation: 'Kyso' }),
    publicKeyDer: publicKey.export({ type: 'spki', format: 'der' }),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2051-01-01T00:00:00Z'),
    urls: {},
  };
  let certificateDer: Buffer;
  beforeAll(async () => {
    ({ certificateDer } = await issueCertificate(request, { selfKey: key }));
  });

  it('changes to GeneralizedTime in 2050', () => {
    expect(written('2049-12-31T23:59:59Z')).toBe('491231235959Z');
    expect(written('2050-01-01T00:00:00Z')).toBe('20500101000000Z');
  });
  it('writes times without their fraction', () => {
    expect(written('2026-11-22T10:20:30.999Z')).toBe('261122102030Z');
    expect(written('2051-11-22T10:20:30.999Z')).toBe('20511122102030Z');
  });
  it('gives sha256WithRSAEncryption its NULL, in both places of certificates and CRLs', async () => {
    const about = { number: 1, thisUpdate: request.notBefore, nextUpdate: request.notAfter, revoked: [] };
    const crlDer = await issueCrl(await identityOf(certificateDer, key), about);
    const withNull = '300d06092a864886f70d01010b0500';
    for (const der of [certificateDer, crlDer]) expect(der.toString('hex').split(withNull)).toHaveLength(3);
  });
  it('gives each attribute of a name an RDN of its own', () => {
    const der = derOf(request.subject.toSchema()).toString('hex');
    expect(der.match(/31[0-9a-f]{2}30[0-9a-f]{2}0603550/g)).toHaveLength(3);
  });
  it('repeats the subject of the issuer octet for octet, also after it was read back', async () => {
    const issuer = await identityOf(certificateDer, key);
    expect(derOf(issuer.certificate.subject.toSchema())).toEqual(derOf(request.subject.toSchema()));
    expect(derOf(issuer.certificate.toSchema())).toEqual(certificateDer);
  });
  it('refuses to sign with a key that is not RSA', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await expect(issueCertificate(request, { selfKey: other })).rejects.toMatchObject({ name: 'DataError' });
  });
});
