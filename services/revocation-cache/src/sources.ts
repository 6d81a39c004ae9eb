import {
  CmsError,
  createOcspRequest,
  verifyCrl,
  verifyOcspResponse,
  type Certificate,
  type RevocationProof,
} from '@kyso/cms';
import type { GuardedFetch } from '@kyso/service';
import { BoundedLru } from './bounded-lru.js';
import { refreshAtMs, type Lifetimes, type Proof } from './proof.js';
import { SingleFlight } from './single-flight.js';

/** Asks one place about one certificate. Throws where the answer is not a proof of good or revoked. */
export interface RevocationSource {
  readonly kind: 'ocsp' | 'crl';
  readonly url: string;
  /** `newerThan`: what was fetched before it is not used again. */
  ask(certificate: Certificate, issuer: Certificate, newerThan: Date): Promise<Proof>;
}

/** What the sources work with. */
export interface SourceParts {
  readonly fetch: GuardedFetch;
  readonly now: () => Date;
  readonly lifetimes: Lifetimes;
  readonly limits: {
    readonly fetchTimeoutMs: number;
    readonly maxOcspBytes: number;
    readonly maxCrlBytes: number;
    readonly failureMs: number;
    readonly cacheEntries: number;
    readonly cacheBytes: number;
  };
  readonly observe: (fetched: { kind: 'ocsp' | 'crl'; outcome: string; durationMs: number }) => void;
}

interface KeptCrl {
  readonly der: Uint8Array;
  readonly fetchedAt: Date;
  readonly refreshAtMs: number;
}

/** All sources of evidence: which there are for a certificate, and how they are asked. */
export class RevocationSources {
  /** CRLs that were found right for an issuer; one download serves all certificates of a CA. */
  readonly #crls: BoundedLru<KeptCrl>;
  readonly #downloads = new SingleFlight<KeptCrl>();
  /** Places that did not answer lately, until when they are let alone (milliseconds) and why. */
  readonly #silent: BoundedLru<{ sinceMs: number; untilMs: number; problem: string }>;

  constructor(
    private readonly parts: SourceParts,
    private readonly extra: { readonly ocspUrls: readonly string[]; readonly crlUrls: readonly string[] },
  ) {
    const { cacheEntries, cacheBytes } = parts.limits;
    this.#crls = new BoundedLru({ entries: cacheEntries, bytes: cacheBytes });
    this.#silent = new BoundedLru({ entries: 1_000, bytes: 1_000_000 });
  }

  /**
   * OCSP first (small, newest), then CRLs; of each kind what the certificate names, then what is configured. `crlOnly` for
   * responders: asking responders about responders would never end.
   */
  for(certificate: Certificate, crlOnly = false): RevocationSource[] {
    const ocspUrls = crlOnly ? [] : unique([...certificate.ocspUrls, ...this.extra.ocspUrls]);
    const crlUrls = unique([...certificate.crlUrls, ...this.extra.crlUrls]);
    return [
      ...ocspUrls.map((url): RevocationSource => ({
        kind: 'ocsp',
        url,
        ask: (about, issuer) => this.#askOcsp(url, about, issuer),
      })),
      ...crlUrls.map((url): RevocationSource => ({
        kind: 'crl',
        url,
        ask: (about, issuer, newerThan) => this.#askCrl(url, { certificate: about, issuer, newerThan }),
      })),
    ];
  }

  get crlCache(): { readonly size: number; readonly bytes: number } {
    return this.#crls;
  }

