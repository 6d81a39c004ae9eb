import * as tags from './der-tags.js';
import { DerReader } from './der-reader.js';
import { hexOf } from './digest.js';
import { CmsError } from './errors.js';
import { type Extension, extensionReader } from './extensions.js';
import { type GeneralName, readGeneralName, readGeneralNames, urisOf } from './general-name.js';
import { type NameConstraints, readNameConstraints } from './name-constraints.js';
import * as oids from './oids.js';

/** What the extensions of a certificate say (RFC 5280, 4.2). */
export interface CertificateExtensions {
  /** The fields that `Certificate` shows. */
  readonly shown: {
    readonly isCa: boolean;
    readonly pathLength?: number;
    readonly keyUsage?: ReadonlySet<string>;
    readonly extendedKeyUsage?: readonly string[];
    readonly extendedKeyUsageCritical: boolean;
    readonly ocspUrls: readonly string[];
    readonly crlUrls: readonly string[];
    readonly caIssuersUrls: readonly string[];
    readonly ocspNoCheck: boolean;
    readonly subjectKeyId?: string;
    readonly authorityKeyId?: string;
  };
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  /** policyConstraints asks for an explicit policy somewhere below this certificate. */
  readonly requiresExplicitPolicy: boolean;
  /** OIDs of critical extensions that nothing here processes: a path with one is refused (RFC 5280, 6.1.4 o, 6.1.5 f). */
  readonly unknownCritical: readonly string[];
}

/** Bits of KeyUsage, first to last (RFC 5280, 4.2.1.3). */
const KEY_USAGE_BITS = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/**
 * Extensions that are processed, or whose processing cannot change the outcome where every policy is acceptable:
 * certificatePolicies, policyMappings and inhibitAnyPolicy matter only under an explicit policy, and a path that asks for
 * one is refused (`requiresExplicitPolicy`).
 */
const processed: ReadonlySet<string> = new Set([
  oids.ID_CE_BASIC_CONSTRAINTS,
  oids.ID_CE_KEY_USAGE,
  oids.ID_CE_EXT_KEY_USAGE,
  oids.ID_CE_SUBJECT_ALT_NAME,
  oids.ID_CE_NAME_CONSTRAINTS,
  oids.ID_CE_CERTIFICATE_POLICIES,
  oids.ID_CE_POLICY_MAPPINGS,
  oids.ID_CE_POLICY_CONSTRAINTS,
  oids.ID_CE_INHIBIT_ANY_POLICY,
  oids.ID_CE_CRL_DISTRIBUTION_POINTS,
  oids.ID_CE_SUBJECT_KEY_IDENTIFIER,
  oids.ID_CE_AUTHORITY_KEY_IDENTIFIER,
  oids.ID_PE_AUTHORITY_INFO_ACCESS,
  oids.ID_PKIX_OCSP_NOCHECK,
]);

/** Reads the extensions that matter here. Throws MALFORMED, LIMIT_EXCEEDED. */
export function readCertificateExtensions(extensions: ReadonlyMap<string, Extension>): CertificateExtensions {
  const get = (oid: string): Extension | undefined => extensions.get(oid);
  const extendedKeyUsage = get(oids.ID_CE_EXT_KEY_USAGE);
  const access = readAuthorityInfoAccess(get(oids.ID_PE_AUTHORITY_INFO_ACCESS));
  return {
    shown: {
      ...readBasicConstraints(get(oids.ID_CE_BASIC_CONSTRAINTS)),
      ...readKeyUsage(get(oids.ID_CE_KEY_USAGE)),
      ...(extendedKeyUsage && { extendedKeyUsage: readOids(extendedKeyUsage, 'extKeyUsage') }),
      extendedKeyUsageCritical: extendedKeyUsage?.critical ?? false,
      ocspUrls: access.ocspUrls,
      caIssuersUrls: access.caIssuersUrls,
      crlUrls: readDistributionPoints(get(oids.ID_CE_CRL_DISTRIBUTION_POINTS)),
      ocspNoCheck: extensions.has(oids.ID_PKIX_OCSP_NOCHECK),
      ...readKeyIdentifiers(get(oids.ID_CE_SUBJECT_KEY_IDENTIFIER), get(oids.ID_CE_AUTHORITY_KEY_IDENTIFIER)),
    },
    alternativeNames: readAlternativeNames(get(oids.ID_CE_SUBJECT_ALT_NAME)),
    ...readConstraints(get(oids.ID_CE_NAME_CONSTRAINTS)),
    requiresExplicitPolicy: readRequiresExplicitPolicy(get(oids.ID_CE_POLICY_CONSTRAINTS)),
    unknownCritical: [...extensions].flatMap(([oid, { critical }]) => (critical && !processed.has(oid) ? [oid] : [])),
  };
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }. */
function readBasicConstraints(extension?: Extension): { isCa: boolean; pathLength?: number } {
  if (!extension) return { isCa: false };
  const reader = extensionReader(extension, tags.SEQUENCE, 'basicConstraints');
  const isCa = reader.peek() === tags.BOOLEAN && reader.boolean();
  const pathLength = reader.done ? undefined : reader.smallUnsigned();
  reader.end();
  return { isCa, ...(pathLength !== undefined && { pathLength }) };
}

