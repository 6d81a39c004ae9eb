import { createHash } from 'node:crypto';
import { CmsError, parseCertificate, type Certificate } from '@kyso/cms';
import { SigningError, type CertificateStatus, type Evidence } from '@kyso/contracts';
import { BoundedLru } from './bounded-lru.js';
import type { Finding, ProofCache, Subject } from './proof-cache.js';

/** What `EvidenceCollector` works with. */
export interface EvidenceParts {
  readonly proofs: Pick<ProofCache, 'find' | 'touch'>;
  readonly now: () => Date;
  readonly limits: { readonly cacheEntries: number; readonly cacheBytes: number };
  readonly observe: (result: 'warm' | 'collected' | 'incomplete') => void;
}

interface KeptAnswer {
  readonly evidence: Evidence;
  readonly certificates: readonly Certificate[];
  readonly subjects: readonly Subject[];
  readonly keptAtMs: number;
  readonly useUntilMs: number;
  /** The oldest thisUpdate in it, milliseconds; −∞ where a status is unknown. */
  readonly oldestMs: number;
}

/** Answers evidence requests: whole answers by chain, and below them findings by certificate. */
export class EvidenceCollector {
  readonly #answers: BoundedLru<KeptAnswer>;

  constructor(private readonly parts: EvidenceParts) {
    const { cacheEntries, cacheBytes } = parts.limits;
    this.#answers = new BoundedLru({ entries: cacheEntries, bytes: cacheBytes });
  }

  /**
   * `chain`: DER in base64, leaf first, trust anchor last. One status for each certificate but the anchor; what can't be had
   * is `unknown` with its problems, never an error. Throws SigningError REQUEST_INVALID when the chain isn't one.
   */
  async collect(chain: readonly string[], notOlderThan?: Date): Promise<Evidence> {
    const key = chainKey(chain);
    const kept = this.#answers.get(key);
    const nowMs = this.parts.now().getTime();
    if (
      kept !== undefined &&
      nowMs < kept.useUntilMs &&
      // Kept in the future: the clock was put back since.
      nowMs >= kept.keptAtMs &&
      (notOlderThan === undefined || kept.oldestMs >= notOlderThan.getTime())
    ) {
      for (const subject of kept.subjects) this.parts.proofs.touch(subject);
      this.parts.observe('warm');
      return kept.evidence;
    }
    const certificates = kept?.certificates ?? parseChain(chain);
    const subjects = kept?.subjects ?? subjectsOf(certificates);
    const findings = await Promise.all(subjects.map((subject) => this.parts.proofs.find(subject, notOlderThan)));
    const responders = await this.#responderFindings(subjects, findings, notOlderThan);
    const evidence = assemble(certificates, findings, responders);
    const all = [...findings, ...responders];
    this.#answers.set(
      key,
      {
        evidence,
        certificates,
        subjects,
        keptAtMs: nowMs,
        // At the earliest refresh the findings are asked again: they answer at once and fetch in the background.
        useUntilMs: Math.min(...all.map((finding) => Math.min(finding.refreshAtMs, finding.expiresAtMs))),
        oldestMs: Math.min(...findings.map((finding) => finding.proof?.thisUpdate.getTime() ?? -Infinity)),
      },
      sizeOf(evidence),
    );
    this.parts.observe(findings.every((finding) => finding.proof !== undefined) ? 'collected' : 'incomplete');
    return evidence;
  }

  /** CRLs about delegated responders that don't carry id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1): verifiers ask for them. */
  async #responderFindings(
    subjects: readonly Subject[],
    findings: readonly Finding[],
    notOlderThan: Date | undefined,
  ): Promise<Finding[]> {
    const responders = findings.flatMap((finding, i) =>
      (finding.proof?.certificates ?? [])
        .filter((certificate) => !certificate.ocspNoCheck)
        .map((certificate) => ({ certificate, issuer: (subjects[i] as Subject).issuer, crlOnly: true })),
    );
    return Promise.all(responders.map((subject) => this.parts.proofs.find(subject, notOlderThan)));
  }
}

function chainKey(chain: readonly string[]): string {
  const hash = createHash('sha256');
  for (const certificate of chain) hash.update(certificate).update('\n');
  return hash.digest('base64');
}

/** Throws SigningError REQUEST_INVALID: not certificates, or not each signed by the next. */
function parseChain(chain: readonly string[]): Certificate[] {
  const certificates = chain.map((base64, i) => {
    try {
      return parseCertificate(Buffer.from(base64, 'base64'));
    } catch (error) {
      if (!(error instanceof CmsError)) throw error;
      throw new SigningError('REQUEST_INVALID', {
        expected: `a DER certificate in chain.${i}`,
        found: error.message,
        cause: error,
      });
    }
  });
  for (const [i, certificate] of certificates.slice(0, -1).entries()) {
    const issuer = certificates[i + 1] as Certificate;
    // Or a caller could have us ask any address about any pair of certificates.
    if (!certificate.x509.checkIssued(issuer.x509) || !certificate.x509.verify(issuer.publicKey))
      throw new SigningError('REQUEST_INVALID', {
        expected: `chain.${i} to be signed by chain.${i + 1}`,
        found: `${certificate.issuer} before ${issuer.subject}`,
      });
  }
  return certificates;
}

function subjectsOf(chain: readonly Certificate[]): Subject[] {
  return chain
    .slice(0, -1)
    .map((certificate, i) => ({ certificate, issuer: chain[i + 1] as Certificate, crlOnly: false }));
}

function assemble(
  chain: readonly Certificate[],
  findings: readonly Finding[],
  responders: readonly Finding[],
): Evidence {
  const proofs = [...findings, ...responders].map((finding) => finding.proof).filter((proof) => proof !== undefined);
  const known = new Set(chain.map((certificate) => certificate.sha256));
  const extra = proofs.flatMap((proof) => proof.certificates).filter((certificate) => !known.has(certificate.sha256));
  return {
    statuses: findings.map((finding, i) => describe(chain[i] as Certificate, finding)),
    ocspResponses: distinct(proofs.filter((proof) => proof.source === 'ocsp').map((proof) => proof.der)),
    crls: distinct(proofs.filter((proof) => proof.source === 'crl').map((proof) => proof.der)),
    certificates: distinct(extra.map((certificate) => certificate.der)),
  };
}

function distinct(ders: readonly Uint8Array[]): string[] {
  const texts = ders.map((der) => Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64'));
  return [...new Set(texts)];
}

/** Bytes that a kept answer takes, about. */
function sizeOf({ ocspResponses, crls, certificates }: Evidence): number {
  return [...ocspResponses, ...crls, ...certificates].reduce((sum, one) => sum + one.length, 2_000);
}

function describe(certificate: Certificate, { proof, problems }: Finding): CertificateStatus {
  return {
    certificateSha256: certificate.sha256,
    status: proof?.status ?? 'unknown',
    source: proof?.source ?? 'none',
    ...(proof === undefined ? {} : { thisUpdate: proof.thisUpdate.toISOString() }),
    ...(proof?.nextUpdate === undefined ? {} : { nextUpdate: proof.nextUpdate.toISOString() }),
    ...(proof?.revokedAt === undefined ? {} : { revokedAt: proof.revokedAt.toISOString() }),
    problems: [...problems],
  };
}