  async #askOcsp(url: string, certificate: Certificate, issuer: Certificate): Promise<Proof> {
    const fetchedAt = this.parts.now();
    const der = await this.#fetch('ocsp', url, {
      method: 'POST',
      // No nonce (RFC 9654): the answer is kept and shown to many; its dates say how old it is.
      body: createOcspRequest(certificate, issuer),
      headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
      maxBytes: this.parts.limits.maxOcspBytes,
    });
    const proof = verifyOcspResponse(der, { certificate, issuer, at: this.parts.now() });
    return decided({ kind: 'ocsp', url, der, fetchedAt }, proof);
  }

  async #askCrl(
    url: string,
    about: { certificate: Certificate; issuer: Certificate; newerThan: Date },
  ): Promise<Proof> {
    // By issuer too: whoever names our CRL's address under an issuer of his own gets nothing from this cache, nor into it.
    const key = `${about.issuer.sha256} ${url}`;
    const kept = this.#crls.get(key);
    const usable = kept !== undefined && kept.fetchedAt >= about.newerThan && this.#nowMs() < kept.refreshAtMs;
    const crl = usable ? kept : await this.#downloadOr(kept, url);
    const proof = verifyCrl(crl.der, { certificate: about.certificate, issuer: about.issuer, at: this.parts.now() });
    if (crl !== kept) {
      const dates = {
        fetchedAt: crl.fetchedAt,
        ...(proof.nextUpdate === undefined ? {} : { nextUpdate: proof.nextUpdate }),
      };
      const refreshAt = refreshAtMs(dates, this.parts.lifetimes);
      this.#crls.set(key, { ...crl, refreshAtMs: refreshAt }, crl.der.length + 300);
    }
    return decided({ kind: 'crl', url, der: crl.der, fetchedAt: crl.fetchedAt }, proof);
  }

  /** A kept CRL holds until its nextUpdate, which `verifyCrl` looks at: better than nothing when no newer one can be had. */
  async #downloadOr(kept: KeptCrl | undefined, url: string): Promise<KeptCrl> {
    try {
      return await this.#downloads.run(url, () => this.#download(url));
    } catch (error) {
      if (kept === undefined) throw error;
      return kept;
    }
  }

  async #download(url: string): Promise<KeptCrl> {
    const fetchedAt = this.parts.now();
    const maxBytes = this.parts.limits.maxCrlBytes;
    const headers = { accept: 'application/pkix-crl' };
    return { der: await this.#fetch('crl', url, { method: 'GET', headers, maxBytes }), fetchedAt, refreshAtMs: 0 };
  }

  async #fetch(
    kind: 'ocsp' | 'crl',
    url: string,
    how: { method: 'GET' | 'POST'; body?: Uint8Array; headers: Record<string, string>; maxBytes: number },
  ): Promise<Uint8Array> {
    const silent = this.#silent.get(url);
    const nowMs = this.#nowMs();
    // Before sinceMs only a clock that was put back can be.
    if (silent !== undefined && nowMs >= silent.sinceMs && nowMs < silent.untilMs)
      throw new Error(`not asked again yet, ${silent.problem}`);
    const startedMs = performance.now();
    let outcome = 'answered';
    try {
      const { status, body } = await this.parts.fetch({ url, timeoutMs: this.parts.limits.fetchTimeoutMs, ...how });
      if (status !== 200) throw new Error(`expected status 200, found ${status}`);
      this.#silent.delete(url);
      return body;
    } catch (error) {
      outcome = 'failed';
      const problem = (error as Error).message;
      const sinceMs = this.#nowMs();
      this.#silent.set(url, { sinceMs, untilMs: sinceMs + this.parts.limits.failureMs, problem }, 500);
      throw error;
    } finally {
      this.parts.observe({ kind, outcome, durationMs: performance.now() - startedMs });
    }
  }

  #nowMs(): number {
    return this.parts.now().getTime();
  }
}

/** `unknown` is no proof: the next source is asked. */
function decided(
  from: { kind: 'ocsp' | 'crl'; url: string; der: Uint8Array; fetchedAt: Date },
  proof: RevocationProof,
): Proof {
  if (proof.status === 'unknown') throw new CmsError('STATUS', 'good or revoked', 'unknown');
  return {
    status: proof.status,
    source: from.kind,
    url: from.url,
    der: from.der,
    thisUpdate: proof.thisUpdate,
    ...(proof.nextUpdate === undefined ? {} : { nextUpdate: proof.nextUpdate }),
    ...(proof.revokedAt === undefined ? {} : { revokedAt: proof.revokedAt }),
    certificates: proof.certificates,
    fetchedAt: from.fetchedAt,
  };
}

const unique = (urls: readonly string[]): string[] => [...new Set(urls)];
