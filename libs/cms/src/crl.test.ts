import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sign } from 'node:crypto';
import { verifyCrl } from './crl.js';
import { CrlEntries } from './crl-entries.js';
import { UTC_TIME, contextConstructed } from './der-tags.js';
import {
  bitString,
  booleanTrue,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  tlv,
} from './der-writer.js';
import { signatureIdentifier } from './signature-algorithm.js';
import { type CrlPlan, makeCrl } from './testing/authority-database.js';
import {
  CA_EXTENSIONS,
  type Identity,
  OpensslFolder,
  SIGNER_EXTENSIONS,
  makeChain,
  makeIdentity,
} from './testing/openssl.js';
import { codeOf, countSurvivingMutations, expectEveryTruncationRefused } from './testing/truncation.js';

const folder = new OpensslFolder();
const revokedAt = new Date('2026-02-03T04:05:06Z');
const POINT = 'http://crl.example.vn/issuing.crl';
let root: Identity;
let issuing: Identity;
let signer: Identity;
let withPoint: Identity;
let stranger: Identity;

beforeAll(() => {
  ({ root, issuing, signer } = makeChain(folder));
  const extensions = [...SIGNER_EXTENSIONS, `crlDistributionPoints=URI:${POINT}`];
  withPoint = makeIdentity(folder, { name: 'with-point', subject: '/CN=P', extensions, issuer: issuing });
  stranger = makeIdentity(folder, { name: 'stranger', subject: '/CN=Stranger', extensions: CA_EXTENSIONS });
});
afterAll(() => folder.remove());

const crl = (changes: Partial<CrlPlan> = {}): Buffer => makeCrl(folder, { issuer: issuing, ...changes });

function verify(der: Uint8Array, changes: Partial<Parameters<typeof verifyCrl>[1]> = {}) {
  return verifyCrl(der, { certificate: signer.certificate, issuer: issuing.certificate, at: new Date(), ...changes });
}

const idp = (...lines: string[]): Partial<CrlPlan> => ({
  extensions: ['issuingDistributionPoint=critical,@idp', '[idp]', ...lines],
});

