import type { Certificate } from '@kyso/cms';
import { BoundedLru } from './bounded-lru.js';
import { firstSuccess } from './first-success.js';
import { expiresAtMs, refreshAtMs, type Lifetimes, type Proof } from './proof.js';
import { SingleFlight } from './single-flight.js';
import type { RevocationSource } from './sources.js';

/** What is known about one certificate: a proof, or why there is none. */
export interface Finding {
  readonly proof: Proof | undefined;
  /** One entry for each source that was tried in vain. */
  readonly problems: readonly string[];
  /** When it was looked for; milliseconds since 1970, as all that follow. */
  readonly soughtAtMs: number;
  /** From then on it is looked for again while this goes on being used. */
  readonly refreshAtMs: number;
  /** From then on it is no longer used. */
  readonly expiresAtMs: number;
}

/** Whom a finding is about. */
export interface Subject {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** True for certificates of OCSP responders, about which no responder is asked. */
  readonly crlOnly: boolean;
}

/** What the cache works with. */
export interface ProofCacheParts {
  readonly sourcesFor: (certificate: Certificate, crlOnly: boolean) => readonly RevocationSource[];
  readonly now: () => Date;
  readonly lifetimes: Lifetimes;
  readonly limits: {
    readonly hedgeAfterMs: number;
    readonly failureMs: number;
    readonly minRefetchMs: number;
    readonly keepWarmMs: number;
    readonly cacheEntries: number;
    readonly cacheBytes: number;
  };
  /** Hears of refreshes in the background that gave nothing; the kept proof goes on being used. */
  readonly onStale: (subject: Subject, problems: readonly string[]) => void;
}

interface Entry {
  readonly key: string;
  readonly subject: Subject;
  finding: Finding;
  lastUsedMs: number;
}

/** How many refreshes run side by side in one sweep: a burst of them would look like an attack to a small responder. */
const maxParallelRefreshes = 4;

/** Findings by certificate: one search for many askers, kept until nextUpdate, refreshed ahead of it. */
export class ProofCache {
  readonly #entries: BoundedLru<Entry>;
  readonly #searches = new SingleFlight<Finding>();

  constructor(private readonly parts: ProofCacheParts) {
    const { cacheEntries, cacheBytes } = parts.limits;
    this.#entries = new BoundedLru({ entries: cacheEntries, bytes: cacheBytes });
  }

