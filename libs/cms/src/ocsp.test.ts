import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, sign } from 'node:crypto';
import { type Certificate, identityHash } from './certificate.js';
import { ENUMERATED, contextConstructed, contextPrimitive } from './der-tags.js';
import {
  bitString,
  booleanTrue,
  generalizedTime,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  tlv,
} from './der-writer.js';
import { createOcspRequest } from './ocsp-request.js';
import { verifyOcspResponse } from './ocsp-response.js';
import * as oids from './oids.js';
import { signatureIdentifier } from './signature-algorithm.js';
import { type OcspPlan, answerOcsp } from './testing/authority-database.js';
import { CA_EXTENSIONS, type Identity, OpensslFolder, makeChain, makeIdentity } from './testing/openssl.js';
import { codeOf, countSurvivingMutations, expectEveryTruncationRefused } from './testing/truncation.js';

const OCSP_EXTENSIONS = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=OCSPSigning', 'noCheck=ignored'];
const folder = new OpensslFolder();
const revokedAt = new Date('2026-01-02T03:04:05Z');
let root: Identity;
let issuing: Identity;
let signer: Identity;
let responder: Identity;
let stranger: Identity;

beforeAll(() => {
  ({ root, issuing, signer } = makeChain(folder));
  const plan = { name: 'responder', subject: '/CN=responder', keyKind: 'rsa-2048' } as const;
  responder = makeIdentity(folder, { ...plan, extensions: OCSP_EXTENSIONS, issuer: issuing });
  stranger = makeIdentity(folder, { name: 'stranger', subject: '/CN=Stranger', extensions: CA_EXTENSIONS });
});
afterAll(() => folder.remove());

const delegate = (name: string, extensions: string[], issuer: Identity): Identity =>
  makeIdentity(folder, { name, subject: `/CN=${name}`, extensions, issuer });

function answer(changes: Partial<OcspPlan> = {}, nonce?: Uint8Array): Buffer {
  const request = createOcspRequest(signer.certificate, issuing.certificate, nonce);
  return answerOcsp(folder, { request, issuer: issuing, responder, entries: [{ identity: signer }], ...changes });
}

function verify(response: Uint8Array, changes: Partial<Parameters<typeof verifyOcspResponse>[1]> = {}) {
  const about = { certificate: signer.certificate, issuer: issuing.certificate, at: new Date(), ...changes };
  return verifyOcspResponse(response, about);
}

describe('an OCSPRequest', () => {
  it('is read by openssl as it was meant', () => {
    folder.write('r.der', createOcspRequest(signer.certificate, issuing.certificate, Buffer.from('00112233', 'hex')));
    const text = folder.run('ocsp', '-reqin', 'r.der', '-req_text').toString();
    expect(text).toContain('Hash Algorithm: sha1');
    expect(text).toContain(`Serial Number: ${signer.certificate.serialNumber.toUpperCase()}`);
    expect(text).toContain('OCSP Nonce');
  });
});

