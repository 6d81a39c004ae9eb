import { BoundedCache } from './bounded-cache.js';
import { type Certificate, detailsOf } from './certificate.js';
import { equalBytes } from './digest.js';
import { CmsError } from './errors.js';
import { assertNamesPermitted } from './name-constraints.js';
import { SHA1_SUNSET } from './signature-value.js';

/** Certificates in a path, anchor included. Real ones have three or four. */
export const MAX_CHAIN_LENGTH = 10;
/** Links looked at in one search; stops a bag of cross certificates from branching without end. */
const MAX_LINKS = 200;

/** SHA-2 with RSA, RSA-PSS or ECDSA; Ed25519 and Ed448. */
const acceptedSignatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
  '1.3.101.113',
]);
const sha1Signatures: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.5', '1.2.840.10045.4.1']);

const verifiedLinks = new BoundedCache<boolean>(10_000);

interface Search {
  readonly intermediates: readonly Certificate[];
  readonly trustAnchors: readonly Certificate[];
  readonly at: Date;
  links: number;
  /** The failure of the candidate that came farthest. */
  failure?: { error: CmsError; depth: number };
}

/**
 * A path from `leaf` to a trust anchor: leaf first, anchor last; every link checked at `at` (RFC 5280, 6.1): signatures,
 * validity (the anchor's too), basicConstraints and pathLenConstraint, keyCertSign, names, name constraints, critical
 * extensions. Every policy is acceptable, so policies are not computed; a path that requires an explicit one is refused.
 * A trust anchor counts by its subject and key: a cross certificate for the same name and key ends the path as well.
 *
 * Throws NO_CHAIN, EXPIRED, NOT_YET_VALID, CONSTRAINT; where several paths fail, the reason of the one
 * that came farthest.
 */
export function buildChain(
  leaf: Certificate,
  options: { intermediates: readonly Certificate[]; trustAnchors: readonly Certificate[]; at: Date },
): Certificate[] {
  const search: Search = { ...options, links: 0 };
  assertValidAt(leaf, options.at);
  const chain = extend([leaf], search);
  if (chain) return chain;
  throw search.failure?.error ?? new CmsError('NO_CHAIN', `an issuer of ${leaf.subject}`, 'none with a trust anchor');
}

/** Depth first: anchors before intermediates, matching key identifiers before others. */
function extend(path: readonly Certificate[], search: Search): Certificate[] | undefined {
  const last = path.at(-1)!;
  const anchor = search.trustAnchors.find((candidate) => isSameAuthority(candidate, last));
  if (anchor) {
    const complete = [...path.slice(0, -1), path.length === 1 ? last : anchor];
    return attempt(search, path.length, () => assertPath(complete, search.at)) ? complete : undefined;
  }
  if (path.length >= MAX_CHAIN_LENGTH) return undefined;
  for (const issuer of issuersOf(last, search)) {
    // The same name and key twice is a loop, whatever certificate carries them.
    if (path.some((certificate) => isSameAuthority(certificate, issuer))) continue;
    if (++search.links > MAX_LINKS) {
      throw new CmsError('NO_CHAIN', `a path within ${MAX_LINKS} links tried`, 'more candidates');
    }
    // Another authority of the same name is no issuer, and no reason to report.
    if (!isSignedBy(last, issuer)) continue;
    if (!attempt(search, path.length, () => assertLink(last, issuer))) continue;
    const chain = extend([...path, issuer], search);
    if (chain) return chain;
  }
  return undefined;
}

function attempt(search: Search, depth: number, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    if (depth >= (search.failure?.depth ?? 0)) search.failure = { error, depth };
    return false;
  }
}

function issuersOf(certificate: Certificate, search: Search): Certificate[] {
  const named = [...search.trustAnchors, ...search.intermediates].filter(({ subjectDer }) =>
    equalBytes(subjectDer, certificate.issuerDer),
  );
  // Key identifiers are a hint only (RFC 5280, 4.2.1.1): a wrong one moves a candidate to the end.
  const hint = ({ subjectKeyId }: Certificate): number =>
    certificate.authorityKeyId !== undefined &&
    subjectKeyId !== undefined &&
    subjectKeyId !== certificate.authorityKeyId
      ? 1
      : 0;
  return [...new Set(named)].toSorted((a, b) => hint(a) - hint(b));
}