  /**
   * The finding about a certificate; never rejects. `notOlderThan`: a proof whose thisUpdate is older is looked for anew,
   * unless that was tried since then or a moment ago; where no newer one can be had the kept one is given until its
   * nextUpdate.
   */
  async find(subject: Subject, notOlderThan?: Date): Promise<Finding> {
    const key = keyOf(subject);
    const entry = this.#entries.get(key);
    const nowMs = this.#nowMs();
    if (entry === undefined) return this.#search(key, subject);
    entry.lastUsedMs = nowMs;
    // Sought in the future: the clock was put back since.
    if (nowMs >= entry.finding.expiresAtMs || nowMs < entry.finding.soughtAtMs) return this.#search(key, subject);
    if (notOlderThan !== undefined && this.#mayBeRenewed(entry.finding, notOlderThan))
      return this.#search(key, subject);
    if (nowMs >= entry.finding.refreshAtMs) void this.#search(key, subject);
    return entry.finding;
  }

  /** Looks again for everything that is due and was used lately; for a timer. */
  async refreshDue(): Promise<void> {
    const nowMs = this.#nowMs();
    const due = [...this.#entries.values()].filter(
      ({ finding, lastUsedMs }) =>
        finding.proof !== undefined &&
        nowMs >= finding.refreshAtMs &&
        nowMs - lastUsedMs <= this.parts.limits.keepWarmMs,
    );
    const worker = async (): Promise<void> => {
      for (let entry = due.pop(); entry !== undefined; entry = due.pop()) await this.#search(entry.key, entry.subject);
    };
    await Promise.all(Array.from({ length: maxParallelRefreshes }, worker));
  }

  /** Says that a finding was used without being asked for, through an answer that was kept whole. */
  touch(subject: Subject): void {
    const entry = this.#entries.get(keyOf(subject));
    if (entry !== undefined) entry.lastUsedMs = this.#nowMs();
  }

  get usage(): { readonly size: number; readonly bytes: number } {
    return this.#entries;
  }

  #mayBeRenewed(finding: Finding, notOlderThan: Date): boolean {
    if (finding.proof !== undefined && finding.proof.thisUpdate >= notOlderThan) return false;
    return finding.soughtAtMs < Math.min(notOlderThan.getTime(), this.#nowMs() - this.parts.limits.minRefetchMs);
  }

  #search(key: string, subject: Subject): Promise<Finding> {
    return this.#searches.run(key, async () => {
      const soughtAt = this.parts.now();
      // A CRL that was fetched since this certificate was last looked for, by whomever, is new enough.
      const newerThan = new Date((this.#entries.get(key)?.finding.soughtAtMs ?? -1) + 1);
      const sources = this.parts.sourcesFor(subject.certificate, subject.crlOnly);
      const { value, problems } = await firstSuccess(
        sources.map((source) => ({
          name: `${source.kind} ${source.url}`,
          run: () => source.ask(subject.certificate, subject.issuer, newerThan),
        })),
        this.parts.limits.hedgeAfterMs,
      );
      const finding = this.#judge(key, { subject, value, soughtAt, problems: noSourceProblem(sources, problems) });
      const bytes = (finding.proof?.der.length ?? 0) + subject.certificate.der.length + 1_000;
      const lastUsedMs = this.#entries.get(key)?.lastUsedMs ?? this.#nowMs();
      this.#entries.set(key, { key, subject, finding, lastUsedMs }, bytes);
      return finding;
    });
  }

  #judge(
    key: string,
    found: { subject: Subject; value: Proof | undefined; problems: readonly string[]; soughtAt: Date },
  ): Finding {
    const { value, problems } = found;
    const soughtAtMs = found.soughtAt.getTime();
    const nowMs = this.#nowMs();
    const retryAtMs = nowMs + this.parts.limits.failureMs;
    const entry = this.#entries.get(key);
    const kept = entry !== undefined && nowMs < entry.finding.expiresAtMs ? entry.finding : undefined;
    if (value === undefined && kept?.proof !== undefined) {
      this.parts.onStale(found.subject, problems);
      return { ...kept, soughtAtMs, refreshAtMs: retryAtMs };
    }
    if (value === undefined)
      return { proof: undefined, problems, soughtAtMs, refreshAtMs: retryAtMs, expiresAtMs: retryAtMs };
    // A source that lags behind (a CRL of this morning after an OCSP answer of now) must not replace a newer statement.
    const newer = kept?.proof !== undefined && kept.proof.thisUpdate > value.thisUpdate;
    const proof = newer ? { ...kept.proof, fetchedAt: value.fetchedAt } : value;
    const { lifetimes, limits } = this.parts;
    return {
      proof,
      problems,
      soughtAtMs,
      refreshAtMs: Math.max(refreshAtMs(proof, lifetimes), nowMs + Math.min(limits.failureMs, limits.minRefetchMs)),
      // An answer on the edge of its nextUpdate passes by the clocks' tolerance; it must not make every asker fetch.
      expiresAtMs: Math.max(expiresAtMs(proof, lifetimes), nowMs + limits.minRefetchMs),
    };
  }

  #nowMs(): number {
    return this.parts.now().getTime();
  }
}

const keyOf = ({ certificate, issuer, crlOnly }: Subject): string =>
  `${certificate.sha256} ${issuer.sha256}${crlOnly ? ' crl' : ''}`;

function noSourceProblem(sources: readonly RevocationSource[], problems: readonly string[]): readonly string[] {
  return sources.length === 0
    ? ['expected an OCSP or CRL address in the certificate or the configuration, found none']
    : problems;
}
