import { Counter, Gauge, type Registry } from 'prom-client';
import type { WaitingTimestamps } from './later-timestamps.js';
import type { Reconciliation } from './reconciler.js';

/** What operators watch of jobs, as far as the gateway knows it. */
export class JobMetrics {
  private readonly open: Gauge;
  private readonly requeued: Counter;
  private readonly waitingTimestamps: Gauge;
  private readonly oldestTimestamp: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.open = new Gauge({
      name: 'kyso_open_jobs',
      help: 'Accepted jobs without an outcome, as the last pass of the reconciler counted them (only the leading gateway)',
      registers,
    });
    this.requeued = new Counter({
      name: 'kyso_jobs_requeued_total',
      help: 'Jobs that the reconciler put back on a queue; a steady rate means that signers fail without an outcome',
      registers,
    });
    this.waitingTimestamps = new Gauge({
      name: 'kyso_waiting_timestamps',
      help: 'Documents whose signatures were released without a time-stamp and have none yet (only the leading gateway)',
      registers,
    });
    this.oldestTimestamp = new Gauge({
      name: 'kyso_waiting_timestamps_oldest_seconds',
      help: 'Age of the oldest job among them; 0 when none waits',
      registers,
    });
  }

  reconciled({ open, added }: Reconciliation): void {
    this.open.set(open);
    this.requeued.inc(added);
  }

  timestampsWait({ open, oldestMs }: WaitingTimestamps): void {
    this.waitingTimestamps.set(open);
    this.oldestTimestamp.set(oldestMs === undefined ? 0 : Math.max(0, (Date.now() - oldestMs) / 1_000));
  }
}