describe('a CRL of openssl', () => {
  it('without the certificate says good', () => {
    const proof = verify(crl({ entries: [{ identity: withPoint, revokedAt }] }));
    expect(proof).toMatchObject({ status: 'good', certificates: [] });
    expect(proof.revokedAt).toBeUndefined();
  });

  it('with the certificate says when and why, as openssl verify -crl_check does', () => {
    const der = crl({ entries: [{ identity: withPoint }, { identity: signer, revokedAt, reason: 'keyCompromise' }] });
    expect(verify(der)).toMatchObject({ status: 'revoked', revokedAt, reason: 'keyCompromise' });
    const check = ['verify', '-crl_check', '-CRLfile', 'crl.pem', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem'];
    expect(folder.judge(...check, 'signer.pem').text).toContain('certificate revoked');
    expect(folder.judge(...check, 'with-point.pem').ok).toBe(true);
  });

  it('with a reason left out gives none', () => {
    const proof = verify(crl({ entries: [{ identity: signer, revokedAt }] }));
    expect(proof.status).toBe('revoked');
    expect(proof.reason).toBeUndefined();
  });

  it('is dated: refused before thisUpdate and after nextUpdate, unless freshness is not asked for', () => {
    const der = crl();
    const later = new Date(Date.now() + 2 * 86_400_000);
    const earlier = new Date(Date.now() - 86_400_000);
    expect(codeOf(() => verify(der, { at: later }))).toBe('STALE');
    expect(codeOf(() => verify(der, { at: earlier }))).toBe('NOT_YET_VALID');
    expect(verify(der).status).toBe('good');
    expect(verify(der, { at: later, requireFresh: false }).status).toBe('good');
  });

  it.each([
    ['by another authority', () => ({ issuer: stranger }), 'RESPONDER'],
    ['that is a delta', () => ({ extensions: ['2.5.29.27=critical,DER:020101'] }), 'UNSUPPORTED'],
    ['with an unknown critical extension', () => ({ extensions: ['1.2.3.4=critical,DER:0500'] }), 'UNSUPPORTED'],
    ['that is indirect', () => idp('indirectCRL=TRUE'), 'UNSUPPORTED'],
    ['for some reasons only', () => idp('onlysomereasons=keyCompromise'), 'UNSUPPORTED'],
    ['of attribute certificates', () => idp('onlyAA=TRUE'), 'UNSUPPORTED'],
    ['of CA certificates only', () => idp('onlyCA=TRUE'), 'CONSTRAINT'],
    ['of another distribution point', () => idp('fullname=URI:http://crl.example.vn/other.crl'), 'CONSTRAINT'],
    ['of a distribution point, for a certificate with none', () => idp(`fullname=URI:${POINT}`), 'CONSTRAINT'],
    ['of a distribution point by relative name', () => idp('relativename=r', '[r]', 'CN=x'), 'UNSUPPORTED'],
  ])('%s is refused', (_name, changes, code) => {
    expect(codeOf(() => verify(crl(changes())))).toBe(code);
  });

  it('of the certificate’s own distribution point is accepted', () => {
    const { certificate } = withPoint;
    expect(verify(crl(idp(`fullname=URI:${POINT}`)), { certificate }).status).toBe('good');
    expect(codeOf(() => verify(crl(idp('fullname=URI:http://x/')), { certificate }))).toBe('CONSTRAINT');
  });

  it('of user certificates only is accepted for a signer and refused for an authority', () => {
    expect(verify(crl(idp('onlyuser=TRUE'))).status).toBe('good');
    const ofRoot = makeCrl(folder, { issuer: root, ...idp('onlyuser=TRUE') });
    const about = { certificate: issuing.certificate, issuer: root.certificate };
    expect(codeOf(() => verify(ofRoot, about))).toBe('CONSTRAINT');
    expect(verify(makeCrl(folder, { issuer: root, ...idp('onlyCA=TRUE') }), about).status).toBe('good');
  });

  it('by an authority that may not sign CRLs is refused', () => {
    const plan = { subject: '/CN=No CRLs', extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'] };
    const mute = makeIdentity(folder, { name: 'mute', ...plan });
    const child = makeIdentity(folder, { name: 'child', subject: '/CN=c', extensions: [], issuer: mute });
    // openssl itself refuses to sign with that certificate: a twin with the right makes the CRL.
    const twin = makeIdentity(folder, { name: 'twin', subject: plan.subject, keyOf: mute, extensions: CA_EXTENSIONS });
    const about = { certificate: child.certificate, issuer: mute.certificate };
    expect(codeOf(() => verify(crl({ issuer: twin }), about))).toBe('KEY_USAGE');
    expect(verify(crl({ issuer: twin }), { ...about, issuer: twin.certificate }).status).toBe('good');
  });

  it('is refused for a certificate of another issuer', () => {
    expect(codeOf(() => verify(crl(), { certificate: stranger.certificate }))).toBe('RESPONDER');
  });

  it('by another key under the same name is refused', () => {
    const namesake = makeIdentity(folder, {
      name: 'namesake',
      subject: '/C=VN/O=Kyso/CN=Issuing',
      extensions: CA_EXTENSIONS,
    });
    expect(codeOf(() => verify(crl({ issuer: namesake })))).toBe('SIGNATURE_WRONG');
  });

  it('signed with SHA-1 today is refused, one from before 2017 is not', () => {
    expect(codeOf(() => verify(crl({ digest: 'sha1' })))).toBe('UNSUPPORTED');
    const dates = { lastUpdate: new Date('2015-01-01Z'), nextUpdate: new Date('2015-02-01Z') };
    expect(verify(crl({ digest: 'sha1', ...dates }), { requireFresh: false }).status).toBe('good');
  });

  it('is refused for every truncation and every changed byte', () => {
    const der = crl({ entries: [{ identity: withPoint, revokedAt, reason: 'superseded' }] });
    expectEveryTruncationRefused(der, verify);
    expect(countSurvivingMutations(der, verify)).toBe(0);
    expect(codeOf(() => verify(Buffer.concat([der, Buffer.of(0)])))).toBe('MALFORMED');
  });
});

const entryOf = (serial: number | bigint, ...extensions: Uint8Array[]): Uint8Array =>
  sequence(
    integer(serial),
    tlv(UTC_TIME, Buffer.from('260102030405Z')),
    ...(extensions.length > 0 ? [sequence(...extensions)] : []),
  );

const serialOctets = (serial: number): Uint8Array => integer(serial).subarray(2);

const reason = (n: number) => sequence(objectIdentifier('2.5.29.21'), octetString(Uint8Array.of(0x0a, 1, n)));

describe('the entries of a CRL', () => {
  it('are found one by one among 200,000, and nothing else is', () => {
    const entries = new CrlEntries(Buffer.concat(Array.from({ length: 200_000 }, (_, i) => entryOf(i * 7 + 1))));
    expect(entries.count).toBe(200_000);
    for (let i = 0; i < 200_000; i += 997) {
      expect(entries.find(serialOctets(i * 7 + 1))?.revokedAt).toEqual(new Date('2026-01-02T03:04:05Z'));
      expect(entries.find(serialOctets(i * 7 + 3))).toBeUndefined();
    }
  });

  it('may be none', () => {
    expect(new CrlEntries(new Uint8Array()).find(serialOctets(1))).toBeUndefined();
  });

  it('of one serial number twice give the first', () => {
    const entries = new CrlEntries(Buffer.concat([entryOf(5, reason(1)), entryOf(5, reason(4))]));
    expect(entries.find(serialOctets(5))?.reason).toBe('keyCompromise');
  });

  it.each([
    ['an unknown critical extension', entryOf(1, criticalExtension('2.5.29.29')), 'UNSUPPORTED'],
    ['a serial number of 200 octets', entryOf(1n << 1_600n), 'LIMIT_EXCEEDED'],
    ['no date', sequence(integer(1)), 'MALFORMED'],
    ['a serial number that is none', sequence(octetString(Buffer.of(1)), nullValue()), 'MALFORMED'],
    ['a cut entry', entryOf(1).subarray(0, 10), 'MALFORMED'],
  ])('with %s refuse the whole CRL', (_name, content, code) => {
    expect(codeOf(() => new CrlEntries(Buffer.concat([entryOf(9), content])))).toBe(code);
  });
});

function criticalExtension(oid: string): Uint8Array {
  return sequence(objectIdentifier(oid), booleanTrue(), octetString(nullValue()));
}

describe('a CRL written here', () => {
  it('without nextUpdate is never fresh', () => {
    const algorithm = signatureIdentifier('ecdsa', 'sha256');
    const now = tlv(UTC_TIME, Buffer.from('260102030405Z'));
    const tbs = sequence(integer(1), algorithm, issuing.certificate.subjectDer, now);
    const der = sequence(tbs, algorithm, bitString(sign('sha256', tbs, issuing.key)));
    expect(codeOf(() => verify(der))).toBe('STALE');
    expect(verify(der, { requireFresh: false }).status).toBe('good');
  });

  it('whose two algorithm fields differ is refused', () => {
    const inner = signatureIdentifier('ecdsa', 'sha384');
    const outer = signatureIdentifier('ecdsa', 'sha256');
    const now = tlv(UTC_TIME, Buffer.from('260102030405Z'));
    const extensions = tlv(contextConstructed(0), sequence());
    const tbs = sequence(integer(1), inner, issuing.certificate.subjectDer, now, extensions);
    const der = sequence(tbs, outer, bitString(sign('sha256', tbs, issuing.key)));
    expect(codeOf(() => verify(der))).toBe('MALFORMED');
  });
});
