import type { Certificate } from './certificate.js';
import { detailsOf } from './certificate.js';
import { buildChain } from './chain.js';
import { BOOLEAN, INTEGER, SEQUENCE, contextConstructed, contextPrimitive } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { type DigestAlgorithm, equalBytes, hexOf } from './digest.js';
import { CmsError } from './errors.js';
import { readGeneralName } from './general-name.js';
import { comparableName } from './name.js';
import * as oids from './oids.js';
import {
  type SignedData,
  assertAlgorithmProtection,
  assertContentType,
  digestMatches,
  readSignedData,
  signatureMatches,
  signerCandidates,
} from './signed-data.js';
import { checkSigningCertificate } from './signing-certificate.js';
import { readGeneralizedTime } from './time.js';
import { readMessageImprint, readNonce } from './timestamp-request.js';

/** What a time-stamp token says, and who says it (RFC 3161, 2.4.2). */
export interface TimestampInfo {
  readonly genTime: Date;
  /** Dotted OID. */
  readonly policy: string;
  /** Hexadecimal, lower case. */
  readonly serialNumber: string;
  readonly nonce?: bigint;
  /** Milliseconds, rounded up. */
  readonly accuracyMs?: number;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly messageImprint: Uint8Array;
  readonly tsa: Certificate;
  readonly certificates: readonly Certificate[];
}

/** How far genTime may be from the clock here when the caller doesn't say: five minutes. */
export const DEFAULT_TIMESTAMP_SKEW_MS = 300_000;

/**
 * Opens a token: TSTInfo, signature, ESSCertID(v2), EKU id-kp-timeStamping critical and alone. Not the chain, the imprint or
 * the nonce. Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED, CONSTRAINT, DIGEST_MISMATCH (content changed),
 * SIGNATURE_WRONG, SIGNING_CERTIFICATE, KEY_USAGE.
 */
export function openTimestampToken(tokenDer: Uint8Array): TimestampInfo {
  const signedData = readSignedData(tokenDer, 'time-stamp token');
  const { content, contentType, signer } = signedData;
  if (contentType !== oids.ID_CT_TST_INFO || !content) {
    throw new CmsError('UNSUPPORTED', 'a time-stamp token (id-ct-TSTInfo)', contentType);
  }
  assertContentType(signedData);
  assertAlgorithmProtection(signer);
  const tsa = findTsa(signedData);
  assertTimestampingKey(tsa);
  if (!digestMatches(signer, content)) throw new CmsError('DIGEST_MISMATCH', 'the digest of TSTInfo', 'another');
  if (!signatureMatches(signer, tsa))
    throw new CmsError('SIGNATURE_WRONG', `a signature by ${tsa.subject}`, 'a wrong one');
  return { ...readTstInfo(content, tsa), tsa, certificates: signedData.certificates };
}

/** What a token is checked against. */
export interface TimestampExpectation {
  messageImprint: Uint8Array;
  digestAlgorithm: DigestAlgorithm;
  /** The token must carry it, where given. */
  nonce?: bigint;
  /** Dotted OIDs; the token's must be one of them, where given. */
  policies?: readonly string[];
  trustAnchors: readonly Certificate[];
  /** Besides those in the token. */
  intermediates?: readonly Certificate[];
  /** genTime may differ by `maxSkewMs` from it; absent: not checked. */
  now?: Date;
  /** Default: DEFAULT_TIMESTAMP_SKEW_MS; the token's own accuracy is added. */
  maxSkewMs?: number;
}

/**
 * Everything of RFC 3161, 2.2 and 2.3: what `openTimestampToken` checks, then imprint, nonce, policy, time window, and the
 * chain at genTime. Revocation of the TSA's certificate is the caller's to check.
 *
 * Throws as `openTimestampToken` and `buildChain`, and DIGEST_MISMATCH, NONCE_MISMATCH, POLICY_MISMATCH, TIME_WINDOW.
 */
export function verifyTimestampToken(
  tokenDer: Uint8Array,
  expected: TimestampExpectation,
): TimestampInfo & { chain: readonly Certificate[] } {
  const info = openTimestampToken(tokenDer);
  assertImprint(info, expected);
  assertNonce(info, expected.nonce);
  assertPolicy(info, expected.policies);
  assertTimeWindow(info, expected);
  const chain = buildChain(info.tsa, {
    intermediates: [...info.certificates, ...(expected.intermediates ?? [])],
    trustAnchors: expected.trustAnchors,
    at: info.genTime,
  });
  return { ...info, chain };
}

function assertImprint(info: TimestampInfo, expected: TimestampExpectation): void {
  if (info.digestAlgorithm !== expected.digestAlgorithm) {
    throw new CmsError('DIGEST_MISMATCH', `an imprint in ${expected.digestAlgorithm}`, info.digestAlgorithm);
  }
  if (!equalBytes(info.messageImprint, expected.messageImprint)) {
    throw new CmsError('DIGEST_MISMATCH', `imprint ${hexOf(expected.messageImprint)}`, hexOf(info.messageImprint));
  }
}

/** RFC 3161, 2.4.2: "MUST be present if … in the TimeStampReq … the same value". */
function assertNonce({ nonce }: TimestampInfo, expected?: bigint): void {
  if (expected === undefined || nonce === expected) return;
  throw new CmsError('NONCE_MISMATCH', `nonce ${expected.toString(16)}`, nonce?.toString(16) ?? 'none');
}

function assertPolicy({ policy }: TimestampInfo, policies?: readonly string[]): void {
  if (policies && !policies.includes(policy)) {
    throw new CmsError('POLICY_MISMATCH', `policy ${policies.join(' or ')}`, policy);
  }
}

