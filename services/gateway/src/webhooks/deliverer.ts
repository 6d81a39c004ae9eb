import { objectKeys, storedDeliverySchema, type StoredDelivery, type StoredWebhook } from '@kyso/contracts';
import { getJson, putJson, type ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';
import { pauseMs, type BackOff } from './back-off.js';
import type { DeadLetters, Endpoint } from './dead-letters.js';
import { compareByTime, Earliest, parseDeliveryName, type DeliveryName } from './delivery-name.js';
import { EndpointLane, laneWindow, type Picked } from './endpoint-lane.js';
import type { FanOut } from './fan-out.js';
import type { Sent } from './send-event.js';
import type { WebhookBook } from './webhook-book.js';
import type { WebhookMetrics } from './webhook-metrics.js';

/** Deliveries at a time to endpoints that answer promptly, and to all others: those never take a place from these. */
const promptPlaces = 64;
const slowPlaces = 64;
/** The store is asked again what waits: often while that is little, for a gateway may have replayed something. */
const surveyEveryMs = 3_000;
const longSurveyEveryMs = 60_000;
const longListing = 5_000;
/** After a fault of our own, such as a store that is away. */
const faultPauseMs = 10_000;
const expiredOfPass = 200;
/** Of a back-off, and of what an endpoint may ask for. */
const longestWaitMs = 24 * 3_600_000;

export interface DelivererParts {
  readonly store: ObjectStore;
  readonly book: Pick<WebhookBook, 'known' | 'disable'>;
  readonly fanOut: FanOut;
  readonly deadLetters: DeadLetters;
  readonly send: (endpoint: StoredWebhook, event: StoredDelivery) => Promise<Sent>;
  readonly backOff: BackOff;
  readonly metrics: WebhookMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * Tells endpoints what happened: at least once, in the order of each document. A pass only hands out what there is; sending
 * goes on by itself, so that an endpoint that hangs holds up nobody. All of it may be done by two gateways at once, and by
 * another one after a crash: what was told twice has the same id.
 */
export class Deliverer {
  private readonly lanes = new Map<string, EndpointLane>();
  private readonly sending = new Set<Promise<void>>();
  private readonly places = { prompt: promptPlaces, slow: slowPlaces };
  private isActive = false;
  private isStopped = false;
  private surveyAtMs = 0;

  constructor(private readonly parts: DelivererParts) {}

  /** One pass of the leading gateway. Throws STORE_UNAVAILABLE, STORE_FULL. */
  async pass(): Promise<void> {
    if (this.isStopped) return;
    this.isActive = true;
    const outbox = await this.parts.fanOut.run((made) => {
      for (const { clientId, webhookId, name } of made) this.lane(clientId, webhookId).add(name);
      this.pump();
    });
    if (performance.now() >= this.surveyAtMs || this.someRunLow()) {
      const waiting = await this.survey();
      const oldest = [outbox.oldestMs, waiting.oldestMs].filter((ms) => ms !== undefined);
      const oldestMs = oldest.length === 0 ? undefined : Math.min(...oldest);
      this.parts.metrics.eventsWait({ count: waiting.count + outbox.left, oldestMs }, this.nowMs());
      this.surveyAtMs = performance.now() + (waiting.count > longListing ? longSurveyEveryMs : surveyEveryMs);
    }
    await this.giveUpOld();
    this.pump();
  }

  /** Deletes dead letters that are older than that, and counts the others. Throws STORE_UNAVAILABLE. */
  async sweepDeadLetters(maxAgeDays: number): Promise<void> {
    const { deadLetters, book, metrics } = this.parts;
    const exists = async (to: Endpoint): Promise<boolean> =>
      (await book.known(to.clientId, to.webhookId)) !== undefined;
    metrics.deadLetters(await deadLetters.sweep(maxAgeDays * 86_400_000, exists));
  }

  /** Another gateway leads: nothing new is begun. */
  rest(): void {
    this.isActive = false;
    this.lanes.clear();
    this.surveyAtMs = 0;
  }

  /** Begins nothing new, and waits at most `maxWaitMs` for what is being sent; the rest is sent again by another. */
  async stop(maxWaitMs: number): Promise<void> {
    this.isStopped = true;
    this.isActive = false;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, maxWaitMs);
    });
    await Promise.race([Promise.allSettled(this.sending), patience]);
    clearTimeout(timer);
  }

  private someRunLow(): boolean {
    for (const lane of this.lanes.values()) if (lane.isRunningLow) return true;
    return false;
  }

  /** Lists what waits for all endpoints; of each the oldest names are kept. */
  private async survey(): Promise<{ count: number; oldestMs: number | undefined }> {
    const found = new Map<string, Earliest<DeliveryName>>();
    let count = 0;
    let oldestMs: number | undefined;
    for await (const { key } of this.parts.store.list(objectKeys.webhookDeliveriesPrefix)) {
      const [clientId = '', webhookId = '', rest = ''] = key
        .slice(objectKeys.webhookDeliveriesPrefix.length)
        .split('/');
      const name = parseDeliveryName(rest);
      if (name === undefined) continue;
      count += 1;
      oldestMs = Math.min(oldestMs ?? name.atMs, name.atMs);
      const at = `${clientId}/${webhookId}`;
      const earliest = found.get(at) ?? new Earliest(laneWindow, compareByTime);
      found.set(at, earliest);
      earliest.offer(name);
    }
    for (const [at, earliest] of found) {
      const [clientId = '', webhookId = ''] = at.split('/');
      this.lane(clientId, webhookId).refresh(earliest.take(), earliest.count > laneWindow);
    }
    for (const [at, lane] of this.lanes) {
      if (found.has(at)) continue;
      lane.hasMore = false;
      // What it knows of the endpoint goes with it; a new one begins carefully.
      if (lane.size === 0) this.lanes.delete(at);
    }
    return { count, oldestMs };
  }

  private lane(clientId: string, webhookId: string): EndpointLane {
    const at = `${clientId}/${webhookId}`;
    let lane = this.lanes.get(at);
    if (lane === undefined) {
      lane = new EndpointLane(clientId, webhookId);
      this.lanes.set(at, lane);
    }
    return lane;
  }

  /** Sends what may be sent, one of each endpoint at a time, as long as there is a place for it. */
  private pump(): void {
    for (let isMore = this.isActive; isMore;) {
      isMore = false;
      for (const lane of this.lanes.values()) {
        const place = lane.answersPromptly ? 'prompt' : 'slow';
        if (this.places[place] === 0) continue;
        const picked = lane.pick();
        if (picked === undefined) continue;
        isMore = true;
        this.places[place] -= 1;
        const work = this.attempt(lane, picked).finally(() => {
          this.places[place] += 1;
          this.sending.delete(work);
          this.pump();
        });
        this.sending.add(work);
      }
    }
  }

  /** Never throws: a fault of our own is logged, and the delivery is tried again. */
  private async attempt(lane: EndpointLane, picked: Picked): Promise<void> {
    const { name } = picked;
    try {
      const waitMs = await this.tell(lane, picked);
      if (waitMs === undefined) lane.finish(name);
      else lane.postpone(name, waitMs);
    } catch (error) {
      const { clientId, webhookId } = lane;
      this.parts.logger.warn({ err: error, clientId, webhookId, eventId: name.eventId }, 'webhook delivery is put off');
      lane.postpone(name, faultPauseMs);
    }
  }

  /** Gives in how many milliseconds it is to be tried again; undefined when the delivery is over. */
  private async tell(lane: EndpointLane, { name, isKnownDue }: Picked): Promise<number | undefined> {
    const { store, book, send, metrics } = this.parts;
    const key = objectKeys.webhookDelivery(lane, name.name);
    const delivery = await getJson(store, key, storedDeliverySchema);
    if (delivery === undefined) return undefined;
    const endpoint = await book.known(lane.clientId, lane.webhookId);
    if (endpoint === undefined) {
      await store.delete(key);
      return undefined;
    }
    if (!endpoint.enabled) {
      const reason = endpoint.disabled?.reason === 'gone' ? 'endpoint-gone' : 'endpoint-disabled';
      return this.bury(lane, name, { delivery, reason });
    }
    const waitMs = this.waitOf(delivery);
    if (!isKnownDue && waitMs > 0) return waitMs;
    const sent = await send(endpoint, delivery);
    metrics.delivered(sent.kind);
    const { isAway, retryAfterMs } = { isAway: sent.kind === 'away', retryAfterMs: sent.retryAfterMs };
    lane.heard({ isAway, durationMs: sent.attempt.durationMs, retryAfterMs });
    this.log(lane, name, { sent, attempts: delivery.attempts + 1 });
    if (sent.kind === 'delivered') {
      await store.delete(key);
      return undefined;
    }
    return this.failed(lane, name, { endpoint, delivery, sent });
  }

  private async failed(
    lane: EndpointLane,
    name: DeliveryName,
    what: { readonly endpoint: StoredWebhook; readonly delivery: StoredDelivery; readonly sent: Sent },
  ): Promise<number | undefined> {
    const { store, book, backOff } = this.parts;
    const { endpoint, sent } = what;
    const attempts = what.delivery.attempts + 1;
    const tried: StoredDelivery = { ...what.delivery, attempts, last: sent.attempt };
    if (sent.kind === 'gone') {
      await book.disable(endpoint, 'gone');
      return this.bury(lane, name, { delivery: tried, reason: 'endpoint-gone' });
    }
    const nowMs = this.nowMs();
    if (nowMs - Date.parse(tried.since) >= backOff.giveUpMs) {
      return this.bury(lane, name, { delivery: tried, reason: 'gave-up' });
    }
    const waitMs = Math.max(sent.retryAfterMs, pauseMs(backOff, attempts));
    const nextAt = new Date(nowMs + waitMs).toISOString();
    await putJson(store, objectKeys.webhookDelivery(lane, name.name), { ...tried, nextAt });
    return waitMs;
  }

  /** What is left of the pause that a record asks for; never longer than such a pause is, whatever the clock was then. */
  private waitOf({ nextAt }: StoredDelivery): number {
    if (nextAt === undefined) return 0;
    return Math.min(longestWaitMs, Math.max(0, Date.parse(nextAt) - this.nowMs()));
  }

  private async bury(
    lane: EndpointLane,
    name: DeliveryName,
    dead: Parameters<DeadLetters['bury']>[2],
  ): Promise<undefined> {
    await this.parts.deadLetters.bury(lane, name, dead);
    this.parts.metrics.delivered('dead-letter');
  }

  /** While an endpoint is away, its deliveries wait for their turn; the time of some is over before it comes. */
  private async giveUpOld(): Promise<void> {
    const { backOff } = this.parts;
    const before = this.nowMs() - backOff.giveUpMs;
    for (const lane of this.lanes.values()) {
      if (!lane.isAway) continue;
      await Promise.all(lane.pickOlderThan(before, expiredOfPass).map((name) => this.giveUp(lane, name, before)));
    }
  }

  private async giveUp(lane: EndpointLane, name: DeliveryName, before: number): Promise<void> {
    let waitMs: number | undefined = faultPauseMs;
    try {
      const key = objectKeys.webhookDelivery(lane, name.name);
      const delivery = await getJson(this.parts.store, key, storedDeliverySchema);
      // One that was replayed has its time anew.
      if (delivery !== undefined && Date.parse(delivery.since) >= before) waitMs = this.waitOf(delivery);
      else {
        if (delivery !== undefined) await this.bury(lane, name, { delivery, reason: 'gave-up' });
        waitMs = undefined;
      }
    } finally {
      if (waitMs === undefined) lane.finish(name);
      else lane.postpone(name, waitMs);
    }
  }

  private log(
    { clientId, webhookId }: EndpointLane,
    { eventId }: DeliveryName,
    { sent, attempts }: { readonly sent: Sent; readonly attempts: number },
  ): void {
    const { status, error, durationMs } = sent.attempt;
    const { kind: outcome } = sent;
    const line = { clientId, webhookId, eventId, outcome, status, reason: error, durationMs, attempts };
    if (outcome === 'delivered') this.parts.logger.info(line, 'webhook delivered');
    else this.parts.logger.warn(line, 'webhook not delivered');
  }

  private nowMs(): number {
    return this.parts.now().getTime();
  }
}