const isSameAuthority = (a: Certificate, b: Certificate): boolean =>
  a.sha256 === b.sha256 ||
  (equalBytes(a.subjectDer, b.subjectDer) && equalBytes(detailsOf(a).spkiDer, detailsOf(b).spkiDer));

/** RFC 5280, 6.1.4 k and n: the issuer is an authority that may sign certificates; and with what it signed this one. */
function assertLink(certificate: Certificate, issuer: Certificate): void {
  assertSignatureAlgorithm(certificate);
  if (!issuer.isCa) throw new CmsError('CONSTRAINT', `basicConstraints cA in ${issuer.subject}`, 'an end entity');
  if (issuer.keyUsage && !issuer.keyUsage.has('keyCertSign')) {
    throw new CmsError('CONSTRAINT', `keyUsage keyCertSign in ${issuer.subject}`, [...issuer.keyUsage].join(', '));
  }
}

/** Collisions: MD5 and older never; SHA-1 only in certificates from before SHA1_SUNSET. */
function assertSignatureAlgorithm(certificate: Certificate): void {
  const { signatureOid } = detailsOf(certificate);
  const isOldSha1 = sha1Signatures.has(signatureOid) && certificate.notBefore < SHA1_SUNSET;
  if (!acceptedSignatures.has(signatureOid) && !isOldSha1) {
    throw new CmsError('CONSTRAINT', `${certificate.subject} signed with SHA-2`, `algorithm ${signatureOid}`);
  }
}

/** Whether `issuer`'s key signed `certificate`; each pair is computed once. Names and rights are not looked at. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const link = `${certificate.sha256}${issuer.sha256}`;
  const known = verifiedLinks.get(link);
  if (known !== undefined) return known;
  const verified = verifyLink(certificate, issuer);
  verifiedLinks.set(link, verified);
  return verified;
}

function verifyLink(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** Throws NOT_YET_VALID or EXPIRED. */
export function assertValidAt(certificate: Certificate, at: Date): void {
  const { subject, notBefore } = certificate;
  if (at < notBefore) {
    throw new CmsError(
      'NOT_YET_VALID',
      `${subject} valid at ${at.toISOString()}`,
      `valid from ${notBefore.toISOString()}`,
    );
  }
  assertNotExpired(certificate, at);
}

/** Throws EXPIRED. */
export function assertNotExpired({ subject, notAfter }: Certificate, at: Date): void {
  if (at > notAfter) {
    throw new CmsError('EXPIRED', `${subject} valid at ${at.toISOString()}`, `valid until ${notAfter.toISOString()}`);
  }
}

/** What concerns the path as a whole, from the anchor down (RFC 5280, 6.1.3 to 6.1.5). */
function assertPath(chain: readonly Certificate[], at: Date): void {
  // Certificates between that are not self-issued, below the one that is looked at: pathLenConstraint counts them.
  let below = 0;
  for (const [index, certificate] of chain.entries()) {
    assertValidAt(certificate, at);
    assertExtensions(certificate);
    if (index === 0) continue;
    if (certificate.pathLength !== undefined && below > certificate.pathLength) {
      throw new CmsError(
        'CONSTRAINT',
        `at most ${certificate.pathLength} CAs below ${certificate.subject}`,
        `${below}`,
      );
    }
    if (!certificate.selfIssued) below++;
    assertConstraintsOn(chain.slice(0, index), certificate);
  }
}

function assertExtensions(certificate: Certificate): void {
  const { unknownCritical, requiresExplicitPolicy } = detailsOf(certificate).extensions;
  if (unknownCritical.length > 0) {
    throw new CmsError('CONSTRAINT', `known critical extensions in ${certificate.subject}`, unknownCritical.join(', '));
  }
  if (requiresExplicitPolicy) {
    throw new CmsError('CONSTRAINT', `no requireExplicitPolicy in ${certificate.subject}`, 'policyConstraints');
  }
}

/** RFC 5280, 6.1.3 b and c: self-issued certificates are exempt unless they are the leaf. */
function assertConstraintsOn(below: readonly Certificate[], issuer: Certificate): void {
  const { nameConstraints } = detailsOf(issuer).extensions;
  if (!nameConstraints) return;
  for (const [index, certificate] of below.entries()) {
    if (index > 0 && certificate.selfIssued) continue;
    const { subjectName, extensions } = detailsOf(certificate);
    assertNamesPermitted(nameConstraints, subjectName, extensions.alternativeNames);
  }
}
