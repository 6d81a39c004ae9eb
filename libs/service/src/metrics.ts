import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** Seconds; from a cached evidence answer (1 ms) to a slow TSA (tens of seconds). */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A registry with the process's CPU, memory, garbage collection and event-loop delay (`nodejs_eventloop_lag_*`). */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Records the duration of a request. */
export type ObserveRequest = (route: string, status: number, seconds: number) => void;

/**
 * The histogram `kyso_http_request_duration_seconds` by method, route and status. `route` is `POST /v1/documents/:id`, the
 * pattern: a label with real ids would make one series per document and fill the memory.
 */
export function createRequestHistogram(registry: Registry): ObserveRequest {
  const histogram = new Histogram({
    name: 'kyso_http_request_duration_seconds',
    help: 'Time from the request’s first byte to the end of the answer, by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: durationBuckets,
    registers: [registry],
  });
  // Looking a series up by its labels costs more than observing; routes × statuses are few.
  const series = new Map<string, Histogram.Internal<string>>();
  return (route, status, seconds) => {
    const key = `${route} ${status}`;
    let child = series.get(key);
    if (child === undefined) {
      const space = route.indexOf(' ');
      child = histogram.labels(route.slice(0, space), route.slice(space + 1), String(status));
      series.set(key, child);
    }
    child.observe(seconds);
  };
}
