import type { Certificate } from './certificate.js';
import { SET } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { byEncoding, setOf } from './der-writer.js';
import { type DigestAlgorithm, equalBytes } from './digest.js';
import { CmsError } from './errors.js';
import * as oids from './oids.js';
import type { SignatureScheme } from './signature-algorithm.js';
import {
  type SignedData,
  type SignerInfo,
  assertAlgorithmProtection,
  assertContentType,
  messageDigest,
  readSignedData,
  signatureMatches,
  signerCandidates,
} from './signed-data.js';
import { type SigningCertificateCheck, checkSigningCertificate } from './signing-certificate.js';

/** Result of checking one CAdES signature against a document digest; the chain is the caller's to judge. */
export interface CadesCheck {
  readonly signer: Certificate;
  readonly certificates: readonly Certificate[];
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** messageDigest attribute equals the digest given. */
  readonly digestMatches: boolean;
  /** Signature over signedAttrs verifies with the signer's key. */
  readonly signatureMatches: boolean;
  /** ESS signing-certificate(-v2) present and equal to the signer (RFC 5035). */
  readonly signingCertificate: 'v2' | 'v1' | 'absent' | 'mismatch';
  readonly hasSigningTimeAttribute: boolean;
  /** The raw signature value, what a signature time-stamp covers. */
  readonly signatureValue: Uint8Array;
  /** The first signature time-stamp token. */
  readonly timestampTokenDer?: Uint8Array;
  /** Deviations from ETSI EN 319 142-1 baseline that do not break the cryptography; English, each with its clause. */
  readonly formatIssues: readonly string[];
}

/**
 * Checks one detached signature of a PDF. `digestFor` is asked once for the document's digest in the algorithm that the CMS
 * names. Takes DER, and BER of indefinite length (padded with zeros, as in /Contents).
 *
 * Throws MALFORMED, LIMIT_EXCEEDED; UNSUPPORTED (several signers, content inside, no signed attributes, SHA-1 and unknown
 * algorithms); SIGNING_CERTIFICATE (the signer's certificate is not in the CMS); CONSTRAINT (content-type or
 * cms-algorithm-protection disagree with the rest).
 */
export async function checkCades(
  cmsDer: Uint8Array,
  digestFor: (algorithm: DigestAlgorithm) => Promise<Uint8Array>,
): Promise<CadesCheck> {
  const signedData = readSignedData(cmsDer, 'CMS');
  const { signer } = signedData;
  // The signature would be over what is inside, whatever stands in the document.
  if (signedData.content) throw new CmsError('UNSUPPORTED', 'a detached signature (no eContent)', 'content inside');
  assertContentType(signedData);
  assertAlgorithmProtection(signer);
  const { certificate, ess } = findSigner(signedData);
  const expected = messageDigest(signer);
  const orderedAttrs = inDerOrder(signer.signedAttrsDer);
  const isDerOrder = orderedAttrs === signer.signedAttrsDer;
  const timestamps = signer.unsignedAttrs.get(oids.ID_AA_SIGNATURE_TIME_STAMP);
  const signatureIsRight =
    signatureMatches(signer, certificate) ||
    // RFC 5652, 5.4 signs the DER encoding, whatever order was transmitted.
    (!isDerOrder && signatureMatches({ ...signer, signedAttrsDer: orderedAttrs }, certificate));
  return {
    signer: certificate,
    certificates: signedData.certificates,
    scheme: signer.signatureAlgorithm.scheme,
    digestAlgorithm: signer.digestAlgorithm,
    digestMatches: equalBytes(expected, await digestFor(signer.digestAlgorithm)),
    signatureMatches: signatureIsRight,
    signingCertificate: ess.result,
    hasSigningTimeAttribute: signer.signedAttrs.has(oids.ID_SIGNING_TIME),
    signatureValue: signer.signature,
    ...(timestamps?.[0] && { timestampTokenDer: timestamps[0] }),
    formatIssues: formatIssues(signedData, ess, isDerOrder),
  };
}

/** Among certificates of one issuer and serial number the signing-certificate attribute decides (RFC 5035, 4). */
function findSigner(signedData: SignedData): { certificate: Certificate; ess: SigningCertificateCheck } {
  const candidates = signerCandidates(signedData).map((certificate) => ({
    certificate,
    ess: checkSigningCertificate(signedData.signer.signedAttrs, certificate),
  }));
  const found = candidates.find(({ ess }) => ess.result !== 'mismatch') ?? candidates[0];
  if (!found) throw new CmsError('SIGNING_CERTIFICATE', "the signer's certificate in the CMS", 'not there');
  return found;
}

/** The same object when the attributes are in DER order already. */
function inDerOrder(signedAttrsDer: Uint8Array): Uint8Array {
  const reader = DerReader.of(signedAttrsDer, SET, 'signedAttrs');
  const attributes: Uint8Array[] = [];
  while (!reader.done) attributes.push(reader.element());
  const ordered = attributes.every((attribute, i) => i === 0 || byEncoding(attributes[i - 1]!, attribute) <= 0);
  return ordered ? signedAttrsDer : setOf(...attributes);
}

/** Attributes that have no place in the CMS of a PAdES signature. */
const unwanted = new Map([
  [oids.ID_SIGNING_TIME, 'signing-time attribute (ETSI EN 319 142-1, 6.3)'],
  [oids.ID_COUNTERSIGNATURE, 'counter-signature attribute (ETSI TS 102 778-3, 4.5.4)'],
  [oids.ID_AA_CONTENT_REFERENCE, 'content-reference attribute (ETSI TS 102 778-3, 4.5.5)'],
]);

function formatIssues(signedData: SignedData, ess: SigningCertificateCheck, isDerOrder: boolean): string[] {
  const { signer } = signedData;
  const issues: string[] = [];
  const note = (isSo: boolean, text: string): void => void (isSo && issues.push(text));
  note(signedData.indefiniteLength, 'the CMS is not DER: indefinite lengths (ISO 32000-2, 12.8.3.3.1)');
  note(!isDerOrder, 'signed attributes not in DER order (RFC 5652, 5.3)');
  note(signedData.contentType !== oids.ID_DATA, 'content type is not id-data (ETSI EN 319 142-1, 6.3)');
  note(!hasExpectedVersions(signedData, signer), 'version of SignedData or SignerInfo (RFC 5652, 5.1 and 5.3)');
  note(signedData.unreadableCertificates > 0, 'certificates in the CMS that are not readable X.509 (RFC 5652, 10.2.2)');
  note(ess.result === 'absent', 'no signing-certificate attribute (ETSI EN 319 142-1, 6.3)');
  note(ess.result === 'v1', 'signing-certificate with SHA-1 (ETSI EN 319 122-1, 5.2.2.2)');
  note(!ess.issuerSerialMatches, 'issuerSerial of signing-certificate names another (ETSI EN 319 122-1, 5.2.2.3)');
  for (const [oid, text] of unwanted) note(signer.signedAttrs.has(oid) || signer.unsignedAttrs.has(oid), text);
  return issues;
}

/** Version 1 for id-data and issuerAndSerialNumber, else 3 (RFC 5652, 5.1 and 5.3). */
function hasExpectedVersions({ version, contentType }: SignedData, signer: SignerInfo): boolean {
  const signerVersion = signer.sid.kind === 'issuerAndSerialNumber' ? 1 : 3;
  const expected = signerVersion === 3 || contentType !== oids.ID_DATA ? 3 : 1;
  return signer.version === signerVersion && version === expected;
}
