import type { Certificate } from './certificate.js';
import { SEQUENCE, contextConstructed, contextPrimitive } from './der-tags.js';
import { CmsError } from './errors.js';
import { type Extension, extensionReader } from './extensions.js';
import { readGeneralNames, urisOf } from './general-name.js';

/** Which certificates a CRL covers (RFC 5280, 5.2.5). */
export interface IssuingDistributionPoint {
  /** URIs of fullName; undefined: no distribution point is named. */
  readonly urls?: readonly string[];
  readonly onlyUserCertificates: boolean;
  readonly onlyCaCertificates: boolean;
}

/**
 * IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0], onlyContainsUserCerts [1], onlyContainsCACerts [2],
 *   onlySomeReasons [3], indirectCRL [4], onlyContainsAttributeCerts [5] }
 *
 * Throws UNSUPPORTED for CRLs that can't show a certificate as good: some reasons only, attribute certificates only,
 * indirect ones (other issuers' entries), and for points named relative to the issuer.
 */
export function readIssuingDistributionPoint(extension: Extension): IssuingDistributionPoint {
  const reader = extensionReader(extension, SEQUENCE, 'issuingDistributionPoint');
  const point = reader.enterOptional(contextConstructed(0));
  const fullName = point?.enterOptional(contextConstructed(0));
  if (point && !fullName) throw new CmsError('UNSUPPORTED', 'a distribution point by fullName', 'a relative name');
  const flag = (n: number): boolean => reader.peek() === contextPrimitive(n) && reader.boolean(contextPrimitive(n));
  const onlyUserCertificates = flag(1);
  const onlyCaCertificates = flag(2);
  if (reader.contentOptional(contextPrimitive(3)))
    throw new CmsError('UNSUPPORTED', 'a CRL for all reasons', 'for some');
  if (flag(4)) throw new CmsError('UNSUPPORTED', "a CRL of the issuer's own certificates", 'an indirect CRL');
  if (flag(5)) throw new CmsError('UNSUPPORTED', 'a CRL of certificates', 'one of attribute certificates');
  reader.end();
  return { ...(fullName && { urls: urisOf(readGeneralNames(fullName)) }), onlyUserCertificates, onlyCaCertificates };
}

/** RFC 5280, 6.3.3 b: the certificate is one of those that the CRL covers. Throws CONSTRAINT. */
export function assertInScope(scope: IssuingDistributionPoint, certificate: Certificate): void {
  const { urls, onlyUserCertificates, onlyCaCertificates } = scope;
  if (urls && !urls.some((url) => certificate.crlUrls.includes(url))) {
    // A CRL of another partition says nothing of this certificate, however well it is signed.
    throw new CmsError('CONSTRAINT', `a CRL of ${certificate.crlUrls.join(', ') || 'no point'}`, urls.join(', '));
  }
  if (onlyUserCertificates && certificate.isCa) {
    throw new CmsError('CONSTRAINT', 'a CRL that covers CA certificates', 'one of user certificates only');
  }
  if (onlyCaCertificates && !certificate.isCa) {
    throw new CmsError('CONSTRAINT', 'a CRL that covers user certificates', 'one of CA certificates only');
  }
}
