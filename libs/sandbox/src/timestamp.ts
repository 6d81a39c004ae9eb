/**
 * The time-stamp authority. Its tokens are the one thing that pkijs does not make: pkijs takes 1 to 2 ms for one, and a
 * token is asked for once for each signed document, so that a benchmark would measure the sandbox. They are put together
 * from DER here, which adds about a tenth to the price of the RSA signature.
 */
import { createHash, randomBytes, sign } from 'node:crypto';
import type { Identity } from './certificate.js';
import * as der from './der.js';
import { hashNames, oids as dotted, sandboxTsaPolicy } from './oids.js';
import type { SandboxFaults } from './faults.js';

/** Who stamps, when, and which lie is wanted. */
export interface TimestampAnswering {
  readonly unit: Identity;
  readonly genTime: Date;
  readonly fault?: SandboxFaults['tsa'];
  /** The certificate that `wrong-signing-certificate` names. */
  readonly otherCertificateDer: Buffer;
}

// Bits of PKIFailureInfo (RFC 3161, 2.4.2).
const badAlg = 0;
const badDataFormat = 5;
const unacceptedPolicy = 15;
const systemFailure = 25;

const oids = {
  signedData: der.objectIdentifier(dotted.signedData),
  contentType: der.objectIdentifier(dotted.contentType),
  messageDigest: der.objectIdentifier(dotted.messageDigest),
  tstInfo: der.objectIdentifier(dotted.tstInfo),
  signingCertificateV2: der.objectIdentifier(dotted.signingCertificateV2),
} as const;

/** AlgorithmIdentifiers; RSA takes a NULL parameter (RFC 4055, 5), the hash takes none (RFC 5754, 2). */
const algorithms = {
  sha256: der.sequence(der.objectIdentifier(dotted.sha256)),
  sha256WithRsa: der.sequence(der.objectIdentifier(dotted.sha256WithRsa), der.nullValue),
} as const;

const hashByOid = new Map([...hashNames].map(([oid, name]) => [der.objectIdentifier(oid).toString('hex'), name]));

const policyDer = der.objectIdentifier(sandboxTsaPolicy);
const otherPolicyDer = der.objectIdentifier(`${sandboxTsaPolicy}.666`);

/** The DER TimeStampResp to a DER TimeStampReq (RFC 3161, 2.4). Bad input gives a rejection, never an error. */
export function answerTimestamp(requestDer: Buffer, how: TimestampAnswering): Buffer {
  if (how.fault === 'rejection') return rejection(systemFailure, 'the sandbox was told to reject');
  let request: TimestampRequestParts;
  try {
    request = parseRequest(requestDer);
  } catch (error) {
    return rejection(badDataFormat, (error as Error).message);
  }
  const hash = hashByOid.get(request.hashOid.toString('hex'));
  if (hash === undefined || hash === 'sha1') return rejection(badAlg, 'expected SHA-256, SHA-384 or SHA-512');
  if (createHash(hash).digest().length !== request.hashedMessage.length)
    return rejection(badDataFormat, `expected a ${hash} digest`);
  if (request.policy !== undefined && !request.policy.equals(policyDer))
    return rejection(unacceptedPolicy, `expected ${sandboxTsaPolicy}`);
  // TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken OPTIONAL }
  return der.sequence(der.sequence(der.integer(0)), token(request, how));
}

/** PKIStatusInfo ::= SEQUENCE { status rejection(2), statusString PKIFreeText, failInfo BIT STRING } */
function rejection(failInfo: number, why: string): Buffer {
  return der.sequence(der.sequence(der.integer(2), der.sequence(der.utf8String(why)), der.namedBits(failInfo)));
}

interface TimestampRequestParts {
  readonly messageImprint: der.DerNode;
  readonly hashOid: Buffer;
  readonly hashedMessage: Buffer;
  readonly policy: Buffer | undefined;
  readonly nonce: Buffer | undefined;
  readonly certReq: boolean;
}

