import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Attempt, TimestampSource } from './obtain-timestamp.js';

/** Latency and outcome by TSA, and the state of each breaker; `/metrics` prints them. */
export function createTsaMetrics(registry: Registry, sources: readonly TimestampSource[]): (attempt: Attempt) => void {
  const duration = new Histogram({
    name: 'kyso_tsa_request_duration_seconds',
    help: 'Time from the question to a TSA to its checked answer, by outcome',
    labelNames: ['tsa', 'outcome'] as const,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150],
    registers: [registry],
  });
  const available = new Gauge({
    name: 'kyso_tsa_available',
    help: '1: the TSA is asked; 0: it is skipped after failures',
    labelNames: ['tsa'] as const,
    registers: [registry],
    collect() {
      for (const { name, breaker } of sources) this.set({ tsa: name }, breaker.state === 'open' ? 0 : 1);
    },
  });
  available.reset();
  return ({ source, outcome, durationMs }) => duration.observe({ tsa: source, outcome }, durationMs / 1_000);
}
