import { type Certificate, parseCertificate } from './certificate.js';
import * as tags from './der-tags.js';
import { DerReader } from './der-reader.js';
import { hasIndefiniteLength, toDefiniteLengths } from './definite-lengths.js';
import { type DigestAlgorithm, digestBytes, equalBytes, hexOf } from './digest.js';
import { CmsError } from './errors.js';
import * as oids from './oids.js';
import { type SignatureAlgorithm, readSignatureIdentifier, readStrongDigestIdentifier } from './signature-algorithm.js';
import { verifyWithKey } from './signature-value.js';

/** A SignedData with one SignerInfo, read but not judged (RFC 5652, 5). */
export interface SignedData {
  readonly version: number;
  readonly contentType: string;
  /** eContent; absent in a detached signature. */
  readonly content?: Uint8Array;
  readonly certificates: readonly Certificate[];
  /** Entries of the certificates field that could not be read, or are no X.509 certificates. */
  readonly unreadableCertificates: number;
  readonly signer: SignerInfo;
  /** The input was BER with indefinite lengths. */
  readonly indefiniteLength: boolean;
}

export interface SignerInfo {
  readonly version: number;
  readonly sid: SignerIdentifier;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly digestAlgorithmDer: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signatureAlgorithmDer: Uint8Array;
  /** The signed attributes with the tag SET, as they are signed (5.4). */
  readonly signedAttrsDer: Uint8Array;
  /** Each attribute in the order found. */
  readonly signedAttrs: Attributes;
  readonly unsignedAttrs: Attributes;
  readonly signature: Uint8Array;
}

export type SignerIdentifier =
  | { readonly kind: 'issuerAndSerialNumber'; readonly issuerDer: Uint8Array; readonly serialNumber: string }
  | { readonly kind: 'subjectKeyIdentifier'; readonly keyId: string };

/** Attribute type to the DER of its values. */
export type Attributes = ReadonlyMap<string, readonly Uint8Array[]>;

/** A CMS that carries CRLs inside may be large, one without is some kilobytes; stops a gigabyte from being hashed. */
const MAX_CMS_BYTES = 32 * 1024 * 1024;
/** Each certificate costs a hash or a parse; stops thousands of them in one signature. */
const MAX_CERTIFICATES = 64;
const MAX_ATTRIBUTES = 64;

/**
 * ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT SignedData }
 * SignedData ::= SEQUENCE { version, digestAlgorithms SET OF, encapContentInfo, certificates [0] IMPLICIT, crls [1] IMPLICIT,
 *   signerInfos SET OF }  (RFC 5652, 3 and 5.1)
 *
 * Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED (several signers, no signed attributes, weak or unknown algorithms).
 */
export function readSignedData(cmsDer: Uint8Array, what: string): SignedData {
  if (cmsDer.length > MAX_CMS_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `${what} of at most ${MAX_CMS_BYTES} bytes`, `${cmsDer.length}`);
  }
  const indefiniteLength = hasIndefiniteLength(cmsDer);
  const contentInfo = DerReader.of(indefiniteLength ? toDefiniteLengths(cmsDer) : cmsDer, tags.SEQUENCE, what);
  const type = contentInfo.oid();
  if (type !== oids.ID_SIGNED_DATA) throw new CmsError('UNSUPPORTED', `id-signedData in ${what}`, type);
  const explicit = contentInfo.enter(tags.contextConstructed(0));
  contentInfo.end();
  const signedData = explicit.enter(tags.SEQUENCE);
  explicit.end();

  const version = signedData.smallUnsigned();
  signedData.element(tags.SET);
  const encapsulated = signedData.enter(tags.SEQUENCE);
  const contentType = encapsulated.oid();
  const content = encapsulated.enterOptional(tags.contextConstructed(0))?.content(tags.OCTET_STRING);
  encapsulated.end();
  const bag = readCertificates(signedData.enterOptional(tags.contextConstructed(0)));
  if (signedData.peek() === tags.contextConstructed(1)) signedData.element();
  const signerInfos = signedData.enter(tags.SET);
  signedData.end();
  const signer = readSignerInfo(signerInfos.enter(tags.SEQUENCE));
  // ISO 32000-2, 12.8.3.4.3 d and RFC 3161, 2.4.2: one signer. Judging only the first would hide the others.
  if (!signerInfos.done) throw new CmsError('UNSUPPORTED', `one SignerInfo in ${what}`, 'several');
  return { version, contentType, ...(content && { content }), ...bag, signer, indefiniteLength };
}

