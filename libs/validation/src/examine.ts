import { hash } from 'node:crypto';
import type { DigestAlgorithm } from '@kyso/cms';
import type { ByteSource, PdfDocument, PdfSignature } from '@kyso/pdf';
import { checkByteRange } from './byte-range.js';
import type { ByteRangeDigests } from './byte-range-digests.js';
import { judgeCoverage, type CoverageJudgement } from './coverage.js';
import { judgeIntegrity, type IntegrityJudgement } from './integrity.js';
import { openToken, type OpenedToken } from './time-stamp.js';

/** A signature or document time-stamp with what was found in its own bytes, before any time or trust is judged. */
export interface Subject {
  readonly signature: PdfSignature;
  readonly coverage: CoverageJudgement;
  /** Of a signature. */
  readonly integrity?: IntegrityJudgement;
  /** Of a document time-stamp; for a signature its signature time-stamp, where there is one. */
  readonly token?: OpenedToken;
}

type RangeDigest = (algorithm: DigestAlgorithm) => Promise<Uint8Array>;

/**
 * Prepares the first half of the validation, which needs no time and no trust: coverage and cryptography of one signature.
 * Its range is announced at once and hashed when the first result is asked for, so that all ranges share one pass.
 */
export async function planExamination(
  document: PdfDocument,
  signature: PdfSignature,
  { digests, source }: { digests: ByteRangeDigests; source: ByteSource },
): Promise<() => Promise<Subject>> {
  const findings = await checkByteRange(signature, source);
  // Without a whole revision there is nothing that a digest could be right about.
  if (findings.length > 0) {
    return () => Promise.resolve({ signature, coverage: { coverage: 'partial', findings } });
  }
  const [, gapStart, gapEnd, length] = signature.byteRange;
  const key = digests.add({ gapStart, gapEnd, end: gapEnd + length });
  return async () => ({
    signature,
    coverage: await judgeCoverage(document, signature, source.size),
    ...(await examine(signature, (algorithm) => digests.digest(key, algorithm))),
  });
}

async function examine(
  signature: PdfSignature,
  digestOfRange: RangeDigest,
): Promise<{ integrity?: IntegrityJudgement; token?: OpenedToken }> {
  if (signature.kind === 'document-timestamp') return { token: await openToken(signature.cmsDer, digestOfRange) };
  const integrity = await judgeIntegrity(signature, digestOfRange);
  const { cades } = integrity;
  if (!cades?.timestampTokenDer) return { integrity };
  // The imprint is that of the signature value (ETSI EN 319 122-1, 5.3).
  const token = await openToken(cades.timestampTokenDer, (algorithm) =>
    Promise.resolve(hash(algorithm, cades.signatureValue, 'buffer')),
  );
  return { integrity, token };
}
