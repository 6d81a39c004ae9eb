import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Identity } from './certificate.js';
import { keyCompromise } from './crl.js';
import { derOf, engine, wholeSeconds } from './issuance.js';
import { hashNames, oids } from './oids.js';

/** What the responder knows of one serial number of its authority. */
export type OcspKnowledge = { readonly status: 'good' | 'unknown' } | { readonly status: 'revoked'; readonly at: Date };

/** How one answer is to be made; the lies are the fault switches of the server. */
export interface OcspAnswering {
  /** The authority whose certificates are asked about. */
  readonly issuer: Identity;
  readonly responder: Identity;
  readonly producedAt: Date;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly statusOf: (serialHex: string) => OcspKnowledge;
  readonly badSignature?: boolean;
  readonly wrongSerial?: boolean;
}

/** OCSPResponseStatus (RFC 6960, 4.2.1). */
export const ocspStatus = { successful: 0, malformedRequest: 1, tryLater: 3, unauthorized: 6 } as const;

/** An OCSPResponse without a body: OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] OPTIONAL } */
export const ocspError = (status: number): Buffer =>
  derOf(new pkijs.OCSPResponse({ responseStatus: new asn1js.Enumerated({ value: status }) }).toSchema());

/** How many certificates one request may ask about; more would let one request cost any amount of work. */
const maxRequests = 16;

/** The DER OCSPResponse to a DER OCSPRequest (RFC 6960, 4.1 and 4.2). Bad input gives `malformedRequest`, never an error. */
export async function answerOcsp(requestDer: Buffer, how: OcspAnswering): Promise<Buffer> {
  let request: OcspQuestion;
  try {
    request = parseRequest(requestDer);
  } catch {
    return ocspError(ocspStatus.malformedRequest);
  }
  if (!request.certIds.every((certId) => isFrom(certId, how.issuer))) return ocspError(ocspStatus.unauthorized);
  // BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, certs [0] }
  const basic = new pkijs.BasicOCSPResponse({
    // ResponseData ::= SEQUENCE { responderID byKey [2], producedAt, responses, responseExtensions [1] }
    tbsResponseData: new pkijs.ResponseData({
      responderID: new asn1js.OctetString({ valueHex: how.responder.keyId }),
      producedAt: wholeSeconds(how.producedAt),
      responses: request.certIds.map((certId) => singleResponse(certId, how)),
      ...(request.nonce === undefined ? {} : { responseExtensions: [request.nonce] }),
    }),
    certs: [how.responder.certificate],
  });
  await basic.sign(how.responder.signingKey, 'SHA-256', engine);
  if (how.badSignature === true) flipBit(basic.signature.valueBlock.valueHexView, 20);
  const response = new asn1js.OctetString({ valueHex: basic.toSchema().toBER() });
  const answer = new pkijs.OCSPResponse({
    responseStatus: new asn1js.Enumerated({ value: ocspStatus.successful }),
    responseBytes: new pkijs.ResponseBytes({ responseType: oids.ocspBasic, response }),
  });
  return derOf(answer.toSchema());
}

interface OcspQuestion {
  readonly certIds: readonly pkijs.CertID[];
  /** To be repeated in the answer; its value as it came. */
  readonly nonce: pkijs.Extension | undefined;
}

/** OCSPRequest ::= SEQUENCE { tbsRequest SEQUENCE { version [0], requestorName [1], requestList, extensions [2] }, … } */
function parseRequest(requestDer: Buffer): OcspQuestion {
  const { requestList, requestExtensions } = pkijs.OCSPRequest.fromBER(requestDer).tbsRequest;
  if (requestList.length < 1 || requestList.length > maxRequests)
    throw new Error(`expected 1 to ${maxRequests} requests, found ${requestList.length}`);
  const certIds = requestList.map((request) => request.reqCert);
  for (const { hashAlgorithm } of certIds)
    if (!hashNames.has(hashAlgorithm.algorithmId)) throw new Error('expected SHA-1 or SHA-2');
  const nonce = requestExtensions?.find((one) => one.extnID === oids.ocspNonce);
  if (nonce !== undefined) nonce.critical = false;
  return { certIds, nonce };
}

/** CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } */
function isFrom(certId: pkijs.CertID, issuer: Identity): boolean {
  const hash = hashNames.get(certId.hashAlgorithm.algorithmId) ?? 'sha1';
  const digest = (bytes: Uint8Array): Buffer => createHash(hash).update(bytes).digest();
  const { subject, subjectPublicKeyInfo } = issuer.certificate;
  return (
    digest(new Uint8Array(subject.valueBeforeDecode)).equals(certId.issuerNameHash.valueBlock.valueHexView) &&
    digest(subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView).equals(
      certId.issuerKeyHash.valueBlock.valueHexView,
    )
  );
}

/** SingleResponse ::= SEQUENCE { certID, certStatus CHOICE { good [0], revoked [1], unknown [2] }, thisUpdate, nextUpdate [0] } */
function singleResponse(certId: pkijs.CertID, how: OcspAnswering): pkijs.SingleResponse {
  const known = how.statusOf(Buffer.from(certId.serialNumber.valueBlock.valueHexView).toString('hex'));
  if (how.wrongSerial === true) {
    const serial = Uint8Array.from(certId.serialNumber.valueBlock.valueHexView);
    flipBit(serial, serial.length - 1);
    certId.serialNumber = new asn1js.Integer({ valueHex: serial });
  }
  return new pkijs.SingleResponse({
    certID: certId,
    certStatus: certStatus(known),
    thisUpdate: wholeSeconds(how.thisUpdate),
    nextUpdate: wholeSeconds(how.nextUpdate),
  });
}

const contextSpecific = (tagNumber: number): { tagClass: number; tagNumber: number } => ({ tagClass: 3, tagNumber });

/** revoked [1] RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] }; good [0] and unknown [2] are NULL. */
function certStatus(known: OcspKnowledge): asn1js.Constructed | asn1js.Primitive {
  if (known.status !== 'revoked')
    return new asn1js.Primitive({ idBlock: contextSpecific(known.status === 'good' ? 0 : 2) });
  const reason = new asn1js.Enumerated({ value: keyCompromise });
  return new asn1js.Constructed({
    idBlock: contextSpecific(1),
    value: [
      new asn1js.GeneralizedTime({ valueDate: wholeSeconds(known.at) }),
      new asn1js.Constructed({ idBlock: contextSpecific(0), value: [reason] }),
    ],
  });
}

function flipBit(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}
