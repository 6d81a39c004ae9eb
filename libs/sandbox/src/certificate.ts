import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import * as der from './der.js';
import { algorithms, oids, sandboxCertificatePolicy } from './oids.js';

/** A distinguished name as the sandbox writes it; the country is always VN. */
export interface DistinguishedName {
  readonly commonName: string;
  readonly organisation?: string;
  readonly organisationalUnit?: string;
  readonly locality?: string;
  readonly title?: string;
  readonly email?: string;
}

const rdn = (type: Uint8Array, value: Uint8Array): Buffer => der.setOf(der.sequence(type, value));

/** DER `Name` (RFC 5280, 4.1.2.4), one attribute in each RDN, most significant first. */
export function nameDer(name: DistinguishedName): Buffer {
  const text = (type: Uint8Array, value: string | undefined): Buffer[] =>
    value === undefined ? [] : [rdn(type, der.utf8String(value.normalize('NFC')))];
  return der.sequence(
    rdn(oids.country, der.printableString('VN')),
    ...text(oids.locality, name.locality),
    ...text(oids.organisation, name.organisation),
    ...text(oids.organisationalUnit, name.organisationalUnit),
    ...text(oids.title, name.title),
    ...text(oids.commonName, name.commonName),
    ...(name.email === undefined ? [] : [rdn(oids.emailAddress, der.ia5String(name.email))]),
  );
}