/** TimeStampReq ::= SEQUENCE { version 1, messageImprint, reqPolicy OPTIONAL, nonce OPTIONAL, certReq DEFAULT FALSE, extensions [0] } */
function parseRequest(requestDer: Buffer): TimestampRequestParts {
  const [version, imprint, ...rest] = der.children(der.expectTag(der.readNode(requestDer), 0x30));
  der.expectTag(version, 0x02);
  const messageImprint = der.expectTag(imprint, 0x30);
  const [algorithm, hashed] = der.children(messageImprint);
  const [hashOid] = der.children(der.expectTag(algorithm, 0x30));
  return {
    messageImprint,
    hashOid: der.expectTag(hashOid, 0x06).der,
    hashedMessage: der.expectTag(hashed, 0x04).contents,
    policy: rest.find((part) => part.tag === 0x06)?.der,
    nonce: rest.find((part) => part.tag === 0x02)?.der,
    certReq: rest.some((part) => part.tag === 0x01 && part.contents[0] !== 0),
  };
}

/** ContentInfo { signedData, [0] SignedData } with a TSTInfo inside (RFC 3161, 2.4.2; RFC 5652, 5.1). */
function token(request: TimestampRequestParts, how: TimestampAnswering): Buffer {
  const tstInfo = tstInfoDer(request, how);
  // SignedAttributes are hashed as a SET OF and sent as [0] IMPLICIT (RFC 5652, 5.4).
  const attributes = der.setOf(
    attribute(oids.contentType, oids.tstInfo),
    attribute(oids.messageDigest, der.octetString(createHash('sha256').update(tstInfo).digest())),
    attribute(oids.signingCertificateV2, signingCertificateV2(how)),
  );
  const signature = sign('sha256', attributes, how.unit.key);
  if (how.fault === 'bad-signature') signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
  const signerInfo = der.sequence(
    der.integer(1),
    issuerAndSerialNumber(how.unit.certificateDer),
    algorithms.sha256,
    der.retag(0xa0, attributes),
    algorithms.sha256WithRsa,
    der.octetString(signature),
  );
  const signedData = der.sequence(
    der.integer(3),
    der.setOf(algorithms.sha256),
    der.sequence(oids.tstInfo, der.context(0, der.octetString(tstInfo))),
    ...(request.certReq ? [der.context(0, how.unit.certificateDer)] : []),
    der.setOf(signerInfo),
  );
  return der.sequence(oids.signedData, der.context(0, signedData));
}

/** TSTInfo ::= SEQUENCE { version 1, policy, messageImprint, serialNumber, genTime, accuracy, nonce } */
function tstInfoDer(request: TimestampRequestParts, how: TimestampAnswering): Buffer {
  const messageImprint = Buffer.from(request.messageImprint.der);
  if (how.fault === 'wrong-imprint') flipLastBit(messageImprint);
  const nonce = request.nonce === undefined ? undefined : Buffer.from(request.nonce);
  if (how.fault === 'wrong-nonce' && nonce !== undefined) flipLastBit(nonce);
  const skewMs = how.fault === 'wrong-time' ? 600_000 : 0;
  return der.sequence(
    der.integer(1),
    how.fault === 'wrong-policy' ? otherPolicyDer : policyDer,
    messageImprint,
    der.unsignedInteger(randomBytes(12)),
    der.generalizedTimeMs(new Date(how.genTime.getTime() + skewMs)),
    // Accuracy ::= SEQUENCE { seconds INTEGER }
    der.sequence(der.integer(1)),
    ...(nonce === undefined ? [] : [nonce]),
  );
}

function flipLastBit(bytes: Buffer): void {
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
}

const attribute = (type: Uint8Array, value: Uint8Array): Buffer => der.sequence(type, der.setOf(value));

/** SigningCertificateV2 ::= SEQUENCE { SEQUENCE OF ESSCertIDv2 { certHash } }, SHA-256 by default (RFC 5035, 5). */
function signingCertificateV2(how: TimestampAnswering): Buffer {
  const certificateDer = how.fault === 'wrong-signing-certificate' ? how.otherCertificateDer : how.unit.certificateDer;
  const certHash = createHash('sha256').update(certificateDer).digest();
  return der.sequence(der.sequence(der.sequence(der.octetString(certHash))));
}

function issuerAndSerialNumber(certificateDer: Buffer): Buffer {
  const [tbs] = der.children(der.readNode(certificateDer));
  const [, serial, , issuer] = der.children(der.expectTag(tbs, 0x30));
  return der.sequence(der.expectTag(issuer, 0x30).der, der.expectTag(serial, 0x02).der);
}
