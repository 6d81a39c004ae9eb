import type { WebhookEvent } from '@kyso/contracts';

/**
 * The name of a delivery in the store, `<ms>.<eventId>.<about>.<version>`, tells its place in the order, so that a listing is
 * enough to know which one comes next.
 */
export interface DeliveryName {
  readonly name: string;
  readonly eventId: string;
  /** When it happened, in milliseconds since 1970. */
  readonly atMs: number;
  /** The document or the batch that the event is about: its events are told one after the other. */
  readonly about: string;
  /** Of the document, which grows with every event but a failure; 0 for a batch. */
  readonly version: number;
}

export function deliveryNameOf(event: WebhookEvent): DeliveryName {
  const atMs = Date.parse(event.timestamp);
  const { about, version } = subjectOf(event);
  const name = [String(atMs).padStart(13, '0'), event.id, about, String(version).padStart(6, '0')].join('.');
  return { name, eventId: event.id, atMs, about, version };
}

function subjectOf({ type, data }: WebhookEvent): Pick<DeliveryName, 'about' | 'version'> {
  if (type === 'batch.completed') return { about: data.batchId, version: 0 };
  if (type === 'webhook.test') return { about: data.webhookId, version: 0 };
  return { about: data.documentId, version: data.version };
}

/** undefined for what was not made by `deliveryNameOf`. */
export function parseDeliveryName(name: string): DeliveryName | undefined {
  const [at = '', eventId = '', about = '', version = ''] = name.split('.');
  if (!/^\d{13}$/.test(at) || about === '' || !/^\d{6,}$/.test(version)) return undefined;
  return { name, eventId, atMs: Number(at), about, version: Number(version) };
}

/** What of one document comes first: versions count more than clocks, which differ between machines. */
export function compareWithinSubject(a: DeliveryName, b: DeliveryName): number {
  return a.version - b.version || compareByTime(a, b);
}

/** The oldest first. */
export function compareByTime(a: DeliveryName, b: DeliveryName): number {
  return a.atMs - b.atMs || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);
}

/** Keeps the `limit` items that come first, and looks at any number of them in bounded memory. */
export class Earliest<T> {
  /** How many were offered. */
  count = 0;
  private items: T[] = [];

  constructor(
    private readonly limit: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  offer(item: T): void {
    this.count += 1;
    this.items.push(item);
    if (this.items.length >= this.limit * 2) this.cut();
  }

  /** In order. */
  take(): readonly T[] {
    this.cut();
    return this.items;
  }

  private cut(): void {
    this.items.sort(this.compare);
    this.items.length = Math.min(this.items.length, this.limit);
  }
}
