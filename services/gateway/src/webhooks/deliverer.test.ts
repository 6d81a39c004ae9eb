import { describe, expect, it } from '@jest/globals';
import {
  objectKeys,
  storedDeliverySchema,
  type StoredDelivery,
  type StoredWebhook,
  type WebhookEvent,
} from '@kyso/contracts';
import { keepEvent } from '@kyso/storage';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { MemoryStore } from '../../test/memory-store.js';
import { DeadLetters } from './dead-letters.js';
import { Deliverer } from './deliverer.js';
import { FanOut } from './fan-out.js';
import type { Sent } from './send-event.js';
import { WebhookBook } from './webhook-book.js';
import { WebhookHosts } from './webhook-hosts.js';
import { WebhookMetrics } from './webhook-metrics.js';

const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, '0')}`;
const at = (n: number): string => new Date(Date.UTC(2026, 10, 23) + n).toISOString();
const dayMs = 86_400_000;

/** A deliverer over a store in memory, whose endpoints answer what `kindOf` says. */
function makeWorld(kindOf: (event: WebhookEvent, url: string) => Sent['kind'] = () => 'delivered') {
  const store = new MemoryStore();
  const logger = pino({ level: 'silent' });
  const sent: { url: string; event: WebhookEvent }[] = [];
  const clock = { nowMs: Date.UTC(2026, 10, 23, 12) };
  const now = (): Date => new Date(clock.nowMs);
  const book = new WebhookBook({ store, hosts: new WebhookHosts(['a.example']), maxAgeMs: 60_000, now });
  let registry = new Registry();
  const send = async ({ url }: StoredWebhook, { payload }: { payload: string }): Promise<Sent> => {
    const event = JSON.parse(payload) as WebhookEvent;
    sent.push({ url, event });
    await new Promise((resolve) => setImmediate(resolve));
    const kind = kindOf(event, url);
    const status = kind === 'delivered' ? 204 : kind === 'gone' ? 410 : 500;
    return { attempt: { at: at(0), durationMs: 1, status }, kind, retryAfterMs: 0 };
  };
  const make = (): Deliverer => {
    registry = new Registry();
    return new Deliverer({
      store,
      book,
      fanOut: new FanOut({ store, book, logger, now }),
      deadLetters: new DeadLetters({ store, logger, now }),
      send,
      backOff: { firstMs: 1, longestMs: 2, giveUpMs: 3 * dayMs },
      metrics: new WebhookMetrics(registry),
      logger,
      now,
    });
  };
  const metric = (name: string): Promise<string> => registry.getSingleMetricAsString(name);
  const keep = (document: number, version: number, clientId = 'portal'): Promise<void> => {
    const data = { jobId: id('job', document * 100 + version), documentId: id('doc', document) };
    const status = 'completed' as const;
    const type = 'signing-job.completed' as const;
    return keepEvent(store, {
      clientId,
      type,
      at: at(version),
      data: { ...data, status, version, versions: [version] },
    });
  };
  const count = (prefix: string): number => [...store.objects.keys()].filter((key) => key.startsWith(prefix)).length;
  return { store, sent, clock, book, metric, make, keep, count };
}

function recordsOf(store: MemoryStore): StoredDelivery[] {
  return [...store.objects].flatMap(([key, bytes]) =>
    key.startsWith('webhook-deliveries/')
      ? [storedDeliverySchema.parse(JSON.parse(Buffer.from(bytes).toString()))]
      : [],
  );
}

/** Passes until nothing is left to be done, at most `times`. */
async function pass(deliverer: Deliverer, isDone: () => boolean, times = 2_000): Promise<void> {
  for (let n = 0; n < times && !isDone(); n++) {
    await deliverer.pass();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the deliverer', () => {
  it('tells each endpoint what it wants, and forgets it', async () => {
    const { book, keep, make, sent, count } = makeWorld();
    await book.create('portal', { url: 'https://a.example/all' });
    await book.create('portal', { url: 'https://a.example/failed', types: ['signing-job.failed'] });
    await book.create('other', { url: 'https://a.example/other' });
    await keep(1, 1);
    await pass(make(), () => sent.length > 0 && count('') === 3);
    expect(sent.map(({ url }) => url)).toEqual(['https://a.example/all']);
    expect(count('event-outbox/') + count('webhook-deliveries/')).toBe(0);
  });

  it('tells 10,800 events, more than it holds in memory, each once and those of a document in order', async () => {
    const { book, keep, make, sent, count } = makeWorld();
    await book.create('portal', { url: 'https://a.example/' });
    for (let version = 3; version > 0; version--) {
      for (let document = 0; document < 3_600; document++) await keep(document, version);
    }
    const deliverer = make();
    await pass(deliverer, () => sent.length >= 10_800);
    await pass(deliverer, () => count('event-outbox/') + count('webhook-deliveries/') === 0);
    expect(sent).toHaveLength(10_800);
    const next = new Map<string, number>();
    for (const { event } of sent) {
      if (event.type !== 'signing-job.completed') throw new Error(event.type);
      const { documentId, version } = event.data;
      expect(version).toBe((next.get(documentId) ?? 0) + 1);
      next.set(documentId, version);
    }
  }, 120_000);

  it('makes the same deliveries again when a crash came between them and the end of the event', async () => {
    const { store, book, keep, make, sent, count } = makeWorld();
    await book.create('portal', { url: 'https://a.example/1' });
    await book.create('portal', { url: 'https://a.example/2' });
    await keep(1, 1);
    let writes = 0;
    store.beforeWrite = (key) => {
      if (key.startsWith('webhook-deliveries/') && ++writes === 2) throw new Error('killed');
    };
    await expect(make().pass()).rejects.toThrow('killed');
    expect([count('event-outbox/'), sent.length]).toEqual([1, 0]);
    store.beforeWrite = () => undefined;
    await pass(make(), () => count('event-outbox/') + count('webhook-deliveries/') === 0);
    expect(sent.map(({ url }) => url).sort()).toEqual(['https://a.example/1', 'https://a.example/2']);
  });

  it('goes on with the tries of another one', async () => {
    const { store, book, keep, make, sent, count } = makeWorld(() => (sent.length < 3 ? 'refused' : 'delivered'));
    await book.create('portal', { url: 'https://a.example/' });
    await keep(1, 1);
    const first = make();
    await pass(first, () => sent.length === 1);
    await first.stop(1_000);
    expect(recordsOf(store)).toMatchObject([{ attempts: 1, last: { status: 500 } }]);
    await pass(make(), () => count('webhook-deliveries/') === 0);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ event }) => event.id)).size).toBe(1);
  });

  it('gives up what is too old, and goes on with the next of the document', async () => {
    const { store, clock, book, keep, make, sent, count } = makeWorld((event) =>
      (event.data as { version: number }).version === 1 ? 'refused' : 'delivered',
    );
    const { webhookId } = await book.create('portal', { url: 'https://a.example/' });
    await keep(1, 1);
    await keep(1, 2);
    const deliverer = make();
    await pass(deliverer, () => recordsOf(store).some(({ attempts }) => attempts > 0));
    clock.nowMs += 3 * dayMs;
    await pass(deliverer, () => count('webhook-deliveries/') === 0);
    const versions = sent.map(({ event }) => (event.data as { version: number }).version);
    expect(versions.filter((version) => version === 1).length).toBeGreaterThan(1);
    expect(versions.indexOf(2)).toBe(versions.length - 1);
    expect(count(objectKeys.deadLettersOf({ clientId: 'portal', webhookId }))).toBe(1);
  });

  it('keeps what happens while an endpoint is disabled as dead letters, and deletes old ones', async () => {
    const { clock, book, keep, make, sent, count, metric } = makeWorld();
    const { webhookId } = await book.create('portal', { url: 'https://a.example/' });
    await book.replace('portal', webhookId, { url: 'https://a.example/', enabled: false });
    await keep(1, 1);
    const deliverer = make();
    await pass(deliverer, () => count('webhook-dead-letters/') === 1);
    expect(sent).toEqual([]);
    await deliverer.sweepDeadLetters(30);
    expect(await metric('kyso_webhook_dead_letters')).toContain('kyso_webhook_dead_letters 1');
    clock.nowMs += 31 * dayMs;
    await deliverer.sweepDeadLetters(30);
    expect(count('webhook-dead-letters/')).toBe(0);
  });

  it('puts off what it cannot read or write now', async () => {
    const { store, book, keep, make, sent, count } = makeWorld();
    await book.create('portal', { url: 'https://a.example/' });
    await keep(1, 1);
    store.down = true;
    const deliverer = make();
    await expect(deliverer.pass()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.down = false;
    await pass(deliverer, () => count('webhook-deliveries/') + count('event-outbox/') === 0);
    expect(sent).toHaveLength(1);
  });

  it('begins nothing once another one leads, or the process stops', async () => {
    const { book, keep, make, sent } = makeWorld();
    await book.create('portal', { url: 'https://a.example/' });
    const deliverer = make();
    await deliverer.pass();
    await deliverer.stop(100);
    await keep(1, 1);
    await deliverer.pass();
    expect(sent).toEqual([]);
  });
});
