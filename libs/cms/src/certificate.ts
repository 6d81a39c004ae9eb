import { type KeyObject, X509Certificate } from 'node:crypto';
import { BoundedCache } from './bounded-cache.js';
import { type CertificateExtensions, readCertificateExtensions } from './certificate-extensions.js';
import { BIT_STRING, SEQUENCE, contextConstructed, contextPrimitive } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { digestBytes, equalBytes, hexOf, sha256Hex } from './digest.js';
import { CmsError } from './errors.js';
import { readExtensions } from './extensions.js';
import { type Name, lastValue, nameText, readName } from './name.js';
import * as oids from './oids.js';
import { readTime } from './time.js';

/** A parsed certificate (RFC 5280); parsed once and kept by hash. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Of the whole DER, hexadecimal, lower case. */
  readonly sha256: string;
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  /** RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  /** The most specific commonName; without one the organisation, else the whole subject. */
  readonly commonName: string;
  readonly organisation?: string;
  /** rfc822Name of subjectAltName, else emailAddress of the subject. */
  readonly email?: string;
  readonly issuerCommonName: string;
  /** Hexadecimal, lower case, no leading zeros beyond DER's. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  /** Subject and issuer are the same name. */
  readonly selfIssued: boolean;
  readonly pathLength?: number;
  /** undefined: extension absent. Names as in RFC 5280, 4.2.1.3. */
  readonly keyUsage?: ReadonlySet<string>;
  /** Dotted OIDs; undefined: extension absent. */
  readonly extendedKeyUsage?: readonly string[];
  readonly extendedKeyUsageCritical: boolean;
  readonly ocspUrls: readonly string[];
  readonly crlUrls: readonly string[];
  readonly caIssuersUrls: readonly string[];
  /** id-pkix-ocsp-nocheck present (RFC 6960, 4.2.2.2.1). */
  readonly ocspNoCheck: boolean;
  /** Hexadecimal, lower case. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Such as RSA-2048 or EC-P-256. */
  readonly keyDescription: string;
}

/** What other modules here need of a certificate beyond its public face. */
export interface CertificateDetails {
  readonly subjectName: Name;
  readonly extensions: CertificateExtensions;
  /** OID in signatureAlgorithm. */
  readonly signatureOid: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spkiDer: Uint8Array;
  /** Content of subjectPublicKey without the octet of unused bits: what key hashes are taken over (RFC 6960, 4.1.1). */
  readonly publicKeyBits: Uint8Array;
}

/** Real ones have a few kilobytes; stops megabytes of names and extensions from being read. */
const MAX_CERTIFICATE_BYTES = 256 * 1024;
/** Bytes of DER kept; about 10,000 certificates of the usual size. */
const CACHE_BYTES = 16 * 1024 * 1024;
const cache = new BoundedCache<Certificate>(CACHE_BYTES);
const details = new WeakMap<Certificate, CertificateDetails>();

/**
 * Parses one DER certificate; the same bytes give the same object while it is in the cache (about 3 µs instead of 150).
 * Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED (a key that OpenSSL doesn't know).
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `a certificate of at most ${MAX_CERTIFICATE_BYTES} bytes`, `${der.length}`);
  }
  const sha256 = sha256Hex(der);
  const known = cache.get(sha256);
  if (known) return known;
  // A copy: a view would keep the file that it came in alive, and could be changed after the check.
  const [certificate, its] = readCertificate(Uint8Array.from(der), sha256);
  details.set(certificate, its);
  cache.set(sha256, certificate, der.length);
  return certificate;
}

/** Internal fields of a certificate, whoever made the object. */
export function detailsOf(certificate: Certificate): CertificateDetails {
  return details.get(certificate) ?? details.get(parseCertificate(certificate.der))!;
}

/** All certificates of a PEM text, in order; text between them is ignored. Throws MALFORMED, also when there is none. */
export function parseCertificatesPem(pem: string): Certificate[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g);
  const certificates = [...blocks].map(([, base64 = '']) => parseCertificate(Buffer.from(base64, 'base64')));
  if (certificates.length === 0) throw new CmsError('MALFORMED', 'PEM with at least one CERTIFICATE', 'none');
  return certificates;
}

/**
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }  (RFC 5280, 4.1)
 */
