import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes, sign } from 'node:crypto';
import { SEQUENCE, SET, contextConstructed } from './der-tags.js';
import { DerReader } from './der-reader.js';
import {
  booleanTrue,
  generalizedTime,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tlv,
} from './der-writer.js';
import type { DigestAlgorithm } from './digest.js';
import * as oids from './oids.js';
import { digestIdentifier, signatureIdentifier } from './signature-algorithm.js';
import { signingCertificateV2 } from './signing-certificate.js';
import { CA_EXTENSIONS, type Identity, OpensslFolder, SIGNER_EXTENSIONS, makeIdentity } from './testing/openssl.js';
import { codeOf, countSurvivingMutations, expectEveryTruncationRefused } from './testing/truncation.js';
import { TSA_EXTENSIONS, TSA_POLICY, makeTsa, replyTo } from './testing/tsa.js';
import { createTimestampRequest, parseTimestampRequest } from './timestamp-request.js';
import { parseTimestampResponse } from './timestamp-response.js';
import { type TimestampExpectation, openTimestampToken, verifyTimestampToken } from './timestamp-token.js';

const folder = new OpensslFolder();
const document = randomBytes(1_000);
const imprintOf = (digest: DigestAlgorithm): Buffer => createHash(digest).update(document).digest();
const nonce = 0x00ff_1122_3344_5566_7788n;
let root: Identity;
let tsa: Identity;
let stranger: Identity;

beforeAll(() => {
  root = makeIdentity(folder, { name: 'root', subject: '/CN=TSA Root', extensions: CA_EXTENSIONS });
  tsa = makeTsa(folder, root);
  stranger = makeIdentity(folder, { name: 'stranger', subject: '/CN=Stranger', extensions: CA_EXTENSIONS });
  folder.write('document', document);
});
afterAll(() => folder.remove());

const request = (digestAlgorithm: DigestAlgorithm = 'sha256') => ({
  messageImprint: imprintOf(digestAlgorithm),
  digestAlgorithm,
  nonce,
  certReq: true,
});

const tokenBy = (identity: Identity, configuration: string[] = []): Uint8Array =>
  parseTimestampResponse(replyTo(folder, identity, createTimestampRequest(request()), { configuration })).tokenDer;

const expectation = (changes: Partial<TimestampExpectation> = {}): TimestampExpectation => ({
  messageImprint: imprintOf('sha256'),
  digestAlgorithm: 'sha256',
  nonce,
  policies: [TSA_POLICY],
  trustAnchors: [root.certificate],
  now: new Date(),
  ...changes,
});

describe('a TimeStampReq', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)('with %s is read by openssl as it was meant', (digest) => {
    folder.write('query.tsq', createTimestampRequest({ ...request(digest), policy: '1.2.3.4' }));
    const text = folder.run('ts', '-query', '-in', 'query.tsq', '-text').toString();
    expect(text).toContain('Version: 1');
    expect(text).toContain(`Hash Algorithm: ${digest}`);
    expect(text).toContain('Policy OID: 1.2.3.4');
    expect(text).toContain('Nonce: 0xFF112233445566778');
    expect(text).toContain('Certificate required: yes');
  });

  it('comes back from our reader as it went into our writer', () => {
    const asked = { ...request(), policy: '1.2.3.4', certReq: false };
    const read = parseTimestampRequest(createTimestampRequest(asked));
    expect({ ...read, messageImprint: Buffer.from(read.messageImprint) }).toEqual(asked);
  });

  it('by openssl is read', () => {
    folder.run('ts', '-query', '-data', 'document', '-sha384', '-cert', '-out', 'openssl.tsq');
    const read = parseTimestampRequest(folder.read('openssl.tsq'));
    expect(read.digestAlgorithm).toBe('sha384');
    expect(Buffer.from(read.messageImprint)).toEqual(imprintOf('sha384'));
    expect(read.certReq).toBe(true);
    expect(read.nonce).toBeGreaterThan(0n);
  });

  it('is refused where it is cut, long, of another version, with SHA-1 or with extensions', () => {
    expectEveryTruncationRefused(createTimestampRequest(request()), parseTimestampRequest);
    expect(codeOf(() => parseTimestampRequest(Buffer.alloc(5_000, 0x30)))).toBe('LIMIT_EXCEEDED');
    const imprint = sequence(digestIdentifier('sha256'), octetString(imprintOf('sha256')));
    expect(codeOf(() => parseTimestampRequest(sequence(integer(2), imprint)))).toBe('UNSUPPORTED');
    const sha1 = sequence(sequence(objectIdentifier(oids.ID_SHA1)), octetString(new Uint8Array(20)));
    expect(codeOf(() => parseTimestampRequest(sequence(integer(1), sha1)))).toBe('UNSUPPORTED');
    const extension = tlv(contextConstructed(0), sequence());
    expect(codeOf(() => parseTimestampRequest(sequence(integer(1), imprint, extension)))).toBe('UNSUPPORTED');
    const short = sequence(digestIdentifier('sha256'), octetString(new Uint8Array(31)));
    expect(codeOf(() => parseTimestampRequest(sequence(integer(1), short)))).toBe('MALFORMED');
    expect(codeOf(() => parseTimestampRequest(sequence(integer(1), imprint, integer(2n ** 300n))))).toBe(
      'LIMIT_EXCEEDED',
    );
    expect(codeOf(() => parseTimestampRequest(Buffer.concat([createTimestampRequest(request()), Buffer.of(0)])))).toBe(
      'MALFORMED',
    );
  });
});

