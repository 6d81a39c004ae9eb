import { BoundedCache } from './bounded-cache.js';
import { type Certificate, identityHash, parseCertificate } from './certificate.js';
import { assertNotExpired, assertValidAt, isSignedBy } from './chain.js';
import * as tags from './der-tags.js';
import { DerReader } from './der-reader.js';
import { equalBytes, hexOf, sha256Hex } from './digest.js';
import { CmsError } from './errors.js';
import { type Extension, readExtensions } from './extensions.js';
import { type OcspStatus, readSingleResponse } from './ocsp-status.js';
import * as oids from './oids.js';
import { type RevocationProof, REVOCATION_SKEW_MS, assertDates } from './revocation.js';
import { type SignatureAlgorithm, readSignatureIdentifier } from './signature-algorithm.js';
import { assertDigestCounts, verifyWithKey } from './signature-value.js';
import { readGeneralizedTime } from './time.js';

/** An answer to one request has some kilobytes; stops a responder that sends anything else. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
const MAX_SINGLE_RESPONSES = 1_000;
const MAX_CERTIFICATES = 10;

/** OCSPResponseStatus (RFC 6960, 4.2.1). */
const STATUS_NAMES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  '4',
  'sigRequired',
  'unauthorized',
];

/** BasicOCSPResponse, read but not judged. */
interface BasicResponse {
  readonly tbsDer: Uint8Array;
  readonly responder: { readonly nameDer: Uint8Array } | { readonly keyHash: Uint8Array };
  readonly producedAt: Date;
  readonly statuses: readonly OcspStatus[];
  readonly nonce?: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly certificates: readonly Certificate[];
}

/** One whose signature and responder were found right for an issuer: true for ever, so it is kept. */
interface VerifiedResponse extends BasicResponse {
  readonly signer: Certificate;
  readonly isDelegated: boolean;
}

/** Answers kept, by the bytes of their DER; some 10,000 of the usual size. */
const CACHE_BYTES = 32 * 1024 * 1024;
const verified = new BoundedCache<VerifiedResponse>(CACHE_BYTES);

/**
 * What an OCSPResponse says of a certificate: signature, the responder's right (the issuer itself, or a certificate that the
 * issuer gave directly with id-kp-OCSPSigning; RFC 6960, 4.2.2.2), CertID, nonce where given, dates at `at` (3.2).
 *
 * A delegated responder's certificate must have been valid when it produced the answer, and not be over at `at` unless
 * `requireFresh` is false. Its
 * own revocation is the caller's to check where it lacks id-pkix-ocsp-nocheck; it comes back in `certificates`.
 *
 * Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED, STATUS (tryLater, unauthorized …), RESPONDER (another's answer, or about
 * another certificate), SIGNATURE_WRONG, NONCE_MISMATCH, NOT_YET_VALID, EXPIRED, STALE.
 */
export function verifyOcspResponse(
  der: Uint8Array,
  about: {
    certificate: Certificate;
    issuer: Certificate;
    at: Date;
    nonce?: Uint8Array;
    /** false: dates are not compared with `at` (validation of old evidence). */
    requireFresh?: boolean;
  },
): RevocationProof {
  if (der.length > MAX_RESPONSE_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `OCSPResponse of at most ${MAX_RESPONSE_BYTES} bytes`, `${der.length}`);
  }
  const { certificate, issuer, at, requireFresh = true } = about;
  const response = openResponse(der, issuer);
  assertNonce(response, about.nonce);
  if (response.isDelegated && requireFresh) assertNotExpired(response.signer, at);
  const status = response.statuses.find((candidate) => candidate.isAbout(certificate, issuer));
  if (!status) {
    throw new CmsError('RESPONDER', `an answer about ${certificate.serialNumber} of ${issuer.subject}`, 'about others');
  }
  assertDates(status, at, requireFresh);
  if (response.producedAt.getTime() + REVOCATION_SKEW_MS < status.thisUpdate.getTime()) {
    throw new CmsError('MALFORMED', 'producedAt not before thisUpdate', response.producedAt.toISOString());
  }
  const { isAbout: _isAbout, ...said } = status;
  return { ...said, producedAt: response.producedAt, certificates: response.isDelegated ? [response.signer] : [] };
}

function openResponse(der: Uint8Array, issuer: Certificate): VerifiedResponse {
  const key = `${sha256Hex(der)}${issuer.sha256}`;
  const known = verified.get(key);
  if (known) return known;
  // A copy: what was verified must not change under the cache.
  const response = readResponse(Uint8Array.from(der));
  const opened = { ...response, ...findSigner(response, issuer) };
  verified.set(key, opened, der.length);
  return opened;
}

/** OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] SEQUENCE { responseType, response OCTET STRING } }. */
function readResponse(der: Uint8Array): BasicResponse {
  const outer = DerReader.of(der, tags.SEQUENCE, 'OCSPResponse');
  const status = outer.smallUnsigned(tags.ENUMERATED);
  if (status !== 0) throw new CmsError('STATUS', 'OCSPResponseStatus successful', STATUS_NAMES[status] ?? `${status}`);
  const bytes = outer.enter(tags.contextConstructed(0)).enter(tags.SEQUENCE);
  outer.end();
  const type = bytes.oid();
  if (type !== oids.ID_PKIX_OCSP_BASIC) throw new CmsError('UNSUPPORTED', 'id-pkix-ocsp-basic', type);
  const basic = DerReader.of(bytes.content(tags.OCTET_STRING), tags.SEQUENCE, 'BasicOCSPResponse');
  bytes.end();
  return readBasicResponse(basic);
}

/**
 * BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING, certs [0] EXPLICIT OPTIONAL }
 */