function readCertificate(der: Uint8Array, sha256: string): [Certificate, CertificateDetails] {
  const certificate = DerReader.of(der, SEQUENCE, 'certificate');
  const fields = readTbs(certificate.enter(SEQUENCE));
  const signatureAlgorithm = certificate.element(SEQUENCE);
  if (!equalBytes(signatureAlgorithm, fields.signatureAlgorithm)) {
    throw new CmsError('MALFORMED', 'signatureAlgorithm as in tbsCertificate (RFC 5280, 4.1.1.2)', 'another');
  }
  certificate.wholeBits(BIT_STRING);
  certificate.end();

  const x509 = openX509(der);
  const { publicKey } = x509;
  const { extensions, subjectName, issuerName } = fields;
  const subject = nameText(subjectName);
  const issuer = nameText(issuerName);
  const organisation = lastValue(subjectName, oids.ID_AT_ORGANISATION);
  const email =
    extensions.alternativeNames.flatMap((name) => (name.form === 'rfc822Name' ? [name.value] : []))[0] ??
    lastValue(subjectName, oids.ID_EMAIL_ADDRESS);
  return [
    {
      der,
      sha256,
      x509,
      publicKey,
      subjectDer: fields.subjectDer,
      issuerDer: fields.issuerDer,
      subject,
      issuer,
      commonName: lastValue(subjectName, oids.ID_AT_COMMON_NAME) ?? organisation ?? subject,
      ...(organisation !== undefined && { organisation }),
      ...(email !== undefined && { email }),
      issuerCommonName:
        lastValue(issuerName, oids.ID_AT_COMMON_NAME) ?? lastValue(issuerName, oids.ID_AT_ORGANISATION) ?? issuer,
      serialNumber: fields.serialNumber,
      notBefore: fields.notBefore,
      notAfter: fields.notAfter,
      selfIssued: equalBytes(fields.subjectDer, fields.issuerDer),
      ...extensions.shown,
      keyDescription: describeKey(publicKey),
    },
    {
      subjectName,
      extensions,
      signatureOid: new DerReader(signatureAlgorithm, 'signatureAlgorithm').enter(SEQUENCE).oid(),
      spkiDer: fields.spkiDer,
      publicKeyBits: fields.publicKeyBits,
    },
  ];
}

/**
 * TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo,
 *   issuerUniqueID [1], subjectUniqueID [2], extensions [3] }
 */
function readTbs(tbs: DerReader) {
  const version = tbs.enterOptional(contextConstructed(0))?.smallUnsigned() ?? 0;
  if (version > 2) throw new CmsError('UNSUPPORTED', 'certificate version 1 to 3', `${version + 1}`);
  const serialNumber = hexOf(tbs.integerOctets());
  const signatureAlgorithm = tbs.element(SEQUENCE);
  const issuerDer = tbs.element(SEQUENCE);
  const validity = tbs.enter(SEQUENCE);
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.end();
  const subjectDer = tbs.element(SEQUENCE);
  const spkiDer = tbs.element(SEQUENCE);
  tbs.contentOptional(contextPrimitive(1));
  tbs.contentOptional(contextPrimitive(2));
  const extensionsField = tbs.enterOptional(contextConstructed(3));
  const extensions = readCertificateExtensions(extensionsField ? readExtensions(extensionsField) : new Map());
  extensionsField?.end();
  tbs.end();
  const spki = new DerReader(spkiDer, 'subjectPublicKeyInfo').enter(SEQUENCE);
  spki.element(SEQUENCE);
  return {
    serialNumber,
    signatureAlgorithm,
    issuerDer,
    issuerName: readName(new DerReader(issuerDer, 'issuer')),
    notBefore,
    notAfter,
    subjectDer,
    subjectName: readName(new DerReader(subjectDer, 'subject')),
    spkiDer,
    publicKeyBits: spki.wholeBits(BIT_STRING),
    extensions,
  };
}

function openX509(der: Uint8Array): X509Certificate {
  try {
    const x509 = new X509Certificate(der);
    // Decoded here and not at first use, so that a key nobody can verify with is refused where the certificate comes in.
    if (x509.publicKey.type !== 'public') throw new TypeError('no public key');
    return x509;
  } catch (error) {
    throw new CmsError('UNSUPPORTED', 'a certificate and key that OpenSSL reads', String(error));
  }
}

function describeKey(publicKey: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: its } = publicKey;
  if (type === 'ec') return `EC-${curveNames.get(its?.namedCurve ?? '') ?? its?.namedCurve ?? 'unnamed curve'}`;
  if (its?.modulusLength !== undefined) return `${type?.toUpperCase()}-${its.modulusLength}`;
  return type ?? 'unknown';
}

/** OpenSSL's names to those of FIPS 186-5. */
const curveNames = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

const keyHashes = new WeakMap<Certificate, Map<string, Uint8Array>>();

/** Hash of a certificate's subject name and key as CertID and ResponderID use them (RFC 6960, 4.1.1), kept. */
export function identityHash(certificate: Certificate, of: 'name' | 'key', algorithm: 'sha1' | 'sha256'): Uint8Array {
  const hashes = keyHashes.get(certificate) ?? new Map<string, Uint8Array>();
  keyHashes.set(certificate, hashes);
  const key = `${of} ${algorithm}`;
  let digest = hashes.get(key);
  if (!digest) {
    digest = digestBytes(algorithm, of === 'name' ? certificate.subjectDer : detailsOf(certificate).publicKeyBits);
    hashes.set(key, digest);
  }
  return digest;
}
