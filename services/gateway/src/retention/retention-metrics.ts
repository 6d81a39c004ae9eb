import type { RetentionReport } from '@kyso/contracts';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Erasures } from './erasures.js';
import type { Quotas } from './quotas.js';

/** What operators watch of what is kept and taken up. */
export class RetentionMetrics {
  private readonly documents: Gauge;
  private readonly bytes: Gauge;
  private readonly due: Gauge;
  private readonly swept: Gauge;

  constructor(registry: Registry, rooms: { readonly erasures: Erasures; readonly quotas: Quotas }) {
    const registers = [registry];
    this.documents = new Gauge({
      name: 'kyso_client_documents',
      help: 'Documents of each client, as the last sweep counted them (only the leading gateway)',
      labelNames: ['client'],
      registers,
    });
    this.bytes = new Gauge({
      name: 'kyso_client_stored_bytes',
      help: 'Bytes of the documents of each client with all versions, as the last sweep counted them (only the leading gateway)',
      labelNames: ['client'],
      registers,
    });
    this.due = new Gauge({
      name: 'kyso_retention_due_documents',
      help: 'Documents whose time was over at the last sweep and that are still there: a dry run, or in use (only the leading gateway)',
      registers,
    });
    this.swept = new Gauge({
      name: 'kyso_retention_sweep_end_timestamp_seconds',
      help: 'When the last sweep of this gateway ended; 0 before',
      registers,
    });
    const erased = new Counter({
      name: 'kyso_documents_erased_total',
      help: 'Documents erased, by what: retention or request',
      labelNames: ['by'],
      registers: [],
      collect() {
        this.reset();
        for (const [by, count] of Object.entries(rooms.erasures.erased)) this.inc({ by }, count);
      },
    });
    const refusals = new Counter({
      name: 'kyso_quota_refusals_total',
      help: 'Requests refused with QUOTA_EXCEEDED, by quota',
      labelNames: ['quota'],
      registers: [],
      collect() {
        this.reset();
        for (const [quota, count] of rooms.quotas.refusals) this.inc({ quota }, count);
      },
    });
    registry.registerMetric(erased);
    registry.registerMetric(refusals);
  }

  sweptWith({ clients, due, erased, endedAt }: RetentionReport): void {
    this.documents.reset();
    this.bytes.reset();
    for (const [client, { documents, bytes }] of Object.entries(clients)) {
      this.documents.set({ client }, documents);
      this.bytes.set({ client }, bytes);
    }
    this.due.set(due - erased);
    this.swept.set(Date.parse(endedAt) / 1_000);
  }
}
