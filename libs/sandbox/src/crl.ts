import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Identity } from './certificate.js';
import { derOf, engine, extension, keyIdentifierValue, timeOf } from './issuance.js';
import { oids } from './oids.js';

/** A certificate that was revoked, as a CRL and a responder tell it. */
export interface Revocation {
  /** INTEGER contents, hexadecimal. */
  readonly serial: string;
  readonly at: Date;
}

/**
 * A complete, direct CRL (RFC 5280, 5.1), DER.
 *
 * TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates OPTIONAL,
 * crlExtensions [0] }
 */
export async function issueCrl(
  issuer: Identity,
  about: { number: number; thisUpdate: Date; nextUpdate: Date; revoked: readonly Revocation[] },
): Promise<Buffer> {
  const revokedCertificates = about.revoked.map(
    (entry) =>
      new pkijs.RevokedCertificate({
        userCertificate: new asn1js.Integer({ valueHex: Buffer.from(entry.serial, 'hex') }),
        revocationDate: timeOf(entry.at),
        crlEntryExtensions: new pkijs.Extensions({
          extensions: [extension(oids.crlReason, new asn1js.Enumerated({ value: keyCompromise }))],
        }),
      }),
  );
  const crl = new pkijs.CertificateRevocationList({
    version: 1,
    issuer: issuer.certificate.subject,
    thisUpdate: timeOf(about.thisUpdate),
    nextUpdate: timeOf(about.nextUpdate),
    // RFC 5280, 5.1.2.6: absent where nothing is revoked.
    ...(revokedCertificates.length === 0 ? {} : { revokedCertificates }),
    crlExtensions: new pkijs.Extensions({
      extensions: [
        extension(oids.authorityKeyIdentifier, keyIdentifierValue(issuer.keyId)),
        extension(oids.crlNumber, new asn1js.Integer({ value: about.number })),
      ],
    }),
  });
  await crl.sign(issuer.signingKey, 'SHA-256', engine);
  return derOf(crl.toSchema(true));
}

/** CRLReason (RFC 5280, 5.3.1): what the sandbox gives for every revocation. */
export const keyCompromise = 1;
