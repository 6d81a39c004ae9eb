/**
 * What certificates, CRLs and OCSP answers have in common where pkijs makes them. The DER that the sandbox issues is
 * written by pkijs and asn1js, never by `@kyso/cms`, whose strict reader it is there to test.
 *
 * pkijs 4.0 does three things otherwise than the standards want, and this file puts them right: it leaves the NULL out
 * of sha256WithRSAEncryption, it writes all attributes of a name into one RDN, and it writes fractions of a second.
 */
import { webcrypto, type KeyObject } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

class Rfc4055Engine extends pkijs.CryptoEngine {
  override async getSignatureParameters(
    ...args: Parameters<pkijs.CryptoEngine['getSignatureParameters']>
  ): ReturnType<pkijs.CryptoEngine['getSignatureParameters']> {
    const parameters = await super.getSignatureParameters(...args);
    // RFC 4055, 5: with the RSA PKCS #1 v1.5 signature algorithms the parameters are NULL, not absent.
    parameters.signatureAlgorithm.algorithmParams = new asn1js.Null();
    return parameters;
  }
}

/** The cryptography under pkijs: Node's WebCrypto. */
export const engine = new Rfc4055Engine({ name: 'node', crypto: webcrypto as never });

/** A software key as pkijs signs with it: RSASSA-PKCS1-v1_5 with SHA-256. Throws for keys that are not RSA. */
export function signingKeyOf(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']);
}

/** The DER of a finished asn1js structure. */
export const derOf = (schema: { toBER(): ArrayBuffer }): Buffer => Buffer.from(schema.toBER());

/** An extension whose value is a structure (RFC 5280, 4.2); not critical unless said. */
export const extension = (extnID: string, value: { toBER(): ArrayBuffer }, critical = false): pkijs.Extension =>
  new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });

/** The AuthorityKeyIdentifier extension with nothing but the key identifier (RFC 5280, 4.2.1.1). */
export const keyIdentifierValue = (keyId: Buffer): asn1js.Sequence =>
  new pkijs.AuthorityKeyIdentifier({ keyIdentifier: new asn1js.OctetString({ valueHex: keyId }) }).toSchema();

/** The same instant without its fraction: no time in a certificate, CRL or OCSP answer has one (RFC 5280, 4.1.2.5). */
export const wholeSeconds = (at: Date): Date => new Date(Math.floor(at.getTime() / 1000) * 1000);

/** `Time` of RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export const timeOf = (at: Date): pkijs.Time =>
  new pkijs.Time({
    type: at.getUTCFullYear() < 2050 ? pkijs.TimeType.UTCTime : pkijs.TimeType.GeneralizedTime,
    value: wholeSeconds(at),
  });
