import { createHash, randomBytes, type KeyObject, type webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { derOf, engine, extension, keyIdentifierValue, signingKeyOf, timeOf } from './issuance.js';
import { oids, sandboxCertificatePolicy } from './oids.js';

/** A certificate with the key that signs for it: an authority, a responder, a time-stamping unit. */
export interface Identity {
  readonly certificate: pkijs.Certificate;
  readonly certificateDer: Buffer;
  /** For the time-stamp authority, which signs synchronously. */
  readonly key: KeyObject;
  /** The same key for pkijs. */
  readonly signingKey: webcrypto.CryptoKey;
  readonly keyId: Buffer;
}

/** An identity from the DER of its certificate and its software key. Throws where the DER is no certificate. */
export async function identityOf(certificateDer: Buffer, key: KeyObject): Promise<Identity> {
  const certificate = pkijs.Certificate.fromBER(certificateDer);
  const keyId = keyIdentifier(certificate.subjectPublicKeyInfo);
  return { certificate, certificateDer, key, signingKey: await signingKeyOf(key), keyId };
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
  readonly subject: pkijs.RelativeDistinguishedNames;
  readonly email?: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyDer: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly urls: { readonly ocsp?: string; readonly caIssuers?: string; readonly crl?: string };
  readonly pathLength?: number;
}

/** A certificate that was just issued. */
export interface NewCertificate {
  readonly certificate: pkijs.Certificate;
  readonly certificateDer: Buffer;
  /** INTEGER contents, hexadecimal. */
  readonly serial: string;
}

/** SHA-1 of the key bits: method 1 of RFC 5280, 4.2.1.2; also byKey of an OCSP ResponderID (RFC 6960, 4.2.1). */
export function keyIdentifier(publicKey: pkijs.PublicKeyInfo): Buffer {
  return createHash('sha1').update(publicKey.subjectPublicKey.valueBlock.valueHexView).digest();
}

/** A positive serial number of 16 octets (RFC 5280, 4.1.2.2), as INTEGER contents. */
function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/**
 * Issues a certificate (RFC 5280, 4.1), signed by `issuer`, or with `selfKey` by itself.
 *
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature BIT STRING }
 */
export async function issueCertificate(
  request: CertificateRequest,
  issuer: Identity | { readonly selfKey: KeyObject },
): Promise<NewCertificate> {
  const own = 'selfKey' in issuer;
  const serial = newSerial();
  const subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(request.publicKeyDer);
  const keyId = keyIdentifier(subjectPublicKeyInfo);
  const certificate = new pkijs.Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: serial }),
    issuer: own ? request.subject : issuer.certificate.subject,
    notBefore: timeOf(request.notBefore),
    notAfter: timeOf(request.notAfter),
    subject: request.subject,
    subjectPublicKeyInfo,
    extensions: extensions(request, { keyId, issuerKeyId: own ? keyId : issuer.keyId }),
  });
  await certificate.sign(own ? await signingKeyOf(issuer.selfKey) : issuer.signingKey, 'SHA-256', engine);
  return { certificate, certificateDer: derOf(certificate.toSchema(true)), serial: serial.toString('hex') };
}

// KeyUsage (RFC 5280, 4.2.1.3): the octet, and how many of its bits are unused; DER drops trailing zeros.
const digitalSignature = { octet: 0b1000_0000, unusedBits: 7 };
const signatureAndNonRepudiation = { octet: 0b1100_0000, unusedBits: 6 };
const keyCertSignAndCrlSign = { octet: 0b0000_0110, unusedBits: 1 };

const keyUsages: Readonly<Record<CertificateProfile, { readonly octet: number; readonly unusedBits: number }>> = {
  ca: keyCertSignAndCrlSign,
  'document-signer': signatureAndNonRepudiation,
  'timestamp-unit': signatureAndNonRepudiation,
  'ocsp-responder': digitalSignature,
  bystander: digitalSignature,
};

function extensions(request: CertificateRequest, keyIds: { keyId: Buffer; issuerKeyId: Buffer }): pkijs.Extension[] {
  const { profile, urls } = request;
  const { octet, unusedBits } = keyUsages[profile];
  const out = [
    extension(oids.keyUsage, new asn1js.BitString({ valueHex: Uint8Array.of(octet), unusedBits }), true),
    extension(oids.subjectKeyIdentifier, new asn1js.OctetString({ valueHex: keyIds.keyId })),
    extension(oids.authorityKeyIdentifier, keyIdentifierValue(keyIds.issuerKeyId)),
  ];
  if (profile === 'ca') {
    const pathLength = request.pathLength === undefined ? {} : { pathLenConstraint: request.pathLength };
    out.push(
      extension(oids.basicConstraints, new pkijs.BasicConstraints({ cA: true, ...pathLength }).toSchema(), true),
    );
  }
  // RFC 3161, 2.3: the one purpose of the certificate, and critical.
  if (profile === 'timestamp-unit') out.push(extension(oids.extendedKeyUsage, purpose(oids.timeStamping), true));
  if (profile === 'bystander') out.push(extension(oids.extendedKeyUsage, purpose(oids.emailProtection)));
  if (profile === 'ocsp-responder') {
    out.push(extension(oids.extendedKeyUsage, purpose(oids.ocspSigning)));
    // RFC 6960, 4.2.2.2.1: nobody is asked about the responder itself.
    out.push(extension(oids.ocspNoCheck, new asn1js.Null()));
  }
  if (profile === 'document-signer') {
    const policy = new pkijs.PolicyInformation({ policyIdentifier: sandboxCertificatePolicy });
    const policies = new pkijs.CertificatePolicies({ certificatePolicies: [policy] });
    out.push(extension(oids.certificatePolicies, policies.toSchema()));
  }
  if (request.email !== undefined) {
    const names = new pkijs.GeneralNames({
      names: [new pkijs.GeneralName({ type: rfc822Name, value: request.email })],
    });
    out.push(extension(oids.subjectAltName, names.toSchema()));
  }
  const access = [
    ...(urls.ocsp === undefined ? [] : [accessDescription(oids.accessOcsp, urls.ocsp)]),
    ...(urls.caIssuers === undefined ? [] : [accessDescription(oids.accessCaIssuers, urls.caIssuers)]),
  ];
  if (access.length > 0)
    out.push(extension(oids.authorityInfoAccess, new pkijs.InfoAccess({ accessDescriptions: access }).toSchema()));
  if (urls.crl !== undefined) {
    const point = new pkijs.DistributionPoint({ distributionPoint: [uri(urls.crl)] });
    const points = new pkijs.CRLDistributionPoints({ distributionPoints: [point] });
    out.push(extension(oids.crlDistributionPoints, points.toSchema()));
  }
  return out;
}

// Choices of GeneralName (RFC 5280, 4.2.1.6).
const rfc822Name = 1;
const uniformResourceIdentifier = 6;

const uri = (value: string): pkijs.GeneralName => new pkijs.GeneralName({ type: uniformResourceIdentifier, value });

const accessDescription = (accessMethod: string, url: string): pkijs.AccessDescription =>
  new pkijs.AccessDescription({ accessMethod, accessLocation: uri(url) });

const purpose = (id: string): asn1js.Sequence => new pkijs.ExtKeyUsage({ keyPurposes: [id] }).toSchema();
