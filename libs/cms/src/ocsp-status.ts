import { type Certificate, identityHash } from './certificate.js';
import * as tags from './der-tags.js';
import type { DerReader } from './der-reader.js';
import { equalBytes, hexOf } from './digest.js';
import { CmsError } from './errors.js';
import { readExtensions } from './extensions.js';
import { type RevocationProof, readReason } from './revocation.js';
import { readDigestIdentifier } from './signature-algorithm.js';
import { readGeneralizedTime } from './time.js';

/** One SingleResponse: what is said, and about which certificate. */
export interface OcspStatus extends Omit<RevocationProof, 'producedAt' | 'certificates'> {
  /** Whether its CertID names this certificate of this issuer. */
  readonly isAbout: (certificate: Certificate, issuer: Certificate) => boolean;
}

/**
 * SingleResponse ::= SEQUENCE { certID, certStatus CHOICE { good [0], revoked [1], unknown [2] }, thisUpdate,
 *   nextUpdate [0] EXPLICIT OPTIONAL, singleExtensions [1] EXPLICIT OPTIONAL }  (RFC 6960, 4.2.1)
 *
 * Throws MALFORMED, UNSUPPORTED (critical extensions).
 */
export function readSingleResponse(responses: DerReader): OcspStatus {
  const single = responses.enter(tags.SEQUENCE);
  const isAbout = readCertId(single.enter(tags.SEQUENCE));
  const status = readCertStatus(single);
  const thisUpdate = readGeneralizedTime(single);
  const nextUpdateField = single.enterOptional(tags.contextConstructed(0));
  const nextUpdate = nextUpdateField && readGeneralizedTime(nextUpdateField);
  const extensionsField = single.enterOptional(tags.contextConstructed(1));
  if (extensionsField) assertNoneCritical(extensionsField);
  single.end();
  return { isAbout, ...status, thisUpdate, ...(nextUpdate && { nextUpdate }) };
}

/** CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }; SHA-1 and SHA-256 are known. */
function readCertId(certId: DerReader): OcspStatus['isAbout'] {
  const algorithm = readDigestIdentifier(certId);
  const nameHash = certId.content(tags.OCTET_STRING);
  const keyHash = certId.content(tags.OCTET_STRING);
  const serialNumber = hexOf(certId.integerOctets());
  certId.end();
  if (algorithm !== 'sha1' && algorithm !== 'sha256') return () => false;
  return (certificate, issuer) =>
    certificate.serialNumber === serialNumber &&
    equalBytes(identityHash(issuer, 'name', algorithm), nameHash) &&
    equalBytes(identityHash(issuer, 'key', algorithm), keyHash);
}

function readCertStatus(single: DerReader): Pick<RevocationProof, 'status' | 'revokedAt' | 'reason'> {
  const tag = single.peek();
  if (tag === tags.contextPrimitive(0) || tag === tags.contextPrimitive(2)) {
    if (single.content(tag).length > 0) throw single.malformed('NULL as certStatus', 'content');
    return { status: tag === tags.contextPrimitive(0) ? 'good' : 'unknown' };
  }
  // RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
  const revoked = single.enter(tags.contextConstructed(1));
  const revokedAt = readGeneralizedTime(revoked);
  const reasonField = revoked.enterOptional(tags.contextConstructed(0));
  const reason = reasonField && readReason(reasonField);
  revoked.end();
  return { status: 'revoked', revokedAt, ...(reason !== undefined && { reason }) };
}

function assertNoneCritical(field: DerReader): void {
  for (const [oid, { critical }] of readExtensions(field)) {
    if (critical) throw new CmsError('UNSUPPORTED', 'no critical extension in a SingleResponse', oid);
  }
}
