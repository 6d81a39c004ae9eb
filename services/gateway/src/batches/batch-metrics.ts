import { Gauge, type Registry } from 'prom-client';
import type { FeedingPass } from './batch-feeder.js';

/** What operators watch of batches; only the leading gateway knows it. */
export class BatchMetrics {
  private readonly open: Gauge;
  private readonly running: Gauge;
  private readonly held: Gauge;
  private readonly items: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.open = new Gauge({
      name: 'kyso_open_batches',
      help: 'Batches that have not ended, also those that wait for their window or are paused (only the leading gateway)',
      registers,
    });
    this.running = new Gauge({ name: 'kyso_running_batches', help: 'Batches that are being worked on now', registers });
    this.held = new Gauge({
      name: 'kyso_held_batches',
      help: 'Batches of which nothing goes on since their token, hours, time-stamps or evidence cannot be had now',
      registers,
    });
    this.items = new Gauge({
      name: 'kyso_open_batch_items',
      help: 'Documents of open batches that have no outcome yet',
      registers,
    });
  }

  passed({ open, running, held, openItems }: FeedingPass): void {
    this.open.set(open);
    this.running.set(running);
    this.held.set(held);
    this.items.set(openItems);
  }
}
