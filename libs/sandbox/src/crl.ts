import { extension, signed, type Identity } from './certificate.js';
import * as der from './der.js';
import { algorithms, oids } from './oids.js';

/** A certificate that was revoked, as a CRL and a responder tell it. */
export interface Revocation {
  /** INTEGER contents, hexadecimal. */
  readonly serial: string;
  readonly at: Date;
}

/**
 * A complete, direct CRL (RFC 5280, 5.1).
 *
 * TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates OPTIONAL,
 * crlExtensions [0] }
 */
export function issueCrl(
  issuer: Identity,
  about: { number: number; thisUpdate: Date; nextUpdate: Date; revoked: readonly Revocation[] },
): Buffer {
  const entries = about.revoked.map((entry) =>
    der.sequence(
      der.unsignedInteger(Buffer.from(entry.serial, 'hex')),
      der.time(entry.at),
      der.sequence(extension(oids.crlReason, der.enumerated(keyCompromise))),
    ),
  );
  const tbs = der.sequence(
    der.integer(1),
    algorithms.sha256WithRsa,
    issuer.subjectDer,
    der.time(about.thisUpdate),
    der.time(about.nextUpdate),
    // RFC 5280, 5.1.2.6: absent where nothing is revoked.
    ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
    der.context(
      0,
      der.sequence(
        extension(oids.authorityKeyIdentifier, der.sequence(der.contextPrimitive(0, issuer.keyId))),
        extension(oids.crlNumber, der.integer(about.number)),
      ),
    ),
  );
  return signed(tbs, issuer.key);
}

/** CRLReason (RFC 5280, 5.3.1): what the sandbox gives for every revocation. */
export const keyCompromise = 1;
