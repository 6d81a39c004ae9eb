import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AddedTimestamp } from './deferral/add-timestamp.js';
import type { FleetState } from './hsm/token-fleet.js';
import type { StepObserver } from './signing.processor.js';

/** What the parts of a signer tell. */
export interface SignerMetrics {
  readonly observe: StepObserver;
  readonly tokenReplaced: (token: string) => void;
  /** Of one look at a document that waits for its time-stamp. */
  readonly timestampLooked: (end: AddedTimestamp['kind']) => void;
}

/** Duration and end of steps by token and lane, and the state of each token; `/metrics` prints them. */
export function createSignerMetrics(registry: Registry, states: () => readonly FleetState[]): SignerMetrics {
  const duration = new Histogram({
    name: 'kyso_signing_step_duration_seconds',
    help: 'Time from taking a step from the queue to its end, by token, lane and end',
    labelNames: ['token', 'lane', 'end'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150],
    registers: [registry],
  });
  const replaced = new Counter({
    name: 'kyso_token_events_total',
    help: 'Changes of the state of a token: a host that was started, lost or replaced',
    labelNames: ['token'] as const,
    registers: [registry],
  });
  const ready = new Gauge({
    name: 'kyso_token_ready',
    help: '1: the token signs; 0: it is absent or in quarantine, and its jobs wait or fail',
    labelNames: ['token', 'serves', 'state'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { token, serves, state } of states()) this.set({ token, serves, state }, state === 'ready' ? 1 : 0);
    },
  });
  ready.reset();
  const later = new Counter({
    name: 'kyso_later_timestamps_total',
    help: 'Looks at documents that wait for a time-stamp, by what came of it: added, waits, nothing',
    labelNames: ['end'] as const,
    registers: [registry],
  });
  return {
    observe: ({ token, lane, end, seconds }) => duration.observe({ token, lane, end }, seconds),
    tokenReplaced: (token) => replaced.inc({ token }),
    timestampLooked: (end) => later.inc({ end }),
  };
}