describe('a TimeStampResp', () => {
  it('of openssl gives the token that openssl extracts', () => {
    const reply = replyTo(folder, tsa, createTimestampRequest(request()));
    folder.write('reply.tsr', reply);
    folder.run('ts', '-reply', '-in', 'reply.tsr', '-token_out', '-out', 'token.der');
    expect(Buffer.from(parseTimestampResponse(reply).tokenDer)).toEqual(folder.read('token.der'));
  });

  it('that rejects says STATUS with the reason of the authority', () => {
    const reply = replyTo(folder, tsa, createTimestampRequest({ ...request(), policy: '1.2.3.9' }));
    expect(() => parseTimestampResponse(reply)).toThrow(/STATUS.*rejection.*unacceptedPolicy/);
  });

  it('is refused where it is cut, without a token, with bytes behind it, or too long', () => {
    const reply = replyTo(folder, tsa, createTimestampRequest(request()));
    expectEveryTruncationRefused(reply, parseTimestampResponse);
    expect(codeOf(() => parseTimestampResponse(sequence(sequence(integer(0)))))).toBe('MALFORMED');
    expect(codeOf(() => parseTimestampResponse(Buffer.concat([reply, Buffer.of(0)])))).toBe('MALFORMED');
    expect(codeOf(() => parseTimestampResponse(Buffer.alloc(2 ** 20 + 1)))).toBe('LIMIT_EXCEEDED');
    expect(codeOf(() => parseTimestampResponse(Buffer.from('<html>busy</html>')))).toBe('MALFORMED');
  });
});