/** A certificate with the key that signs for it: an authority, a responder, a time-stamping unit. */
export interface Identity {
  readonly certificateDer: Buffer;
  readonly subjectDer: Buffer;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

/** What one certificate of the sandbox is for. Bits and extensions follow from it. */
export type CertificateProfile =
  | 'ca'
  | 'document-signer'
  | 'timestamp-unit'
  | 'ocsp-responder'
  /** May sign, but is neither a responder nor a time-stamping unit: for the lies that a verifier has to find. */
  | 'bystander';

export interface CertificateRequest {
  readonly profile: CertificateProfile;
  readonly subjectDer: Buffer;
  readonly email?: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyDer: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly urls: { readonly ocsp?: string; readonly caIssuers?: string; readonly crl?: string };
  readonly pathLength?: number;
}

/** SHA-1 of the key bits: method 1 of RFC 5280, 4.2.1.2; also byKey of an OCSP ResponderID (RFC 6960, 4.2.1). */
export function keyIdentifier(publicKeyDer: Buffer): Buffer {
  const [, bits] = der.children(der.readNode(publicKeyDer));
  return createHash('sha1').update(der.expectTag(bits, 0x03).contents.subarray(1)).digest();
}

/** A positive serial number of 16 octets (RFC 5280, 4.1.2.2), as INTEGER contents. */
export function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/**
 * Issues a certificate (RFC 5280, 4.1). `issuer` undefined: self-signed with `selfKey`.
 *
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature BIT STRING }
 */
export function issueCertificate(
  request: CertificateRequest,
  issuer: Identity | { readonly selfKey: KeyObject },
): { certificateDer: Buffer; serial: Buffer } {
  const serial = newSerial();
  const own = 'selfKey' in issuer;
  const issuerKeyId = own ? keyIdentifier(request.publicKeyDer) : issuer.keyId;
  const tbs = der.sequence(
    der.context(0, der.integer(2)),
    der.unsignedInteger(serial),
    algorithms.sha256WithRsa,
    own ? request.subjectDer : issuer.subjectDer,
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    request.subjectDer,
    request.publicKeyDer,
    der.context(3, der.sequence(...extensions(request, issuerKeyId))),
  );
  return { certificateDer: signed(tbs, own ? issuer.selfKey : issuer.key), serial };
}

/** SEQUENCE { tbs, sha256WithRSAEncryption, signature }: the shape of certificates and CRLs alike. */
export function signed(tbs: Buffer, key: KeyObject): Buffer {
  return der.sequence(tbs, algorithms.sha256WithRsa, der.bitString(sign('sha256', tbs, key)));
}

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
export function extension(id: Uint8Array, value: Uint8Array, critical = false): Buffer {
  return der.sequence(id, ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

// Bits of KeyUsage (RFC 5280, 4.2.1.3).
const digitalSignature = 0;
const nonRepudiation = 1;
const keyCertSign = 5;
const crlSign = 6;

const keyUsages: Readonly<Record<CertificateProfile, readonly number[]>> = {
  ca: [keyCertSign, crlSign],
  'document-signer': [digitalSignature, nonRepudiation],
  'timestamp-unit': [digitalSignature, nonRepudiation],
  'ocsp-responder': [digitalSignature],
  bystander: [digitalSignature],
};

function extensions(request: CertificateRequest, issuerKeyId: Buffer): Buffer[] {
  const { profile, urls } = request;
  const out = [
    extension(oids.keyUsage, der.namedBits(...keyUsages[profile]), true),
    extension(oids.subjectKeyIdentifier, der.octetString(keyIdentifier(request.publicKeyDer))),
    extension(oids.authorityKeyIdentifier, der.sequence(der.contextPrimitive(0, issuerKeyId))),
  ];
  if (profile === 'ca') {
    const pathLength = request.pathLength === undefined ? [] : [der.integer(request.pathLength)];
    out.push(extension(oids.basicConstraints, der.sequence(der.boolean(true), ...pathLength), true));
  }
  // RFC 3161, 2.3: the one purpose of the certificate, and critical.
  if (profile === 'timestamp-unit') out.push(extension(oids.extendedKeyUsage, der.sequence(oids.timeStamping), true));
  if (profile === 'bystander') out.push(extension(oids.extendedKeyUsage, der.sequence(oids.emailProtection)));
  if (profile === 'ocsp-responder') {
    out.push(extension(oids.extendedKeyUsage, der.sequence(oids.ocspSigning)));
    // RFC 6960, 4.2.2.2.1: nobody is asked about the responder itself.
    out.push(extension(oids.ocspNoCheck, der.nullValue));
  }
  if (profile === 'document-signer')
    out.push(
      extension(oids.certificatePolicies, der.sequence(der.sequence(der.objectIdentifier(sandboxCertificatePolicy)))),
    );
  if (request.email !== undefined)
    out.push(
      extension(oids.subjectAltName, der.sequence(der.contextPrimitive(1, Buffer.from(request.email, 'latin1')))),
    );
  const access = [
    ...(urls.ocsp === undefined ? [] : [der.sequence(oids.accessOcsp, uri(urls.ocsp))]),
    ...(urls.caIssuers === undefined ? [] : [der.sequence(oids.accessCaIssuers, uri(urls.caIssuers))]),
  ];
  if (access.length > 0) out.push(extension(oids.authorityInfoAccess, der.sequence(...access)));
  if (urls.crl !== undefined)
    // DistributionPoint { distributionPoint [0] { fullName [0] GeneralNames } }
    out.push(
      extension(oids.crlDistributionPoints, der.sequence(der.sequence(der.context(0, der.context(0, uri(urls.crl)))))),
    );
  return out;
}

/** GeneralName uniformResourceIdentifier [6]. */
const uri = (url: string): Buffer => der.contextPrimitive(6, Buffer.from(url, 'latin1'));

/** PEM of one certificate. */
export function certificatePem(certificateDer: Uint8Array): string {
  const base64 = Buffer.from(certificateDer).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

/** DER of the first certificate of a PEM text. */
export function certificateDerOf(pem: string): Buffer {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined) throw new Error('expected a PEM certificate');
  return Buffer.from(base64, 'base64');
}

/** The DER of the parts of a certificate that its issuer's records need. */
export function certificateParts(certificateDer: Buffer): { serial: Buffer; subjectDer: Buffer; publicKeyDer: Buffer } {
  const [tbs] = der.children(der.readNode(certificateDer));
  const [, serial, , , , subject, publicKey] = der.children(der.expectTag(tbs, 0x30));
  return {
    serial: der.expectTag(serial, 0x02).contents,
    subjectDer: der.expectTag(subject, 0x30).der,
    publicKeyDer: der.expectTag(publicKey, 0x30).der,
  };
}
