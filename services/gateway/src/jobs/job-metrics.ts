import { Counter, Gauge, type Registry } from 'prom-client';
import type { Reconciliation } from './reconciler.js';

/** What operators watch of jobs, as far as the gateway knows it. */
export class JobMetrics {
  private readonly open: Gauge;
  private readonly requeued: Counter;

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
  }

  reconciled({ open, added }: Reconciliation): void {
    this.open.set(open);
    this.requeued.inc(added);
  }
}
