import { BOOLEAN, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, contextConstructed } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { booleanTrue, integer, objectIdentifier, octetString, sequence } from './der-writer.js';
import type { DigestAlgorithm } from './digest.js';
import { CmsError } from './errors.js';
import { digestIdentifier, readStrongDigestIdentifier } from './signature-algorithm.js';
import { assertDigestLength } from './signature-value.js';

/** What is asked of a time-stamping authority (RFC 3161, 2.4.1). */
export interface TimestampRequest {
  /** The digest to be stamped, in `digestAlgorithm`. */
  readonly messageImprint: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  /** At most 256 bits. */
  readonly nonce?: bigint;
  /** Dotted OID. */
  readonly policy?: string;
  /** Whether the token shall carry the TSA's certificate. */
  readonly certReq: boolean;
}

/** A request has some hundred bytes; stops a body that is something else. */
const MAX_REQUEST_BYTES = 4_096;
const MAX_NONCE_OCTETS = 32;

/**
 * TimeStampReq ::= SEQUENCE { version INTEGER {v1(1)}, messageImprint, reqPolicy OPTIONAL, nonce INTEGER OPTIONAL,
 *   certReq BOOLEAN DEFAULT FALSE, extensions [0] OPTIONAL }, DER. Throws MALFORMED for a digest of another length.
 */
export function createTimestampRequest(request: TimestampRequest): Uint8Array {
  assertDigestLength(request.digestAlgorithm, request.messageImprint);
  return sequence(
    integer(1),
    sequence(digestIdentifier(request.digestAlgorithm), octetString(request.messageImprint)),
    ...(request.policy === undefined ? [] : [objectIdentifier(request.policy)]),
    ...(request.nonce === undefined ? [] : [integer(request.nonce)]),
    ...(request.certReq ? [booleanTrue()] : []),
  );
}

/**
 * Reads a TimeStampReq. Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED (version, SHA-1 or an unknown digest, extensions:
 * RFC 3161 has a server refuse those that it doesn't know).
 */
export function parseTimestampRequest(der: Uint8Array): TimestampRequest {
  if (der.length > MAX_REQUEST_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `TimeStampReq of at most ${MAX_REQUEST_BYTES} bytes`, `${der.length}`);
  }
  const reader = DerReader.of(der, SEQUENCE, 'TimeStampReq');
  const version = reader.smallUnsigned();
  if (version !== 1) throw new CmsError('UNSUPPORTED', 'TimeStampReq version 1', `${version}`);
  const imprint = readMessageImprint(reader);
  const policy = reader.peek() === OBJECT_IDENTIFIER ? reader.oid() : undefined;
  const nonce = reader.peek() === INTEGER ? reader.unsigned(MAX_NONCE_OCTETS) : undefined;
  const certReq = reader.peek() === BOOLEAN && reader.boolean();
  if (reader.peek() === contextConstructed(0)) throw new CmsError('UNSUPPORTED', 'no extensions', 'extensions');
  reader.end();
  return {
    ...imprint,
    ...(nonce !== undefined && { nonce }),
    ...(policy !== undefined && { policy }),
    certReq,
  };
}

/** MessageImprint ::= SEQUENCE { hashAlgorithm, hashedMessage OCTET STRING }. Throws MALFORMED, UNSUPPORTED. */
export function readMessageImprint(reader: DerReader): {
  digestAlgorithm: DigestAlgorithm;
  messageImprint: Uint8Array;
} {
  const imprint = reader.enter(SEQUENCE);
  const digestAlgorithm = readStrongDigestIdentifier(imprint);
  const messageImprint = Uint8Array.from(imprint.content(OCTET_STRING));
  imprint.end();
  assertDigestLength(digestAlgorithm, messageImprint);
  return { digestAlgorithm, messageImprint };
}

/** A nonce field as requests and tokens have it. */
export const readNonce = (reader: DerReader): bigint => reader.unsigned(MAX_NONCE_OCTETS);
