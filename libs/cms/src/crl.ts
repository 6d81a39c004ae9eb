import { BoundedCache } from './bounded-cache.js';
import type { Certificate } from './certificate.js';
import { CrlEntries } from './crl-entries.js';
import { type IssuingDistributionPoint, assertInScope, readIssuingDistributionPoint } from './crl-scope.js';
import * as tags from './der-tags.js';
import { DerReader } from './der-reader.js';
import { equalBytes, sha256Hex } from './digest.js';
import { CmsError } from './errors.js';
import { type Extension, readExtensions } from './extensions.js';
import * as oids from './oids.js';
import { type RevocationProof, assertDates } from './revocation.js';
import { type SignatureAlgorithm, readSignatureIdentifier } from './signature-algorithm.js';
import { assertDigestCounts, verifyWithKey } from './signature-value.js';
import { readTime } from './time.js';

/** The largest public CRLs have some tens of megabytes. */
const MAX_CRL_BYTES = 128 * 1024 * 1024;
/** CRLs kept, by the bytes of their DER. */
const CACHE_BYTES = 192 * 1024 * 1024;

/** A CRL whose signature was found right: what it says stays true, only its dates must be looked at again. */
interface VerifiedCrl {
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly scope?: IssuingDistributionPoint;
  readonly entries: CrlEntries;
}

const verified = new BoundedCache<VerifiedCrl>(CACHE_BYTES);

/**
 * What a CRL says of a certificate (RFC 5280, 6.3, for complete CRLs of the certificate's own issuer): signature, cRLSign,
 * issuing distribution point, dates at `at`, entry. Delta, indirect and by-reason CRLs are refused, and so are unknown
 * critical extensions. Costs a SHA-256 of the CRL each time, the rest once (the cache is by hash).
 *
 * Throws MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED, RESPONDER (another issuer), KEY_USAGE, SIGNATURE_WRONG, CONSTRAINT (the
 * certificate is outside its scope), NOT_YET_VALID, STALE.
 */
export function verifyCrl(
  der: Uint8Array,
  about: {
    certificate: Certificate;
    issuer: Certificate;
    at: Date;
    /** false: dates are not compared with `at` (validation of old evidence). */
    requireFresh?: boolean;
  },
): RevocationProof {
  const { certificate, issuer, at, requireFresh = true } = about;
  const crl = openCrl(der, issuer);
  if (!equalBytes(certificate.issuerDer, issuer.subjectDer)) {
    throw new CmsError('RESPONDER', `a certificate of ${issuer.subject}`, `one of ${certificate.issuer}`);
  }
  const { thisUpdate, nextUpdate, scope, entries } = crl;
  // RFC 5280, 5.1.2.5 demands nextUpdate; without it nobody can say how long the CRL holds.
  if (!nextUpdate && requireFresh) throw new CmsError('STALE', 'a CRL with nextUpdate', 'none');
  assertDates(crl, at, requireFresh);
  if (scope) assertInScope(scope, certificate);
  const entry = entries.find(Buffer.from(certificate.serialNumber, 'hex'));
  return {
    status: entry ? 'revoked' : 'good',
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    ...entry,
    certificates: [],
  };
}

function openCrl(der: Uint8Array, issuer: Certificate): VerifiedCrl {
  if (der.length > MAX_CRL_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `a CRL of at most ${MAX_CRL_BYTES} bytes`, `${der.length}`);
  }
  const key = `${sha256Hex(der)}${issuer.sha256}`;
  const known = verified.get(key);
  if (known) return known;
  // A copy: what was verified must not change under the cache.
  const crl = readCrl(Uint8Array.from(der), issuer);
  verified.set(key, crl, der.length);
  return crl;
}

/** CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature BIT STRING }  (RFC 5280, 5.1) */
function readCrl(der: Uint8Array, issuer: Certificate): VerifiedCrl {
  const list = DerReader.of(der, tags.SEQUENCE, 'CRL');
  const tbsDer = list.element(tags.SEQUENCE);
  const outerStart = list.offset;
  const algorithm = readSignatureIdentifier(list);
  const algorithmDer = der.subarray(outerStart, list.offset);
  const signature = list.wholeBits(tags.BIT_STRING);
  list.end();
  const fields = readTbs(DerReader.of(tbsDer, tags.SEQUENCE, 'CRL'));
  if (!equalBytes(fields.issuerDer, issuer.subjectDer)) {
    throw new CmsError('RESPONDER', `a CRL of ${issuer.subject}`, 'one of another issuer');
  }
  if (!equalBytes(fields.algorithmDer, algorithmDer)) {
    throw new CmsError('MALFORMED', 'signatureAlgorithm as in tbsCertList (RFC 5280, 5.1.1.2)', 'another');
  }
  assertSigned({ algorithm, tbsDer, signature, statedAt: fields.thisUpdate }, issuer);
  const scope = readKnownExtensions(fields.extensions);
  const { thisUpdate, nextUpdate } = fields;
  return {
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    ...(scope && { scope }),
    entries: new CrlEntries(fields.entries),
  };
}

/**
 * TBSCertList ::= SEQUENCE { version OPTIONAL, signature, issuer, thisUpdate Time, nextUpdate Time OPTIONAL,
 *   revokedCertificates SEQUENCE OF OPTIONAL, crlExtensions [0] EXPLICIT OPTIONAL }
 */
function readTbs(tbs: DerReader) {
  const version = tbs.peek() === tags.INTEGER ? tbs.smallUnsigned() : 0;
  if (version > 1) throw new CmsError('UNSUPPORTED', 'CRL version 1 or 2', `${version + 1}`);
  const algorithmDer = tbs.element(tags.SEQUENCE);
  const issuerDer = tbs.element(tags.SEQUENCE);
  const thisUpdate = readTime(tbs);
  const hasNextUpdate = tbs.peek() === tags.UTC_TIME || tbs.peek() === tags.GENERALIZED_TIME;
  const nextUpdate = hasNextUpdate ? readTime(tbs) : undefined;
  const entries = tbs.contentOptional(tags.SEQUENCE) ?? new Uint8Array();
  const extensionsField = tbs.enterOptional(tags.contextConstructed(0));
  const extensions = extensionsField ? readExtensions(extensionsField) : new Map<string, Extension>();
  extensionsField?.end();
  tbs.end();
  return { algorithmDer, issuerDer, thisUpdate, nextUpdate, entries, extensions };
}

/** RFC 5280, 6.3.3 f and g. */
function assertSigned(
  signed: { algorithm: SignatureAlgorithm; tbsDer: Uint8Array; signature: Uint8Array; statedAt: Date },
  issuer: Certificate,
): void {
  if (issuer.keyUsage && !issuer.keyUsage.has('cRLSign')) {
    throw new CmsError('KEY_USAGE', `keyUsage cRLSign in ${issuer.subject}`, [...issuer.keyUsage].join(', '));
  }
  assertDigestCounts(signed.algorithm, signed.statedAt);
  if (!verifyWithKey(issuer.publicKey, signed.algorithm, signed.tbsDer, signed.signature)) {
    throw new CmsError('SIGNATURE_WRONG', `a CRL signed by ${issuer.subject}`, 'a wrong signature');
  }
}

const KNOWN: ReadonlySet<string> = new Set([
  oids.ID_CE_CRL_NUMBER,
  oids.ID_CE_AUTHORITY_KEY_IDENTIFIER,
  oids.ID_CE_ISSUING_DISTRIBUTION_POINT,
]);

function readKnownExtensions(extensions: ReadonlyMap<string, Extension>): IssuingDistributionPoint | undefined {
  // A delta CRL lists changes only: what it doesn't list may be revoked long since.
  if (extensions.has(oids.ID_CE_DELTA_CRL_INDICATOR))
    throw new CmsError('UNSUPPORTED', 'a complete CRL', 'a delta CRL');
  for (const [oid, { critical }] of extensions) {
    if (critical && !KNOWN.has(oid)) {
      throw new CmsError('UNSUPPORTED', 'no unknown critical extension in a CRL', oid);
    }
  }
  const extension = extensions.get(oids.ID_CE_ISSUING_DISTRIBUTION_POINT);
  return extension && readIssuingDistributionPoint(extension);
}