function assertTimeWindow({ genTime, accuracyMs = 0 }: TimestampInfo, expected: TimestampExpectation): void {
  const { now, maxSkewMs = DEFAULT_TIMESTAMP_SKEW_MS } = expected;
  if (now && Math.abs(genTime.getTime() - now.getTime()) > maxSkewMs + accuracyMs) {
    throw new CmsError('TIME_WINDOW', `genTime within ${maxSkewMs} ms of ${now.toISOString()}`, genTime.toISOString());
  }
}

/** RFC 3161, 2.4.2 with RFC 5816: the certificate is in the token, and ESSCertID or ESSCertIDv2 identifies it. */
function findTsa(signedData: SignedData): Certificate {
  const candidates = signerCandidates(signedData);
  const [first] = candidates;
  if (!first) throw new CmsError('SIGNING_CERTIFICATE', "the TSA's certificate in the token (certReq)", 'not there');
  const checks = candidates.map((certificate) => ({
    certificate,
    ...checkSigningCertificate(signedData.signer.signedAttrs, certificate),
  }));
  const right = checks.find(({ result, issuerSerialMatches }) => /^v[12]$/.test(result) && issuerSerialMatches);
  if (right) return right.certificate;
  const found = checks[0]?.result === 'absent' ? 'none' : 'one of another certificate';
  throw new CmsError('SIGNING_CERTIFICATE', `ESSCertID of ${first.subject} (RFC 3161, 2.4.2; RFC 5816)`, found);
}

/** RFC 3161, 2.3: "extended key usage … with KeyPurposeID having value id-kp-timeStamping. This extension MUST be critical", the only one. */
function assertTimestampingKey(tsa: Certificate): void {
  const { extendedKeyUsage = [], extendedKeyUsageCritical, keyUsage } = tsa;
  if (extendedKeyUsage.length !== 1 || extendedKeyUsage[0] !== oids.ID_KP_TIME_STAMPING) {
    throw new CmsError('KEY_USAGE', 'extendedKeyUsage timeStamping alone', extendedKeyUsage.join(', ') || 'none');
  }
  if (!extendedKeyUsageCritical) throw new CmsError('KEY_USAGE', 'extendedKeyUsage critical', 'not critical');
  if (keyUsage && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) {
    throw new CmsError('KEY_USAGE', 'keyUsage digitalSignature or nonRepudiation', [...keyUsage].join(', '));
  }
}

/**
 * TSTInfo ::= SEQUENCE { version INTEGER {v1(1)}, policy, messageImprint, serialNumber, genTime GeneralizedTime, accuracy
 *   OPTIONAL, ordering BOOLEAN DEFAULT FALSE, nonce OPTIONAL, tsa [0] GeneralName OPTIONAL, extensions [1] OPTIONAL }
 */
function readTstInfo(content: Uint8Array, signer: Certificate): Omit<TimestampInfo, 'tsa' | 'certificates'> {
  const reader = DerReader.of(content, SEQUENCE, 'TSTInfo');
  const version = reader.smallUnsigned();
  if (version !== 1) throw new CmsError('UNSUPPORTED', 'TSTInfo version 1', `${version}`);
  const policy = reader.oid();
  const imprint = readMessageImprint(reader);
  const serialNumber = hexOf(reader.integerOctets());
  const genTime = readGeneralizedTime(reader);
  const accuracy = reader.enterOptional(SEQUENCE);
  const accuracyMs = accuracy && readAccuracy(accuracy);
  if (reader.peek() === BOOLEAN) reader.boolean();
  const nonce = reader.peek() === INTEGER ? readNonce(reader) : undefined;
  const name = reader.enterOptional(contextConstructed(0));
  if (name) assertNamesTsa(name, signer);
  const extensions = reader.enterOptional(contextConstructed(1));
  if (extensions) assertNoCriticalExtension(extensions);
  reader.end();
  return {
    genTime,
    policy,
    serialNumber,
    ...(nonce !== undefined && { nonce }),
    ...(accuracyMs !== undefined && { accuracyMs }),
    ...imprint,
  };
}

/** Accuracy ::= SEQUENCE { seconds INTEGER, millis [0] (1..999), micros [1] (1..999) }, each OPTIONAL. */
function readAccuracy(reader: DerReader): number {
  const seconds = reader.peek() === INTEGER ? reader.smallUnsigned() : 0;
  const millis = reader.peek() === contextPrimitive(0) ? reader.smallUnsigned(contextPrimitive(0)) : 0;
  const micros = reader.peek() === contextPrimitive(1) ? reader.smallUnsigned(contextPrimitive(1)) : 0;
  reader.end();
  if (millis > 999 || micros > 999) throw reader.malformed('millis and micros up to 999', `${millis}, ${micros}`);
  return seconds * 1000 + millis + Math.ceil(micros / 1000);
}

/** RFC 3161, 2.4.2: tsa, where present, "MUST correspond to one of the subject names" of the certificate. */
function assertNamesTsa(reader: DerReader, signer: Certificate): void {
  const name = readGeneralName(reader);
  reader.end();
  if (name.form !== 'directoryName') return;
  const stated = comparableName(name.name).join('\n');
  if (stated !== comparableName(detailsOf(signer).subjectName).join('\n')) {
    throw new CmsError('SIGNING_CERTIFICATE', `tsa ${signer.subject}`, 'another name');
  }
}

/** An extension that changes what the token means (RFC 3161, 2.4.2: as in RFC 5280, 4.2) must be understood. */
function assertNoCriticalExtension(extensions: DerReader): void {
  while (!extensions.done) {
    const extension = extensions.enter(SEQUENCE);
    const oid = extension.oid();
    if (extension.peek() === BOOLEAN && extension.boolean()) {
      throw new CmsError('UNSUPPORTED', 'no critical extension in TSTInfo', oid);
    }
  }
}
