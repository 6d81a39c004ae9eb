import type { Certificate } from './certificate.js';
import { DerReader } from './der-reader.js';
import { OCTET_STRING, SEQUENCE } from './der-tags.js';
import { objectIdentifier, octetString, sequence, setOf } from './der-writer.js';
import { type AnyDigestAlgorithm, type DigestAlgorithm, digestBytes, equalBytes, hexOf } from './digest.js';
import { readGeneralNames } from './general-name.js';
import * as oids from './oids.js';
import { digestIdentifier, readDigestIdentifier } from './signature-algorithm.js';
import { type Attributes, singleValue } from './signed-data.js';

/**
 * SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies OPTIONAL }
 * ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT {id-sha256}, certHash OCTET STRING, issuerSerial OPTIONAL }
 *   (RFC 5035, 3 and 4)
 *
 * One identifier, of the signer. hashAlgorithm is left out for SHA-256 (DER writes no DEFAULT). issuerSerial is left out:
 * ETSI EN 319 122-1, 6.3 g: "should not be included"; policies too: 5.2.2.3: "shall not be used".
 */
export function signingCertificateV2(signer: Certificate, digestAlgorithm: DigestAlgorithm): Uint8Array {
  const certHash = octetString(digestBytes(digestAlgorithm, signer.der));
  const certId =
    digestAlgorithm === 'sha256' ? sequence(certHash) : sequence(digestIdentifier(digestAlgorithm), certHash);
  return sequence(objectIdentifier(oids.ID_AA_SIGNING_CERTIFICATE_V2), setOf(sequence(sequence(certId))));
}

/** First identifier of a signing-certificate attribute: it must be the signer's (RFC 5035, 4). */
interface CertificateIdentifier {
  readonly version: 'v1' | 'v2';
  readonly hashAlgorithm: AnyDigestAlgorithm;
  readonly certHash: Uint8Array;
  /** DER of the issuer's directory name, and the serial number; a hint (ETSI EN 319 122-1, 5.2.2.3, note 2). */
  readonly issuerSerial?: { issuerDer?: Uint8Array; serialNumber: string };
}

/** What the signing-certificate attributes say of a certificate. */
export interface SigningCertificateCheck {
  readonly result: 'v2' | 'v1' | 'absent' | 'mismatch';
  /** False where issuerSerial is there and names another certificate. */
  readonly issuerSerialMatches: boolean;
}

/** Checks ESS signing-certificate (SHA-1) and signing-certificate-v2; where both are there both must be right. Throws MALFORMED. */
export function checkSigningCertificate(signedAttrs: Attributes, signer: Certificate): SigningCertificateCheck {
  const identifiers = readIdentifiers(signedAttrs);
  const [preferred] = identifiers;
  if (preferred === undefined) return { result: 'absent', issuerSerialMatches: true };
  const hashesMatch = identifiers.every(({ hashAlgorithm, certHash }) =>
    equalBytes(digestBytes(hashAlgorithm, signer.der), certHash),
  );
  return {
    result: hashesMatch ? preferred.version : 'mismatch',
    issuerSerialMatches: identifiers.every((identifier) => issuerSerialMatches(identifier, signer)),
  };
}

function readIdentifiers(signedAttrs: Attributes): CertificateIdentifier[] {
  const v2 = singleValue(signedAttrs, oids.ID_AA_SIGNING_CERTIFICATE_V2, 'signing-certificate-v2');
  const v1 = singleValue(signedAttrs, oids.ID_AA_SIGNING_CERTIFICATE, 'signing-certificate');
  return [...(v2 ? [readIdentifier(v2, 'v2')] : []), ...(v1 ? [readIdentifier(v1, 'v1')] : [])];
}

function readIdentifier(value: Uint8Array, version: 'v1' | 'v2'): CertificateIdentifier {
  const certs = DerReader.of(value, SEQUENCE, 'signing-certificate').enter(SEQUENCE);
  const identifier = certs.enter(SEQUENCE);
  const stated = version === 'v2' && identifier.peek() === SEQUENCE;
  const defaultAlgorithm = version === 'v2' ? 'sha256' : 'sha1';
  const hashAlgorithm = stated ? readDigestIdentifier(identifier) : defaultAlgorithm;
  const certHash = identifier.content(OCTET_STRING);
  const issuerSerial = identifier.enterOptional(SEQUENCE);
  identifier.end();
  return { version, hashAlgorithm, certHash, ...(issuerSerial && { issuerSerial: readIssuerSerial(issuerSerial) }) };
}

/** IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber } (RFC 5035, 5). */
function readIssuerSerial(reader: DerReader): { issuerDer?: Uint8Array; serialNumber: string } {
  const [issuer] = readGeneralNames(reader.enter(SEQUENCE));
  const serialNumber = hexOf(reader.integerOctets());
  reader.end();
  return { serialNumber, ...(issuer?.form === 'directoryName' && { issuerDer: issuer.der }) };
}

function issuerSerialMatches({ issuerSerial }: CertificateIdentifier, signer: Certificate): boolean {
  if (!issuerSerial) return true;
  const { issuerDer, serialNumber } = issuerSerial;
  return serialNumber === signer.serialNumber && issuerDer !== undefined && equalBytes(issuerDer, signer.issuerDer);
}
