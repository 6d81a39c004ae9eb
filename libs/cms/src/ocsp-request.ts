import { type Certificate, identityHash } from './certificate.js';
import { contextConstructed } from './der-tags.js';
import { nullValue, objectIdentifier, octetString, sequence, tlv } from './der-writer.js';
import * as oids from './oids.js';

/**
 * OCSPRequest ::= SEQUENCE { tbsRequest SEQUENCE { requestList SEQUENCE OF SEQUENCE { reqCert CertID },
 *   requestExtensions [2] OPTIONAL } }  (RFC 6960, 4.1.1), DER, unsigned, for one certificate.
 *
 * CertID uses SHA-1, which only names the issuer here and is what every responder knows (RFC 5019, 2.1.1: "MUST use SHA1").
 * `nonce`: 32 octets are recommended, 1 to 128 allowed (RFC 9654, 2.1).
 */
export function createOcspRequest(certificate: Certificate, issuer: Certificate, nonce?: Uint8Array): Uint8Array {
  const certId = sequence(
    sequence(objectIdentifier(oids.ID_SHA1), nullValue()),
    octetString(identityHash(issuer, 'name', 'sha1')),
    octetString(identityHash(issuer, 'key', 'sha1')),
    tlv(0x02, Buffer.from(certificate.serialNumber, 'hex')),
  );
  const extensions = nonce
    ? [tlv(contextConstructed(2), sequence(sequence(objectIdentifier(oids.ID_PKIX_OCSP_NONCE), nonceValue(nonce))))]
    : [];
  return sequence(sequence(sequence(sequence(certId)), ...extensions));
}

/** The extension's value is an OCTET STRING, inside the OCTET STRING of every extension (RFC 9654, 2.1). */
const nonceValue = (nonce: Uint8Array): Uint8Array => octetString(octetString(nonce));