describe('a time-stamp token', () => {
  it.each([
    ['sha256', 'ess_cert_id_alg=sha256'],
    ['sha384', 'ess_cert_id_alg=sha512'],
    ['sha512', 'ess_cert_id_alg=sha1'],
  ] as const)('over %s with %s is accepted, as by openssl ts -verify', (digest, essAlgorithm) => {
    const asked = request(digest);
    const reply = replyTo(folder, tsa, createTimestampRequest(asked), { configuration: [essAlgorithm] });
    folder.write('reply.tsr', reply);
    const verify = ['ts', '-verify', '-in', 'reply.tsr', '-queryfile', 'query.tsq', '-CAfile', root.certificateFile];
    expect(folder.judge(...verify).text).toContain('Verification: OK');
    const expected = expectation({ messageImprint: asked.messageImprint, digestAlgorithm: digest });
    const info = verifyTimestampToken(parseTimestampResponse(reply).tokenDer, expected);
    expect(info.policy).toBe(TSA_POLICY);
    expect(info.nonce).toBe(nonce);
    expect(info.accuracyMs).toBe(1_501);
    expect(info.tsa).toBe(tsa.certificate);
    expect(info.chain).toEqual([tsa.certificate, root.certificate]);
    expect(Math.abs(info.genTime.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('by an RSA key below an issuing authority in the token is accepted', () => {
    const subject = '/CN=TSA Issuing';
    const issuing = makeIdentity(folder, { name: 'tsa-issuing', subject, extensions: CA_EXTENSIONS, issuer: root });
    const plan = { name: 'tsa-rsa', subject: '/CN=TSA RSA', keyKind: 'rsa-2048', extensions: TSA_EXTENSIONS } as const;
    const rsaTsa = makeIdentity(folder, { ...plan, issuer: issuing });
    const query = createTimestampRequest(request());
    const reply = replyTo(folder, rsaTsa, query, { chain: [issuing], configuration: ['signer_digest=sha512'] });
    const info = verifyTimestampToken(parseTimestampResponse(reply).tokenDer, expectation());
    expect(info.chain).toEqual([rsaTsa.certificate, issuing.certificate, root.certificate]);
  });

  const wrongExpectations: [string, () => Partial<TimestampExpectation>, string][] = [
    ['another imprint', () => ({ messageImprint: randomBytes(32) }), 'DIGEST_MISMATCH'],
    ['another digest algorithm', () => ({ digestAlgorithm: 'sha384' }), 'DIGEST_MISMATCH'],
    ['another nonce', () => ({ nonce: nonce + 1n }), 'NONCE_MISMATCH'],
    ['another policy', () => ({ policies: ['1.2.3'] }), 'POLICY_MISMATCH'],
    ['a clock that is an hour ahead', () => ({ now: new Date(Date.now() + 3_600_000) }), 'TIME_WINDOW'],
    ['a clock that is an hour behind', () => ({ now: new Date(Date.now() - 3_600_000) }), 'TIME_WINDOW'],
    ['other trust anchors', () => ({ trustAnchors: [stranger.certificate] }), 'NO_CHAIN'],
  ];
  it.each(wrongExpectations)('is refused against %s', (_name, changes, code) => {
    const token = tokenBy(tsa);
    expect(codeOf(() => verifyTimestampToken(token, expectation()))).toBeUndefined();
    expect(codeOf(() => verifyTimestampToken(token, expectation(changes())))).toBe(code);
  });

  it('without a nonce is refused where one was asked for', () => {
    const { nonce: _nonce, ...withoutNonce } = request();
    const token = parseTimestampResponse(replyTo(folder, tsa, createTimestampRequest(withoutNonce))).tokenDer;
    expect(codeOf(() => verifyTimestampToken(token, expectation()))).toBe('NONCE_MISMATCH');
  });

  it('takes a larger time window where the caller allows it', () => {
    const now = new Date(Date.now() + 3_600_000);
    expect(
      codeOf(() => verifyTimestampToken(tokenBy(tsa), expectation({ now, maxSkewMs: 3_700_000 }))),
    ).toBeUndefined();
  });

  it('without the certificate of the authority is refused', () => {
    const withoutCertificate = createTimestampRequest({ ...request(), certReq: false });
    const token = parseTimestampResponse(replyTo(folder, tsa, withoutCertificate)).tokenDer;
    expect(codeOf(() => openTimestampToken(token))).toBe('SIGNING_CERTIFICATE');
  });

  it('is refused for every truncation, and any changed byte of it never gives another exception', () => {
    const token = tokenBy(tsa);
    expectEveryTruncationRefused(token, openTimestampToken);
    const survivors = countSurvivingMutations(token, openTimestampToken);
    // What may change without harm: SignedData's own digestAlgorithms and version, NULL parameters.
    expect(survivors).toBeLessThan(token.length * 0.05);
  });
});

describe('a token by a key that may not stamp', () => {
  // openssl refuses to sign with these, so the token is written here.
  it.each([
    ['no extendedKeyUsage', SIGNER_EXTENSIONS],
    ['an extendedKeyUsage that is not critical', ['extendedKeyUsage=timeStamping']],
    ['a second purpose', ['extendedKeyUsage=critical,timeStamping,codeSigning']],
    ['another purpose', ['extendedKeyUsage=critical,codeSigning']],
    ['a keyUsage without signatures', ['keyUsage=critical,keyEncipherment', 'extendedKeyUsage=critical,timeStamping']],
  ])('is refused: %s', (_name, extensions) => {
    expect(codeOf(() => openTimestampToken(writeToken(makeTsa(folder, root, extensions))))).toBe('KEY_USAGE');
  });
});

describe('a token written here', () => {
  it('by openssl cms in BER of indefinite length, its content in segments, is accepted', () => {
    folder.write('tstinfo.der', tstInfo());
    folder.run(
      ['cms', '-sign', '-cades', '-binary', '-nodetach', '-stream', '-econtent_type', oids.ID_CT_TST_INFO],
      ['-in', 'tstinfo.der', '-signer', tsa.certificateFile, '-inkey', tsa.keyFile, '-md', 'sha256'],
      ['-outform', 'DER', '-out', 'token.ber'],
    );
    const token = folder.read('token.ber');
    expect(token[1]).toBe(0x80);
    expect(verifyTimestampToken(token, expectation({ policies: ['1.2.3'] })).nonce).toBe(nonce);
  });

  it('is accepted when everything is right, by openssl too', () => {
    const token = writeToken(tsa);
    folder.write('token.der', token);
    const verify = ['ts', '-verify', '-in', 'token.der', '-token_in', '-data', 'document'];
    expect(folder.judge(...verify, '-CAfile', root.certificateFile).text).toContain('Verification: OK');
    expect(verifyTimestampToken(token, expectation({ policies: ['1.2.3'] })).accuracyMs).toBeUndefined();
  });

  const faults: [string, TokenFaults, string][] = [
    ['an ESSCertID of another certificate', { essOf: () => stranger }, 'SIGNING_CERTIFICATE'],
    ['no ESSCertID', { withoutEss: true }, 'SIGNING_CERTIFICATE'],
    ['a content-type attribute of another type', { contentType: oids.ID_DATA }, 'CONSTRAINT'],
    ['content that was changed after signing', { contentAfter: (content) => changed(content) }, 'DIGEST_MISMATCH'],
    ['a signature by another key', { signWith: () => stranger }, 'SIGNATURE_WRONG'],
    ['another type of content', { eContentType: oids.ID_DATA }, 'UNSUPPORTED'],
    ['a critical extension in TSTInfo', { tail: [criticalExtension()] }, 'UNSUPPORTED'],
    ['version 2 of TSTInfo', { version: 2 }, 'UNSUPPORTED'],
    ['a tsa field of another name', { tail: [tsaField('1.2.840.113549.1.9.1')] }, 'SIGNING_CERTIFICATE'],
    ['two signers', { signers: 2 }, 'UNSUPPORTED'],
  ];
  it.each(faults)('is refused with %s', (_name, fault, code) => {
    expect(codeOf(() => openTimestampToken(writeToken(tsa, fault)))).toBe(code);
  });
});

interface TokenFaults {
  essOf?: () => Identity;
  withoutEss?: boolean;
  contentType?: string;
  eContentType?: string;
  contentAfter?: (content: Uint8Array) => Uint8Array;
  signWith?: () => Identity;
  tail?: Uint8Array[];
  version?: number;
  signers?: number;
}

const changed = (content: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(content);
  copy[copy.length - 3]! ^= 1;
  return copy;
};

function criticalExtension(): Uint8Array {
  const extension = sequence(objectIdentifier('1.2.3.4'), booleanTrue(), octetString(Buffer.of(5, 0)));
  return tlv(contextConstructed(1), extension);
}

function tsaField(oid: string): Uint8Array {
  const attribute = sequence(objectIdentifier(oid), tlv(0x16, Buffer.from('x@example.org')));
  return tlv(contextConstructed(0), tlv(contextConstructed(4), sequence(tlv(SET, attribute))));
}

const tstInfo = (fault: TokenFaults = {}): Uint8Array =>
  sequence(
    integer(fault.version ?? 1),
    objectIdentifier('1.2.3'),
    sequence(digestIdentifier('sha256'), octetString(imprintOf('sha256'))),
    integer(7),
    generalizedTime(new Date()),
    integer(nonce),
    ...(fault.tail ?? []),
  );

/** A time-stamp token by `identity` with one fault or none. */
function writeToken(identity: Identity, fault: TokenFaults = {}): Uint8Array {
  const content = tstInfo(fault);
  const digest = createHash('sha256').update(content).digest();
  const signedAttrs = setOf(
    sequence(objectIdentifier(oids.ID_CONTENT_TYPE), setOf(objectIdentifier(fault.contentType ?? oids.ID_CT_TST_INFO))),
    sequence(objectIdentifier(oids.ID_MESSAGE_DIGEST), setOf(octetString(digest))),
    ...(fault.withoutEss ? [] : [signingCertificateV2((fault.essOf?.() ?? identity).certificate, 'sha256')]),
  );
  const implicitAttrs = Uint8Array.from(signedAttrs);
  implicitAttrs[0] = contextConstructed(0);
  const { certificate } = identity;
  const signerInfo = sequence(
    integer(1),
    sequence(certificate.issuerDer, tlv(0x02, Buffer.from(certificate.serialNumber, 'hex'))),
    digestIdentifier('sha256'),
    implicitAttrs,
    signatureIdentifier('ecdsa', 'sha256'),
    octetString(sign('sha256', signedAttrs, (fault.signWith?.() ?? identity).key)),
  );
  const eContent = octetString(fault.contentAfter?.(content) ?? content);
  const signedData = sequence(
    integer(3),
    setOf(digestIdentifier('sha256')),
    sequence(objectIdentifier(fault.eContentType ?? oids.ID_CT_TST_INFO), tlv(contextConstructed(0), eContent)),
    tlv(contextConstructed(0), certificate.der),
    tlv(SET, ...Array.from({ length: fault.signers ?? 1 }, () => signerInfo)),
  );
  const contentInfo = sequence(objectIdentifier(oids.ID_SIGNED_DATA), tlv(contextConstructed(0), signedData));
  // What is written here must be well formed, whatever its fault.
  expect(DerReader.of(contentInfo, SEQUENCE, 'token').oid()).toBe(oids.ID_SIGNED_DATA);
  return contentInfo;
}
