import { nullValue, objectIdentifier, sequence } from './der.js';

const oid = objectIdentifier;

/** Object identifiers that the sandbox writes or compares, as DER. */
export const oids = {
  // X.520 attribute types
  commonName: oid('2.5.4.3'),
  country: oid('2.5.4.6'),
  locality: oid('2.5.4.7'),
  organisation: oid('2.5.4.10'),
  organisationalUnit: oid('2.5.4.11'),
  title: oid('2.5.4.12'),
  emailAddress: oid('1.2.840.113549.1.9.1'),
  // RFC 5280 extensions
  subjectKeyIdentifier: oid('2.5.29.14'),
  keyUsage: oid('2.5.29.15'),
  subjectAltName: oid('2.5.29.17'),
  basicConstraints: oid('2.5.29.19'),
  crlNumber: oid('2.5.29.20'),
  crlReason: oid('2.5.29.21'),
  crlDistributionPoints: oid('2.5.29.31'),
  certificatePolicies: oid('2.5.29.32'),
  authorityKeyIdentifier: oid('2.5.29.35'),
  extendedKeyUsage: oid('2.5.29.37'),
  authorityInfoAccess: oid('1.3.6.1.5.5.7.1.1'),
  accessOcsp: oid('1.3.6.1.5.5.7.48.1'),
  accessCaIssuers: oid('1.3.6.1.5.5.7.48.2'),
  emailProtection: oid('1.3.6.1.5.5.7.3.4'),
  timeStamping: oid('1.3.6.1.5.5.7.3.8'),
  ocspSigning: oid('1.3.6.1.5.5.7.3.9'),
  // RFC 6960
  ocspBasic: oid('1.3.6.1.5.5.7.48.1.1'),
  ocspNonce: oid('1.3.6.1.5.5.7.48.1.2'),
  ocspNoCheck: oid('1.3.6.1.5.5.7.48.1.5'),
  // RFC 5652, RFC 3161, RFC 5035
  signedData: oid('1.2.840.113549.1.7.2'),
  contentType: oid('1.2.840.113549.1.9.3'),
  messageDigest: oid('1.2.840.113549.1.9.4'),
  tstInfo: oid('1.2.840.113549.1.9.16.1.4'),
  signingCertificateV2: oid('1.2.840.113549.1.9.16.2.47'),
} as const;

/** The policy under which the sandbox's TSA stamps; 2.999 is the arc for examples (ITU-T X.660). */
export const sandboxTsaPolicy = '2.999.3161.1';

/** The policy named in the certificates of the sandbox. */
export const sandboxCertificatePolicy = '2.999.5280.1';

/** AlgorithmIdentifiers; RSA takes a NULL parameter (RFC 4055, 5), the hashes take none (RFC 5754, 2). */
export const algorithms = {
  sha256: sequence(oid('2.16.840.1.101.3.4.2.1')),
  sha256WithRsa: sequence(oid('1.2.840.113549.1.1.11'), nullValue),
} as const;

/** Hash algorithms by the hexadecimal contents of their object identifier, as requests name them. */
export const hashNames: Readonly<Record<string, 'sha1' | 'sha256' | 'sha384' | 'sha512'>> = Object.fromEntries(
  (
    [
      ['1.3.14.3.2.26', 'sha1'],
      ['2.16.840.1.101.3.4.2.1', 'sha256'],
      ['2.16.840.1.101.3.4.2.2', 'sha384'],
      ['2.16.840.1.101.3.4.2.3', 'sha512'],
    ] as const
  ).map(([dotted, name]) => [oid(dotted).toString('hex'), name]),
);
