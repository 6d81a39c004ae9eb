/** Why a structure, a signature or a piece of evidence was refused. */
export type CmsErrorCode =
  /** Not the ASN.1 that the standard asks for. */
  | 'MALFORMED'
  /** Deeper, longer or more than a parser here takes. */
  | 'LIMIT_EXCEEDED'
  /** Well formed, but an algorithm, a version or an option that is not processed here. */
  | 'UNSUPPORTED'
  /** No path to a trust anchor. */
  | 'NO_CHAIN'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  /** A rule of RFC 5280 or of a profile is broken: basicConstraints, names, critical extensions. */
  | 'CONSTRAINT'
  | 'SIGNATURE_WRONG'
  | 'DIGEST_MISMATCH'
  | 'NONCE_MISMATCH'
  | 'POLICY_MISMATCH'
  /** PKIStatus or OCSPResponseStatus other than success. */
  | 'STATUS'
  | 'KEY_USAGE'
  /** ESS signing-certificate absent or about another certificate, or the signer's certificate not at hand. */
  | 'SIGNING_CERTIFICATE'
  | 'TIME_WINDOW'
  /** Evidence by somebody who has no right to give it. */
  | 'RESPONDER'
  /** Evidence past its nextUpdate. */
  | 'STALE'
  | 'REVOKED';

/** The only error that this package throws on bad input; says what was expected and what was found. */
export class CmsError extends Error {
  constructor(
    readonly code: CmsErrorCode,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${code}: expected ${expected}, found ${found}`);
    this.name = 'CmsError';
  }
}