function readBasicResponse(basic: DerReader): BasicResponse {
  const tbsDer = basic.element(tags.SEQUENCE);
  const algorithm = readSignatureIdentifier(basic);
  const signature = basic.wholeBits(tags.BIT_STRING);
  const certs = basic.enterOptional(tags.contextConstructed(0))?.enter(tags.SEQUENCE);
  basic.end();
  const certificates = certs ? readCertificates(certs) : [];
  return { tbsDer, algorithm, signature, certificates, ...readResponseData(tbsDer) };
}

function readCertificates(certs: DerReader): Certificate[] {
  const certificates: Certificate[] = [];
  while (!certs.done) {
    if (certificates.length >= MAX_CERTIFICATES) {
      throw new CmsError('LIMIT_EXCEEDED', `${MAX_CERTIFICATES} certificates in an OCSPResponse`, 'more');
    }
    certificates.push(parseCertificate(certs.element(tags.SEQUENCE)));
  }
  return certificates;
}

/**
 * ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID CHOICE { byName [1], byKey [2] }, producedAt,
 *   responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT OPTIONAL }
 */
function readResponseData(tbsDer: Uint8Array) {
  const data = DerReader.of(tbsDer, tags.SEQUENCE, 'ResponseData');
  const version = data.enterOptional(tags.contextConstructed(0))?.smallUnsigned() ?? 0;
  if (version !== 0) throw new CmsError('UNSUPPORTED', 'ResponseData version 1', `${version + 1}`);
  const byName = data.enterOptional(tags.contextConstructed(1));
  const responder = byName
    ? { nameDer: byName.element(tags.SEQUENCE) }
    : { keyHash: data.enter(tags.contextConstructed(2)).content(tags.OCTET_STRING) };
  const producedAt = readGeneralizedTime(data);
  const responses = data.enter(tags.SEQUENCE);
  const statuses: OcspStatus[] = [];
  while (!responses.done) {
    if (statuses.length >= MAX_SINGLE_RESPONSES) throw new CmsError('LIMIT_EXCEEDED', '1000 single responses', 'more');
    statuses.push(readSingleResponse(responses));
  }
  const extensionsField = data.enterOptional(tags.contextConstructed(1));
  const extensions = extensionsField ? readExtensions(extensionsField) : new Map<string, Extension>();
  data.end();
  const nonce = readNonce(extensions);
  return { responder, producedAt, statuses, ...(nonce && { nonce }) };
}

/** Refuses critical extensions other than the nonce. */
function readNonce(extensions: ReadonlyMap<string, Extension>): Uint8Array | undefined {
  for (const [oid, { critical }] of extensions) {
    if (critical && oid !== oids.ID_PKIX_OCSP_NONCE) {
      throw new CmsError('UNSUPPORTED', 'no unknown critical extension in an OCSPResponse', oid);
    }
  }
  const extension = extensions.get(oids.ID_PKIX_OCSP_NONCE);
  if (!extension) return undefined;
  const reader = new DerReader(extension.value, 'OCSP nonce');
  const nonce = reader.content(tags.OCTET_STRING);
  reader.end();
  return nonce;
}

/** RFC 6960, 4.4.1: a responder need not answer with the nonce, but a caller that gives one asks for it. */
function assertNonce({ nonce }: BasicResponse, expected?: Uint8Array): void {
  if (!expected || (nonce && equalBytes(nonce, expected))) return;
  throw new CmsError('NONCE_MISMATCH', `nonce ${hexOf(expected)}`, nonce ? hexOf(nonce.subarray(0, 64)) : 'none');
}

function findSigner(response: BasicResponse, issuer: Certificate): { signer: Certificate; isDelegated: boolean } {
  const { responder, algorithm, tbsDer, signature } = response;
  assertDigestCounts(algorithm, response.producedAt);
  const isResponder = (candidate: Certificate): boolean =>
    'nameDer' in responder
      ? equalBytes(candidate.subjectDer, responder.nameDer)
      : equalBytes(identityHash(candidate, 'key', 'sha1'), responder.keyHash);
  const candidates = [issuer, ...response.certificates].filter(isResponder);
  if (candidates.length === 0) {
    throw new CmsError('RESPONDER', `an answer by ${issuer.subject} or its delegate, with its certificate`, 'another');
  }
  const signer = candidates.find(({ publicKey }) => verifyWithKey(publicKey, algorithm, tbsDer, signature));
  if (!signer) throw new CmsError('SIGNATURE_WRONG', `a signature by ${candidates[0]!.subject}`, 'a wrong one');
  const isDelegated = signer.sha256 !== issuer.sha256;
  if (isDelegated) assertMayAnswer(signer, issuer, response.producedAt);
  return { signer, isDelegated };
}

/** RFC 6960, 4.2.2.2: "issued directly by the CA", with id-kp-OCSPSigning; anyExtendedKeyUsage doesn't do. */
function assertMayAnswer(signer: Certificate, issuer: Certificate, producedAt: Date): void {
  if (!equalBytes(signer.issuerDer, issuer.subjectDer) || !isSignedBy(signer, issuer)) {
    throw new CmsError('RESPONDER', `a responder certified by ${issuer.subject}`, `one certified by ${signer.issuer}`);
  }
  if (!signer.extendedKeyUsage?.includes(oids.ID_KP_OCSP_SIGNING)) {
    const found = signer.extendedKeyUsage?.join(', ') ?? 'none';
    throw new CmsError('RESPONDER', `extendedKeyUsage OCSPSigning in ${signer.subject}`, found);
  }
  if (signer.keyUsage && !signer.keyUsage.has('digitalSignature') && !signer.keyUsage.has('nonRepudiation')) {
    throw new CmsError('RESPONDER', `keyUsage digitalSignature in ${signer.subject}`, [...signer.keyUsage].join(', '));
  }
  assertValidAt(signer, producedAt);
}
