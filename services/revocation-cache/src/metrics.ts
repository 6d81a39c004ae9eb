import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the cache tells `/metrics`. */
export interface RevocationMetrics {
  readonly answered: (result: 'warm' | 'collected' | 'incomplete') => void;
  readonly fetched: (fetched: { kind: 'ocsp' | 'crl'; outcome: string; durationMs: number }) => void;
  /** Registers a cache whose size is read when metrics are asked for. */
  readonly watch: (cache: string, usage: () => { readonly size: number; readonly bytes: number }) => void;
}

/** Registers the metrics of this service. */
export function createRevocationMetrics(registry: Registry): RevocationMetrics {
  const answers = new Counter({
    name: 'kyso_revocation_answers_total',
    help: 'Evidence requests: warm (kept whole), collected, incomplete (a status is unknown)',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  const fetches = new Histogram({
    name: 'kyso_revocation_fetch_duration_seconds',
    help: 'Time of one request to an OCSP responder or for a CRL',
    labelNames: ['kind', 'outcome'] as const,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const watched = new Map<string, () => { readonly size: number; readonly bytes: number }>();
  const entries = new Gauge({
    name: 'kyso_revocation_cache_entries',
    help: 'Entries by cache',
    labelNames: ['cache'] as const,
    registers: [registry],
    collect() {
      for (const [cache, usage] of watched) {
        this.set({ cache }, usage().size);
        bytes.set({ cache }, usage().bytes);
      }
    },
  });
  const bytes = new Gauge({
    name: 'kyso_revocation_cache_bytes',
    help: 'Bytes of DER by cache',
    labelNames: ['cache'] as const,
    registers: [registry],
  });
  entries.reset();
  return {
    answered: (result) => answers.inc({ result }),
    fetched: ({ kind, outcome, durationMs }) => fetches.observe({ kind, outcome }, durationMs / 1_000),
    watch: (cache, usage) => watched.set(cache, usage),
  };
}