describe('an OCSPResponse of openssl', () => {
  it('by a delegated responder says good, and openssl says so too', () => {
    const response = answer();
    const proof = verify(response);
    expect(proof.status).toBe('good');
    expect(proof.certificates).toEqual([responder.certificate]);
    expect(proof.nextUpdate!.getTime() - proof.thisUpdate.getTime()).toBe(86_400_000);
    folder.run('x509', '-in', root.certificateFile, '-out', 'ca.pem');
    folder.write('ca.pem', Buffer.concat([folder.read('ca.pem'), folder.read('issuing.pem')]));
    const check = [
      'ocsp',
      '-respin',
      'ocsp.resp',
      '-issuer',
      'issuing.pem',
      '-cert',
      'signer.pem',
      '-CAfile',
      'ca.pem',
    ];
    expect(folder.judge(...check).text).toMatch(/signer.pem: good[\s\S]*Response verify OK/);
  });

  it.each([
    ['by the issuer itself, by name', () => ({ responder: issuing }), []],
    ['by the issuer itself, by key', () => ({ responder: issuing, options: ['-ndays', '1', '-resp_key_id'] }), []],
    ['by a delegate, by key', () => ({ options: ['-ndays', '1', '-resp_key_id'] }), ['responder']],
    ['signed with SHA-512', () => ({ options: ['-ndays', '1', '-rmd', 'sha512'] }), ['responder']],
    ['signed with RSA-PSS', () => ({ options: pssOptions }), ['responder']],
  ])('%s is accepted', (_name, changes, certificates) => {
    const proof = verify(answer(changes()));
    expect(proof.status).toBe('good');
    expect(proof.certificates.map(({ commonName }) => commonName)).toEqual(certificates);
  });
  const pssOptions = [
    '-ndays',
    '1',
    '-rmd',
    'sha256',
    '-rsigopt',
    'rsa_padding_mode:pss',
    '-rsigopt',
    'rsa_pss_saltlen:32',
  ];

  it('tells when and why a certificate was revoked', () => {
    const proof = verify(answer({ entries: [{ identity: signer, revokedAt, reason: 'keyCompromise' }] }));
    expect(proof).toMatchObject({ status: 'revoked', revokedAt, reason: 'keyCompromise' });
  });

  it('says unknown where the responder does', () => {
    expect(verify(answer({ entries: [] })).status).toBe('unknown');
  });

  it('must carry the nonce that was sent', () => {
    const nonce = randomBytes(32);
    expect(verify(answer({}, nonce), { nonce }).status).toBe('good');
    expect(codeOf(() => verify(answer({}, nonce), { nonce: randomBytes(32) }))).toBe('NONCE_MISMATCH');
    expect(codeOf(() => verify(answer(), { nonce }))).toBe('NONCE_MISMATCH');
  });

  it('is dated: refused before thisUpdate and after nextUpdate, unless freshness is not asked for', () => {
    const response = answer();
    const later = new Date(Date.now() + 2 * 86_400_000);
    const earlier = new Date(Date.now() - 3_600_000);
    expect(codeOf(() => verify(response, { at: later }))).toBe('STALE');
    expect(codeOf(() => verify(response, { at: earlier }))).toBe('NOT_YET_VALID');
    // The dates are looked at anew although the signature is remembered.
    expect(verify(response).status).toBe('good');
    expect(verify(response, { at: later, requireFresh: false }).status).toBe('good');
    expect(verify(response, { at: earlier, requireFresh: false }).status).toBe('good');
  });

  it('tolerates clocks that differ by minutes', () => {
    const { thisUpdate } = verify(answer());
    expect(verify(answer(), { at: new Date(thisUpdate.getTime() - 240_000) }).status).toBe('good');
  });

  it('without nextUpdate is fresh for an hour', () => {
    const response = answer({ options: [] });
    expect(verify(response).nextUpdate).toBeUndefined();
    expect(verify(response, { at: new Date(Date.now() + 3_000_000) }).status).toBe('good');
    expect(codeOf(() => verify(response, { at: new Date(Date.now() + 7_200_000) }))).toBe('STALE');
  });

  it('about another certificate is refused', () => {
    const other = delegate('other', OCSP_EXTENSIONS, issuing);
    expect(codeOf(() => verify(answer(), { certificate: other.certificate }))).toBe('RESPONDER');
  });

  it('is refused for the same serial number of another issuer', () => {
    const { serialNumber: serial } = signer.certificate;
    const namesake = makeIdentity(folder, { name: 'namesake', subject: '/CN=x', serial, extensions: [], issuer: root });
    const about = { certificate: namesake.certificate, issuer: root.certificate };
    expect(codeOf(() => verify(answer(), about))).toBe('RESPONDER');
  });

  it.each([
    ['a responder of another authority', () => delegate('foreign', OCSP_EXTENSIONS, stranger)],
    ['a responder of the root instead of the issuer', () => delegate('of-root', OCSP_EXTENSIONS, root)],
    ['a certificate of the issuer without OCSPSigning', () => signer],
    ['a responder with another purpose', () => delegate('tls', ['extendedKeyUsage=serverAuth'], issuing)],
    [
      'a responder that may not sign',
      () => delegate('mute', ['keyUsage=keyEncipherment', 'extendedKeyUsage=OCSPSigning'], issuing),
    ],
    ['somebody whose certificate is not there', () => ({ ...stranger, options: [] })],
  ])('by %s is refused', (_name, makeResponder) => {
    expect(codeOf(() => verify(answer({ responder: makeResponder() })))).toBe('RESPONDER');
  });

  it('without the responder’s certificate is refused', () => {
    const options = ['-ndays', '1', '-resp_no_certs'];
    expect(codeOf(() => verify(answer({ options })))).toBe('RESPONDER');
  });

  it('by a responder whose certificate is over is refused', () => {
    const response = answer({ options: ['-ndays', '5000'] });
    const at = new Date(responder.certificate.notAfter.getTime() + 1_000);
    expect(codeOf(() => verify(response, { at }))).toBe('EXPIRED');
    expect(verify(response, { at, requireFresh: false }).status).toBe('good');
  });

  it('is refused for every truncation, and no changed byte survives with another meaning', () => {
    const response = answer();
    expectEveryTruncationRefused(response, verify);
    const changed = countSurvivingMutations(response, (mutant) => {
      const proof = verify(mutant);
      if (proof.status !== 'good' || proof.thisUpdate.getTime() !== verify(response).thisUpdate.getTime()) {
        throw new TypeError('another meaning');
      }
    });
    // The certificates beside the signature: a changed one that OpenSSL still reads is no responder.
    expect(changed).toBeLessThan(response.length * 0.02);
  });

  it('with bytes behind it is refused', () => {
    expect(codeOf(() => verify(Buffer.concat([answer(), Buffer.of(0)])))).toBe('MALFORMED');
  });
});

