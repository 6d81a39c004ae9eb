import type { Certificate } from './certificate.js';
import { OCTET_STRING, SEQUENCE, contextConstructed } from './der-tags.js';
import {
  byEncoding,
  headerLength,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tlv,
  writeLength,
} from './der-writer.js';
import { DIGEST_BYTES, type DigestAlgorithm, equalBytes } from './digest.js';
import * as oids from './oids.js';
import { type SignatureScheme, digestIdentifier, signatureIdentifier } from './signature-algorithm.js';
import { assertDigestLength, maxSignatureBytes } from './signature-value.js';
import { signingCertificateV2 } from './signing-certificate.js';
import { CmsError } from './errors.js';

/** The CMS of one signer as a DER template: made once per credential, then patched per document (RFC 5652; ETSI EN 319 122-1). */
export interface CadesTemplate {
  /** DER of SignedAttributes as a SET OF, the bytes that are hashed and signed (RFC 5652, 5.4). Throws MALFORMED for a digest of another length. */
  signedAttrs(messageDigest: Uint8Array): Uint8Array;
  /** The whole ContentInfo. `signature` is as CMS wants it: for ECDSA the DER SEQUENCE, not r‖s. */
  assemble(messageDigest: Uint8Array, signature: Uint8Array, timestampTokenDer?: Uint8Array): Uint8Array;
  /** Size of the CMS with a time-stamp token of that size (0: none); exact for RSA, an upper bound for ECDSA (a few bytes more). */
  sizeBytes(timestampTokenBytes: number): number;
}

/**
 * Makes the template of a detached PAdES signature. `certificates` go into the CMS with the signer's, each once.
 *
 * Signed attributes: content-type, message-digest, signing-certificate-v2; nothing else. No signing-time: ETSI EN 319 142-1,
 * 6.3, table 1: "shall not be present" in the CMS, /M of the signature dictionary carries it (g). No cms-algorithm-protection
 * (RFC 6211): what it prevents, another digest algorithm put in place of the signed one, needs two accepted algorithms of
 * one digest length, and only SHA-256, SHA-384 and SHA-512 are accepted; strict validators report attributes that table 1
 * doesn't list.
 *
 * Throws UNSUPPORTED when the signer's key doesn't fit the scheme.
 */
export function createCadesTemplate(options: {
  signer: Certificate;
  certificates: readonly Certificate[];
  scheme: SignatureScheme;
  digestAlgorithm: DigestAlgorithm;
}): CadesTemplate {
  assertKeyFits(options.signer, options.scheme);
  return new DerTemplate(options);
}

function assertKeyFits({ publicKey, keyDescription }: Certificate, scheme: SignatureScheme): void {
  const type = publicKey.asymmetricKeyType ?? 'unknown';
  const fits = { ecdsa: ['ec'], 'rsa-pkcs1': ['rsa'], 'rsa-pss': ['rsa', 'rsa-pss'] }[scheme].includes(type);
  if (!fits) throw new CmsError('UNSUPPORTED', `a key for ${scheme}`, keyDescription);
}

class DerTemplate implements CadesTemplate {
  private readonly attributes: Uint8Array;
  private readonly digestOffset: number;
  /** version to the signed attributes' place, of SignerInfo. */
  private readonly signerHead: Uint8Array;
  private readonly signatureIdentifier: Uint8Array;
  /** version to certificates, of SignedData. */
  private readonly signedDataHead: Uint8Array;
  private readonly signatureBytes: number;

