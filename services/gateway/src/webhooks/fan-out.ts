import { objectKeys, type StoredDelivery, type StoredWebhook, type WebhookEvent } from '@kyso/contracts';
import { createJson, listEvents, readEvent, removeEvent, type ObjectStore, type OutboxEntry } from '@kyso/storage';
import type { Logger } from 'pino';
import { deliveryNameOf, Earliest, type DeliveryName } from './delivery-name.js';
import type { WebhookBook } from './webhook-book.js';

/** Events that are looked at in one pass; the others are only counted. */
const eventsOfPass = 5_000;
/** Events that are worked on at a time. */
const atATime = 100;

export interface FanOutParts {
  readonly store: ObjectStore;
  readonly book: Pick<WebhookBook, 'read'>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** A delivery that was made. */
export interface NewDelivery {
  readonly clientId: string;
  readonly webhookId: string;
  readonly name: DeliveryName;
}

/** The outbox after the pass. */
export interface OutboxState {
  /** Events that are left for the next pass. */
  readonly left: number;
  /** When the oldest event before the pass had happened, in milliseconds since 1970; undefined when there was none. */
  readonly oldestMs: number | undefined;
}

/**
 * Hands events from the outbox to the endpoints that want them: one delivery each, created before the event goes. A crash in
 * between makes the same deliveries again. The oldest come first, and `made` hears of a delivery only when those of all
 * earlier events are there.
 */
export class FanOut {
  /** Events that can't be read; each is logged once. */
  private readonly bad = new Set<string>();

  constructor(private readonly parts: FanOutParts) {}

  /** One pass. Throws STORE_UNAVAILABLE, STORE_FULL. */
  async run(made: (deliveries: readonly NewDelivery[]) => void): Promise<OutboxState> {
    const earliest = new Earliest<OutboxEntry>(eventsOfPass, (a, b) => a.atMs - b.atMs || (a.key < b.key ? -1 : 1));
    for await (const entry of listEvents(this.parts.store)) earliest.offer(entry);
    const entries = earliest.take();
    // After the listing: an endpoint that was there when the job was accepted is there now, and is not missed.
    const endpoints = new Map<string, Promise<StoredWebhook[]>>();
    for (let from = 0; from < entries.length; from += atATime) {
      const some = entries.slice(from, from + atATime);
      for (const { clientId } of some) {
        if (!endpoints.has(clientId)) endpoints.set(clientId, this.parts.book.read(clientId));
      }
      const results = await Promise.all(
        some.map(async (entry) => this.handOut(entry, (await endpoints.get(entry.clientId)) ?? [])),
      );
      made(results.flat());
    }
    return { left: earliest.count - entries.length, oldestMs: entries[0]?.atMs };
  }

  private async handOut(entry: OutboxEntry, endpoints: readonly StoredWebhook[]): Promise<NewDelivery[]> {
    const { store } = this.parts;
    const event = await this.read(entry);
    if (event === undefined) return [];
    const name = deliveryNameOf(event);
    const wanting = endpoints.filter((endpoint) => wants(endpoint, event));
    const delivery: StoredDelivery = {
      eventId: event.id,
      payload: JSON.stringify(event),
      since: this.parts.now().toISOString(),
      attempts: 0,
    };
    for (const endpoint of wanting) {
      await createJson(store, objectKeys.webhookDelivery(endpoint, name.name), delivery);
    }
    await removeEvent(store, entry);
    return wanting.map(({ clientId, webhookId }) => ({ clientId, webhookId, name }));
  }

  private async read(entry: OutboxEntry): Promise<WebhookEvent | undefined> {
    const { store, logger } = this.parts;
    try {
      return await readEvent(store, entry);
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'INTERNAL') throw error;
      if (!this.bad.has(entry.key))
        logger.error({ err: error, key: entry.key }, 'an event of the outbox cannot be read');
      this.bad.add(entry.key);
      return undefined;
    }
  }
}

/** Also where it is disabled: then it becomes a dead letter, which can be replayed. */
function wants({ types }: StoredWebhook, { type }: WebhookEvent): boolean {
  return types === undefined || types.some((one) => one === type);
}