function readKeyUsage(extension?: Extension): { keyUsage?: ReadonlySet<string> } {
  if (!extension) return {};
  const outer = new DerReader(extension.value, 'keyUsage');
  const octets = outer.content(tags.BIT_STRING);
  outer.end();
  const usage = KEY_USAGE_BITS.filter((_, bit) => (octets[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7)));
  return { keyUsage: new Set(usage) };
}

function readOids(extension: Extension, what: string): string[] {
  const reader = extensionReader(extension, tags.SEQUENCE, what);
  const list: string[] = [];
  while (!reader.done) {
    if (list.length >= 100) throw new CmsError('LIMIT_EXCEEDED', `100 identifiers in ${what}`, 'more');
    list.push(reader.oid());
  }
  return list;
}

/** AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod, accessLocation GeneralName } (4.2.2.1). */
function readAuthorityInfoAccess(extension?: Extension): { ocspUrls: string[]; caIssuersUrls: string[] } {
  const urls = { ocspUrls: [] as string[], caIssuersUrls: [] as string[] };
  if (!extension) return urls;
  const reader = extensionReader(extension, tags.SEQUENCE, 'authorityInfoAccess');
  for (let count = 0; !reader.done; count++) {
    if (count >= 100) throw new CmsError('LIMIT_EXCEEDED', '100 access descriptions', 'more');
    const description = reader.enter(tags.SEQUENCE);
    const method = description.oid();
    const location = urisOf([readGeneralName(description)]);
    if (method === oids.ID_AD_OCSP) urls.ocspUrls.push(...location);
    if (method === oids.ID_AD_CA_ISSUERS) urls.caIssuersUrls.push(...location);
  }
  return urls;
}

/**
 * CRLDistributionPoints (4.2.1.13): the URIs of the points that name neither another issuer nor only some reasons, since
 * indirect and partitioned CRLs are not taken (`verifyCrl`).
 */
function readDistributionPoints(extension?: Extension): string[] {
  if (!extension) return [];
  const reader = extensionReader(extension, tags.SEQUENCE, 'cRLDistributionPoints');
  const urls: string[] = [];
  for (let count = 0; !reader.done; count++) {
    if (count >= 100) throw new CmsError('LIMIT_EXCEEDED', '100 distribution points', 'more');
    const point = reader.enter(tags.SEQUENCE);
    const fullName = point.enterOptional(tags.contextConstructed(0))?.enterOptional(tags.contextConstructed(0));
    if (fullName && point.done) urls.push(...urisOf(readGeneralNames(fullName)));
  }
  return urls;
}

function readKeyIdentifiers(
  subject?: Extension,
  authority?: Extension,
): { subjectKeyId?: string; authorityKeyId?: string } {
  const identifiers: { subjectKeyId?: string; authorityKeyId?: string } = {};
  if (subject) {
    const reader = new DerReader(subject.value, 'subjectKeyIdentifier');
    identifiers.subjectKeyId = hexOf(reader.content(tags.OCTET_STRING));
    reader.end();
  }
  if (authority) {
    const reader = extensionReader(authority, tags.SEQUENCE, 'authorityKeyIdentifier');
    const keyId = reader.contentOptional(tags.contextPrimitive(0));
    if (keyId) identifiers.authorityKeyId = hexOf(keyId);
  }
  return identifiers;
}

const readAlternativeNames = (extension?: Extension): GeneralName[] =>
  extension ? readGeneralNames(extensionReader(extension, tags.SEQUENCE, 'subjectAltName')) : [];

const readConstraints = (extension?: Extension): { nameConstraints?: NameConstraints } =>
  extension
    ? { nameConstraints: readNameConstraints(extensionReader(extension, tags.SEQUENCE, 'nameConstraints')) }
    : {};

/** PolicyConstraints ::= SEQUENCE { requireExplicitPolicy [0], inhibitPolicyMapping [1] } (4.2.1.11). */
function readRequiresExplicitPolicy(extension?: Extension): boolean {
  if (!extension) return false;
  return extensionReader(extension, tags.SEQUENCE, 'policyConstraints').peek() === tags.contextPrimitive(0);
}