describe('an OCSPResponse written here', () => {
  it.each([
    [1, 'malformedRequest'],
    [3, 'tryLater'],
    [6, 'unauthorized'],
  ])('with status %d says %s', (status, name) => {
    expect(() => verify(sequence(tlv(ENUMERATED, Uint8Array.of(status))))).toThrow(
      `STATUS: expected OCSPResponseStatus successful, found ${name}`,
    );
  });

  it('with CertID in SHA-256 is accepted', () => {
    expect(verify(write({ certId: certIdSha256(signer.certificate) })).status).toBe('good');
  });

  it.each([
    ['a signature by another key', { key: () => stranger.key }, 'SIGNATURE_WRONG'],
    ['a critical extension of the response', { responseExtension: true }, 'UNSUPPORTED'],
    ['a critical extension of the answer', { singleExtension: true }, 'UNSUPPORTED'],
    ['another type of response', { type: '1.2.3' }, 'UNSUPPORTED'],
    ['a SHA-1 signature of today', { sha1: true }, 'UNSUPPORTED'],
    ['producedAt before thisUpdate', { producedAt: new Date(Date.now() - 86_400_000) }, 'MALFORMED'],
    ['nextUpdate before thisUpdate', { nextUpdate: new Date(Date.now() - 86_400_000) }, 'MALFORMED'],
  ] as [string, OcspFaults, string][])('with %s is refused', (_name, fault, code) => {
    expect(codeOf(() => verify(write(fault)))).toBe(code);
  });

  it('is huge and refused before it is read', () => {
    expect(codeOf(() => verify(Buffer.alloc(2 ** 20 + 1, 0x30)))).toBe('LIMIT_EXCEEDED');
  });
});

interface OcspFaults {
  certId?: Uint8Array;
  key?: () => Identity['key'];
  responseExtension?: boolean;
  singleExtension?: boolean;
  type?: string;
  sha1?: boolean;
  producedAt?: Date;
  nextUpdate?: Date;
}

function certIdSha256(certificate: Certificate): Uint8Array {
  return sequence(
    sequence(objectIdentifier(oids.ID_SHA256), nullValue()),
    octetString(identityHash(issuing.certificate, 'name', 'sha256')),
    octetString(identityHash(issuing.certificate, 'key', 'sha256')),
    tlv(0x02, Buffer.from(certificate.serialNumber, 'hex')),
  );
}

/** An answer "good" by the issuing authority itself, with one fault or none. */
function write(fault: OcspFaults): Uint8Array {
  const extension = sequence(sequence(objectIdentifier('1.2.3'), booleanTrue(), octetString(nullValue())));
  const extensions = (is?: boolean): Uint8Array[] => (is ? [tlv(contextConstructed(1), extension)] : []);
  const now = new Date();
  const single = sequence(
    fault.certId ?? certIdSha256(signer.certificate),
    tlv(contextPrimitive(0)),
    generalizedTime(now),
    tlv(contextConstructed(0), generalizedTime(fault.nextUpdate ?? new Date(Date.now() + 86_400_000))),
    ...extensions(fault.singleExtension),
  );
  const tbs = sequence(
    tlv(contextConstructed(1), issuing.certificate.subjectDer),
    generalizedTime(fault.producedAt ?? now),
    sequence(single),
    ...extensions(fault.responseExtension),
  );
  const ecdsaWithSha1 = sequence(objectIdentifier('1.2.840.10045.4.1'));
  const signature = sign(fault.sha1 ? 'sha1' : 'sha256', tbs, fault.key?.() ?? issuing.key);
  const basic = sequence(
    tbs,
    fault.sha1 ? ecdsaWithSha1 : signatureIdentifier('ecdsa', 'sha256'),
    bitString(signature),
  );
  const type = objectIdentifier(fault.type ?? oids.ID_PKIX_OCSP_BASIC);
  const bytes = tlv(contextConstructed(0), sequence(type, octetString(basic)));
  return sequence(tlv(ENUMERATED, Uint8Array.of(0)), bytes);
}
