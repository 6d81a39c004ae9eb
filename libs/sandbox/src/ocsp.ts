import { createHash, sign } from 'node:crypto';
import { extension, type Identity } from './certificate.js';
import { keyCompromise } from './crl.js';
import * as der from './der.js';
import { algorithms, hashNames, oids } from './oids.js';

/** What the responder knows of one serial number of its authority. */
export type OcspKnowledge = { readonly status: 'good' | 'unknown' } | { readonly status: 'revoked'; readonly at: Date };

/** How one answer is to be made; the lies are the fault switches of the server. */
export interface OcspAnswering {
  /** The authority whose certificates are asked about. */
  readonly issuer: Identity & { readonly publicKeyBits: Buffer };
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
export const ocspError = (status: number): Buffer => der.sequence(der.enumerated(status));

/** How many certificates one request may ask about; more would let one request cost any amount of work. */
const maxRequests = 16;

/** The DER OCSPResponse to a DER OCSPRequest (RFC 6960, 4.1 and 4.2). Bad input gives `malformedRequest`, never an error. */
export function answerOcsp(requestDer: Buffer, how: OcspAnswering): Buffer {
  let request: OcspRequest;
  try {
    request = parseRequest(requestDer);
  } catch {
    return ocspError(ocspStatus.malformedRequest);
  }
  const answers: Buffer[] = [];
  for (const certId of request.certIds) {
    if (!isFrom(certId, how.issuer)) return ocspError(ocspStatus.unauthorized);
    answers.push(singleResponse(certId, how));
  }
  // ResponseData ::= SEQUENCE { responderID byKey [2], producedAt, responses, responseExtensions [1] }
  const tbs = der.sequence(
    der.context(2, der.octetString(how.responder.keyId)),
    der.generalizedTime(how.producedAt),
    der.sequence(...answers),
    ...(request.nonce === undefined ? [] : [der.context(1, der.sequence(extension(oids.ocspNonce, request.nonce)))]),
  );
  const signature = sign('sha256', tbs, how.responder.key);
  if (how.badSignature === true) signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
  const basic = der.sequence(
    tbs,
    algorithms.sha256WithRsa,
    der.bitString(signature),
    der.context(0, der.sequence(how.responder.certificateDer)),
  );
  return der.sequence(
    der.enumerated(ocspStatus.successful),
    der.context(0, der.sequence(oids.ocspBasic, der.octetString(basic))),
  );
}

interface CertId {
  readonly der: Buffer;
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  readonly serial: Buffer;
}
interface OcspRequest {
  readonly certIds: readonly CertId[];
  /** The contents of extnValue, repeated as they came. */
  readonly nonce?: Buffer;
}

/** OCSPRequest ::= SEQUENCE { tbsRequest SEQUENCE { version [0], requestorName [1], requestList, extensions [2] }, … } */
function parseRequest(requestDer: Buffer): OcspRequest {
  const [tbs] = der.children(der.expectTag(der.readNode(requestDer), 0x30));
  const parts = der.children(der.expectTag(tbs, 0x30));
  const list = der.children(
    der.expectTag(
      parts.find((part) => part.tag === 0x30),
      0x30,
    ),
  );
  if (list.length < 1 || list.length > maxRequests) throw new der.DerError(`expected 1 to ${maxRequests} requests`);
  const certIds = list.map((request) => parseCertId(der.children(request)[0]));
  const extensions = parts.find((part) => part.tag === 0xa2);
  const nonce = extensions === undefined ? undefined : findNonce(extensions);
  return { certIds, ...(nonce === undefined ? {} : { nonce }) };
}

/** CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } */
function parseCertId(node: der.DerNode | undefined): CertId {
  const certId = der.expectTag(node, 0x30);
  const [algorithm, nameHash, keyHash, serial] = der.children(certId);
  const [oid] = der.children(der.expectTag(algorithm, 0x30));
  const hash = hashNames[der.expectTag(oid, 0x06).der.toString('hex')];
  if (hash === undefined) throw new der.DerError('expected SHA-1 or SHA-2');
  return {
    der: certId.der,
    hash,
    issuerNameHash: der.expectTag(nameHash, 0x04).contents,
    issuerKeyHash: der.expectTag(keyHash, 0x04).contents,
    serial: der.expectTag(serial, 0x02).contents,
  };
}

function findNonce(extensions: der.DerNode): Buffer | undefined {
  const [list] = der.children(extensions);
  for (const one of der.children(der.expectTag(list, 0x30))) {
    const parts = der.children(one);
    if (parts[0]?.der.equals(oids.ocspNonce) === true) return der.expectTag(parts.at(-1), 0x04).contents;
  }
  return undefined;
}

function isFrom(certId: CertId, issuer: OcspAnswering['issuer']): boolean {
  const digest = (bytes: Buffer): Buffer => createHash(certId.hash).update(bytes).digest();
  return (
    digest(issuer.subjectDer).equals(certId.issuerNameHash) && digest(issuer.publicKeyBits).equals(certId.issuerKeyHash)
  );
}

/** SingleResponse ::= SEQUENCE { certID, certStatus CHOICE { good [0], revoked [1], unknown [2] }, thisUpdate, nextUpdate [0] } */
function singleResponse(certId: CertId, how: OcspAnswering): Buffer {
  const known = how.statusOf(certId.serial.toString('hex'));
  const certStatus =
    known.status === 'revoked'
      ? der.context(1, der.generalizedTime(known.at), der.context(0, der.enumerated(keyCompromise)))
      : der.contextPrimitive(known.status === 'good' ? 0 : 2, Buffer.alloc(0));
  return der.sequence(
    how.wrongSerial === true ? withOtherSerial(certId) : certId.der,
    certStatus,
    der.generalizedTime(how.thisUpdate),
    der.context(0, der.generalizedTime(how.nextUpdate)),
  );
}

function withOtherSerial(certId: CertId): Buffer {
  const out = Buffer.from(certId.der);
  out.writeUInt8(out.readUInt8(out.length - 1) ^ 1, out.length - 1);
  return out;
}