function readCertificates(reader?: DerReader): Pick<SignedData, 'certificates' | 'unreadableCertificates'> {
  const certificates: Certificate[] = [];
  let unreadableCertificates = 0;
  if (!reader) return { certificates, unreadableCertificates };
  while (!reader.done) {
    if (certificates.length + unreadableCertificates >= MAX_CERTIFICATES) {
      throw new CmsError('LIMIT_EXCEEDED', `at most ${MAX_CERTIFICATES} certificates in ${reader.what}`, 'more');
    }
    const isX509 = reader.peek() === tags.SEQUENCE;
    const der = reader.element();
    const certificate = isX509 ? tryParse(der) : undefined;
    if (certificate) certificates.push(certificate);
    else unreadableCertificates++;
  }
  return { certificates, unreadableCertificates };
}

/** One strange certificate beside the signer's must not make the signature unreadable: it is only not there. */
function tryParse(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof CmsError) return undefined;
    throw error;
  }
}

/**
 * SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT, signatureAlgorithm, signature,
 *   unsignedAttrs [1] IMPLICIT }  (RFC 5652, 5.3)
 */
function readSignerInfo(reader: DerReader): SignerInfo {
  const version = reader.smallUnsigned();
  const sid = readSignerIdentifier(reader);
  const digestAlgorithmStart = reader.offset;
  const digestAlgorithm = readStrongDigestIdentifier(reader);
  const digestAlgorithmDer = reader.bytes.subarray(digestAlgorithmStart, reader.offset);
  if (reader.peek() !== tags.contextConstructed(0)) {
    throw new CmsError('UNSUPPORTED', `signed attributes in ${reader.what}`, 'none');
  }
  const start = reader.offset;
  const signedAttrs = readAttributes(reader.enter(tags.contextConstructed(0)));
  // RFC 5652, 5.4: not the IMPLICIT [0] tag is hashed, but that of SET OF.
  const signedAttrsDer = Uint8Array.from(reader.bytes.subarray(start, reader.offset));
  signedAttrsDer[0] = tags.SET;
  const signatureAlgorithmStart = reader.offset;
  const signatureAlgorithm = readSignatureIdentifier(reader);
  const signatureAlgorithmDer = reader.bytes.subarray(signatureAlgorithmStart, reader.offset);
  const signature = reader.content(tags.OCTET_STRING);
  const unsigned = reader.enterOptional(tags.contextConstructed(1));
  reader.end();
  return {
    version,
    sid,
    digestAlgorithm,
    digestAlgorithmDer,
    signatureAlgorithm: resolveDigest(signatureAlgorithm, digestAlgorithm),
    signatureAlgorithmDer,
    signedAttrsDer,
    signedAttrs,
    unsignedAttrs: unsigned ? readAttributes(unsigned) : new Map(),
    signature,
  };
}

/** Two digests in one SignerInfo would leave it open which one protects the document. */
function resolveDigest(algorithm: SignatureAlgorithm, digest: DigestAlgorithm): SignatureAlgorithm {
  if (algorithm.digest !== undefined && algorithm.digest !== digest) {
    throw new CmsError('UNSUPPORTED', `a signature over ${digest}, as digestAlgorithm says`, algorithm.digest);
  }
  return { ...algorithm, digest };
}

function readSignerIdentifier(reader: DerReader): SignerIdentifier {
  const keyId = reader.contentOptional(tags.contextPrimitive(0));
  if (keyId) return { kind: 'subjectKeyIdentifier', keyId: hexOf(keyId) };
  const sid = reader.enter(tags.SEQUENCE);
  const issuerDer = sid.element(tags.SEQUENCE);
  const serialNumber = hexOf(sid.integerOctets());
  sid.end();
  return { kind: 'issuerAndSerialNumber', issuerDer, serialNumber };
}

/** Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }. */
function readAttributes(reader: DerReader): Attributes {
  const attributes = new Map<string, Uint8Array[]>();
  for (let count = 0; !reader.done; count++) {
    if (count >= MAX_ATTRIBUTES) throw new CmsError('LIMIT_EXCEEDED', `${MAX_ATTRIBUTES} attributes`, 'more');
    const attribute = reader.enter(tags.SEQUENCE);
    const type = attribute.oid();
    const set = attribute.enter(tags.SET);
    attribute.end();
    const values = attributes.get(type) ?? [];
    attributes.set(type, values);
    for (let index = 0; !set.done; index++) {
      if (index >= MAX_ATTRIBUTES) throw new CmsError('LIMIT_EXCEEDED', `${MAX_ATTRIBUTES} values`, 'more');
      values.push(set.element());
    }
  }
  return attributes;
}

/** The one value of an attribute, or undefined. Throws MALFORMED for several: verifiers would differ on which counts. */
export function singleValue(attributes: Attributes, type: string, name: string): Uint8Array | undefined {
  const values = attributes.get(type);
  if (values === undefined) return undefined;
  if (values.length !== 1) throw new CmsError('MALFORMED', `one value of ${name}`, `${values.length}`);
  return values[0];
}

/** Throws CONSTRAINT unless the content-type attribute is there and names the content's type (RFC 5652, 5.3 and 11.1). */
export function assertContentType(signedData: SignedData): void {
  const value = singleValue(signedData.signer.signedAttrs, oids.ID_CONTENT_TYPE, 'content-type');
  const reader = value && new DerReader(value, 'content-type');
  const found = reader?.oid();
  reader?.end();
  if (found !== signedData.contentType) {
    throw new CmsError('CONSTRAINT', `content-type ${signedData.contentType}`, found ?? 'none');
  }
}

/** Value of the message-digest attribute (RFC 5652, 11.2). Throws MALFORMED when absent. */
export function messageDigest(signer: SignerInfo): Uint8Array {
  const value = singleValue(signer.signedAttrs, oids.ID_MESSAGE_DIGEST, 'message-digest');
  if (!value) throw new CmsError('MALFORMED', 'a message-digest attribute', 'none');
  const reader = new DerReader(value, 'message-digest');
  const digest = reader.content(tags.OCTET_STRING);
  reader.end();
  return digest;
}

/**
 * Where cms-algorithm-protection is there, the algorithms in it must be those outside (RFC 6211, 3). Throws CONSTRAINT.
 */
export function assertAlgorithmProtection(signer: SignerInfo): void {
  const value = singleValue(signer.signedAttrs, oids.ID_CMS_ALGORITHM_PROTECTION, 'cms-algorithm-protection');
  if (!value) return;
  const reader = DerReader.of(value, tags.SEQUENCE, 'cms-algorithm-protection');
  const digest = reader.element(tags.SEQUENCE);
  const signature = reader.peek() === tags.contextConstructed(1) ? Uint8Array.from(reader.element()) : undefined;
  if (signature) signature[0] = tags.SEQUENCE;
  reader.end();
  if (
    !equalBytes(digest, signer.digestAlgorithmDer) ||
    !signature ||
    !equalBytes(signature, signer.signatureAlgorithmDer)
  ) {
    throw new CmsError('CONSTRAINT', 'the algorithms of cms-algorithm-protection (RFC 6211)', 'others');
  }
}

/**
 * The certificates that the SignerIdentifier may mean; several only where a certificate was issued twice with one serial
 * number, or made to look so.
 */
export function signerCandidates(signedData: SignedData): readonly Certificate[] {
  const { sid } = signedData.signer;
  return signedData.certificates.filter((certificate) =>
    sid.kind === 'subjectKeyIdentifier'
      ? certificate.subjectKeyId === sid.keyId
      : certificate.serialNumber === sid.serialNumber && equalBytes(certificate.issuerDer, sid.issuerDer),
  );
}

/** Whether the signature over the signed attributes is right for this key. */
export function signatureMatches(signer: SignerInfo, certificate: Certificate): boolean {
  const { signatureAlgorithm, signedAttrsDer, signature } = signer;
  return verifyWithKey(certificate.publicKey, signatureAlgorithm, signedAttrsDer, signature);
}

/** Whether the message-digest attribute is the digest of `content`. */
export const digestMatches = (signer: SignerInfo, content: Uint8Array): boolean =>
  equalBytes(messageDigest(signer), digestBytes(signer.digestAlgorithm, content));
