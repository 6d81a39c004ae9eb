import { Counter, Gauge, type Registry } from 'prom-client';

/** What came of an attempt, or of all of them. */
export type DeliveryOutcome = 'delivered' | 'refused' | 'away' | 'gone' | 'dead-letter';

/** What waits to be told. */
export interface WaitingEvents {
  readonly count: number;
  /** When the oldest one happened, in milliseconds since 1970. */
  readonly oldestMs: number | undefined;
}

/** What operators watch of webhooks. */
export class WebhookMetrics {
  private readonly waiting: Gauge;
  private readonly oldest: Gauge;
  private readonly deliveries: Counter<'outcome'>;
  private readonly dead: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.waiting = new Gauge({
      name: 'kyso_webhook_waiting_events',
      help: 'Events that endpoints are still to be told of, as they were last counted (only the leading gateway)',
      registers,
    });
    this.oldest = new Gauge({
      name: 'kyso_webhook_oldest_seconds',
      help: 'Age of the oldest of them; 0 when none waits',
      registers,
    });
    this.deliveries = new Counter({
      name: 'kyso_webhook_deliveries_total',
      help: 'Attempts to tell an endpoint by outcome, and what was given up (dead-letter)',
      labelNames: ['outcome'],
      registers,
    });
    this.dead = new Gauge({
      name: 'kyso_webhook_dead_letters',
      help: 'Dead letters of all endpoints, as they were last counted (only the leading gateway)',
      registers,
    });
  }

  delivered(outcome: DeliveryOutcome): void {
    this.deliveries.inc({ outcome });
    if (outcome === 'dead-letter') this.dead.inc();
  }

  eventsWait({ count, oldestMs }: WaitingEvents, nowMs: number): void {
    this.waiting.set(count);
    this.oldest.set(oldestMs === undefined ? 0 : Math.max(0, (nowMs - oldestMs) / 1_000));
  }

  deadLetters(count: number): void {
    this.dead.set(count);
  }
}