  constructor(
    private readonly options: {
      readonly signer: Certificate;
      readonly certificates: readonly Certificate[];
      readonly scheme: SignatureScheme;
      readonly digestAlgorithm: DigestAlgorithm;
    },
  ) {
    const { signer, scheme, digestAlgorithm } = options;
    const blank = octetString(new Uint8Array(DIGEST_BYTES[digestAlgorithm]));
    const digestAttribute = sequence(objectIdentifier(oids.ID_MESSAGE_DIGEST), setOf(blank));
    // Attributes of fixed lengths: their order in the SET (X.690, 11.6) is decided before the digest's bytes are.
    this.attributes = setOf(
      sequence(objectIdentifier(oids.ID_CONTENT_TYPE), setOf(objectIdentifier(oids.ID_DATA))),
      digestAttribute,
      signingCertificateV2(signer, digestAlgorithm),
    );
    const at = Buffer.from(this.attributes).indexOf(digestAttribute);
    this.digestOffset = at + digestAttribute.length - DIGEST_BYTES[digestAlgorithm];
    this.signerHead = Buffer.concat([
      integer(1),
      sequence(signer.issuerDer, tlv(0x02, Buffer.from(signer.serialNumber, 'hex'))),
      digestIdentifier(digestAlgorithm),
    ]);
    this.signatureIdentifier = signatureIdentifier(scheme, digestAlgorithm);
    this.signedDataHead = Buffer.concat([
      integer(1),
      setOf(digestIdentifier(digestAlgorithm)),
      sequence(objectIdentifier(oids.ID_DATA)),
      tlv(contextConstructed(0), ...distinct([signer, ...options.certificates]).toSorted(byEncoding)),
    ]);
    this.signatureBytes = maxSignatureBytes(signer.publicKey);
  }

  signedAttrs(messageDigest: Uint8Array): Uint8Array {
    assertDigestLength(this.options.digestAlgorithm, messageDigest);
    const attributes = Uint8Array.from(this.attributes);
    attributes.set(messageDigest, this.digestOffset);
    return attributes;
  }

  assemble(messageDigest: Uint8Array, signature: Uint8Array, timestampTokenDer?: Uint8Array): Uint8Array {
    assertDigestLength(this.options.digestAlgorithm, messageDigest);
    const layout = this.layout(signature.length, timestampTokenDer?.length ?? 0);
    const out = new Uint8Array(layout.total);
    let at = 0;
    const open = (tag: number, length: number): void => {
      out[at] = tag;
      at = writeLength(out, at + 1, length);
    };
    const put = (bytes: Uint8Array): void => {
      out.set(bytes, at);
      at += bytes.length;
    };
    open(SEQUENCE, layout.contentInfo);
    put(SIGNED_DATA_TYPE);
    open(contextConstructed(0), layout.explicit);
    open(SEQUENCE, layout.signedData);
    put(this.signedDataHead);
    open(0x31, layout.signerInfos);
    open(SEQUENCE, layout.signerInfo);
    put(this.signerHead);
    const attributesAt = at;
    put(this.attributes);
    out[attributesAt] = contextConstructed(0);
    out.set(messageDigest, attributesAt + this.digestOffset);
    put(this.signatureIdentifier);
    open(OCTET_STRING, signature.length);
    put(signature);
    if (timestampTokenDer) {
      open(contextConstructed(1), layout.unsignedAttrs);
      open(SEQUENCE, layout.timestampAttribute);
      put(TIMESTAMP_TYPE);
      open(0x31, timestampTokenDer.length);
      put(timestampTokenDer);
    }
    return out;
  }

  sizeBytes(timestampTokenBytes: number): number {
    return this.layout(this.signatureBytes, timestampTokenBytes).total;
  }

  /** Content lengths from the inside out. */
  private layout(signatureBytes: number, tokenBytes: number) {
    const timestampAttribute = TIMESTAMP_TYPE.length + whole(tokenBytes);
    const unsignedAttrs = whole(timestampAttribute);
    const signerInfo =
      this.signerHead.length +
      this.attributes.length +
      this.signatureIdentifier.length +
      whole(signatureBytes) +
      (tokenBytes > 0 ? whole(unsignedAttrs) : 0);
    const signerInfos = whole(signerInfo);
    const signedData = this.signedDataHead.length + whole(signerInfos);
    const explicit = whole(signedData);
    const contentInfo = SIGNED_DATA_TYPE.length + whole(explicit);
    const total = whole(contentInfo);
    return { timestampAttribute, unsignedAttrs, signerInfo, signerInfos, signedData, explicit, contentInfo, total };
  }
}

const SIGNED_DATA_TYPE = objectIdentifier(oids.ID_SIGNED_DATA);
const TIMESTAMP_TYPE = objectIdentifier(oids.ID_AA_SIGNATURE_TIME_STAMP);

/** Octets of a TLV with so much content. */
const whole = (length: number): number => headerLength(length) + length;

const distinct = (certificates: readonly Certificate[]): Uint8Array[] =>
  certificates
    .map(({ der }) => der)
    .filter((der, index, all) => all.findIndex((other) => equalBytes(other, der)) === index);
