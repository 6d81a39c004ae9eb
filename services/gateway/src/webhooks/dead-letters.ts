import {
  objectKeys,
  SigningError,
  storedDeadLetterSchema,
  webhookEventSchema,
  type DeadLetter,
  type DeadLetterList,
  type DeadLetterReason,
  type Replay,
  type StoredDelivery,
} from '@kyso/contracts';
import { getJson, putJson, type ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';
import { compareByTime, Earliest, parseDeliveryName, type DeliveryName } from './delivery-name.js';

/** Dead letters that one call sends again. */
const replayedAtOnce = 10_000;

/** Whose dead letters. */
export interface Endpoint {
  readonly clientId: string;
  readonly webhookId: string;
}

/** Events of which an endpoint could not be told: kept until they are replayed or too old. */
export class DeadLetters {
  constructor(
    private readonly parts: { readonly store: ObjectStore; readonly logger: Logger; readonly now: () => Date },
  ) {}

  /** Takes the delivery from those that wait. Harmless when repeated. Throws STORE_UNAVAILABLE, STORE_FULL. */
  async bury(
    to: Endpoint,
    name: DeliveryName,
    dead: { readonly delivery: StoredDelivery; readonly reason: DeadLetterReason },
  ): Promise<void> {
    const { store, logger, now } = this.parts;
    const { delivery, reason } = dead;
    await putJson(store, objectKeys.deadLetter(to, name.name), { ...delivery, reason, diedAt: now().toISOString() });
    await store.delete(objectKeys.webhookDelivery(to, name.name));
    const { clientId, webhookId } = to;
    const { attempts } = delivery;
    logger.warn({ clientId, webhookId, eventId: name.eventId, reason, attempts }, 'webhook delivery is a dead letter');
  }

  /** The oldest `limit` ones that come after `after`, a `next` of an earlier answer. */
  async list(
    to: Endpoint,
    page: { readonly limit: number; readonly after: string | undefined },
  ): Promise<DeadLetterList> {
    const after = page.after === undefined ? undefined : parseDeliveryName(page.after);
    if (page.after !== undefined && after === undefined) {
      throw new SigningError('REQUEST_INVALID', { expected: 'after: a next of an earlier answer' });
    }
    // One more than asked for tells whether there is a next page.
    const earliest = new Earliest(page.limit + 1, compareByTime);
    let total = 0;
    for await (const name of this.names(to)) {
      total += 1;
      if (after === undefined || compareByTime(name, after) > 0) earliest.offer(name);
    }
    const names = earliest.take();
    const shown = names.slice(0, page.limit);
    const last = names.length > page.limit ? shown.at(-1) : undefined;
    const letters = await Promise.all(shown.map((name) => this.describe(to, name)));
    return {
      total,
      deadLetters: letters.flatMap((letter) => letter ?? []),
      ...(last === undefined ? {} : { next: last.name }),
    };
  }

  private async describe(to: Endpoint, { name }: DeliveryName): Promise<DeadLetter | undefined> {
    const letter = await getJson(this.parts.store, objectKeys.deadLetter(to, name), storedDeadLetterSchema);
    if (letter === undefined) return undefined;
    const { payload, reason, diedAt, attempts, last } = letter;
    const event = webhookEventSchema.parse(JSON.parse(payload));
    return { event, reason, diedAt, attempts, ...(last === undefined ? {} : { last }) };
  }

  /** Lets the endpoint be told of one event, or of all, once more. Throws EVENT_UNKNOWN, STORE_UNAVAILABLE. */
  async replay(to: Endpoint, eventId: string | undefined): Promise<Replay> {
    const earliest = new Earliest(replayedAtOnce, compareByTime);
    let total = 0;
    for await (const name of this.names(to)) {
      total += 1;
      if (eventId === undefined || name.eventId === eventId) earliest.offer(name);
    }
    const names = earliest.take();
    if (eventId !== undefined && names.length === 0) throw new SigningError('EVENT_UNKNOWN', { found: eventId });
    for (const name of names) await this.revive(to, name);
    return { replayed: names.length, left: total - names.length };
  }

  private async revive(to: Endpoint, { name }: DeliveryName): Promise<void> {
    const { store, now } = this.parts;
    const letter = await getJson(store, objectKeys.deadLetter(to, name), storedDeadLetterSchema);
    if (letter === undefined) return;
    const { eventId, payload } = letter;
    const delivery: StoredDelivery = { eventId, payload, since: now().toISOString(), attempts: 0 };
    await putJson(store, objectKeys.webhookDelivery(to, name), delivery);
    await store.delete(objectKeys.deadLetter(to, name));
  }

  private async *names(to: Endpoint): AsyncIterable<DeliveryName> {
    const prefix = objectKeys.deadLettersOf(to);
    for await (const { key } of this.parts.store.list(prefix)) {
      const name = parseDeliveryName(key.slice(prefix.length));
      if (name !== undefined) yield name;
    }
  }

  /**
   * Deletes those whose event is older than `maxAgeMs`, and those of endpoints that are no more; gives how many are left.
   * Throws STORE_UNAVAILABLE.
   */
  async sweep(maxAgeMs: number, exists: (to: Endpoint) => Promise<boolean>): Promise<number> {
    const { store, logger, now } = this.parts;
    const known = new Map<string, Promise<boolean>>();
    let left = 0;
    let deleted = 0;
    for await (const { key } of store.list(objectKeys.deadLettersPrefix)) {
      const [clientId = '', webhookId = '', rest = ''] = key.slice(objectKeys.deadLettersPrefix.length).split('/');
      const name = parseDeliveryName(rest);
      if (name === undefined) continue;
      const at = `${clientId}/${webhookId}`;
      const isThere = known.get(at) ?? exists({ clientId, webhookId });
      known.set(at, isThere);
      if (now().getTime() - name.atMs <= maxAgeMs && (await isThere)) left += 1;
      else {
        await store.delete(key);
        deleted += 1;
      }
    }
    if (deleted > 0) logger.warn({ deleted }, 'old dead letters of webhooks deleted');
    return left;
  }
}
