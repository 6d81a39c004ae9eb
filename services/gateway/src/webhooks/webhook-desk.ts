import {
  newId,
  webhookEventSchema,
  type ApiClientRecord,
  type DeadLetterList,
  type Replay,
  type StoredWebhook,
  type Webhook,
  type WebhookKeys,
  type WebhookList,
  type WebhookReplacement,
  type WebhookRequest,
  type WebhookTest,
} from '@kyso/contracts';
import { Turns } from '../turns.js';
import type { DeadLetters } from './dead-letters.js';
import type { Sent } from './send-event.js';
import { describeWebhook, type WebhookBook } from './webhook-book.js';
import type { WebhookSigner } from './webhook-keys.js';

export interface WebhookDeskParts {
  readonly book: WebhookBook;
  readonly deadLetters: DeadLetters;
  readonly signer: WebhookSigner;
  readonly send: (endpoint: StoredWebhook, event: { eventId: string; payload: string }) => Promise<Sent>;
  readonly now: () => Date;
}

/** What clients do with their own webhooks; those of others are unknown to them. */
export class WebhookDesk {
  /** A test holds its request until the endpoint has answered. */
  private readonly tests = new Turns({ atATime: 16, maxWaitMs: 5_000, what: 'test deliveries' });

  constructor(private readonly parts: WebhookDeskParts) {}

  get keys(): WebhookKeys {
    return this.parts.signer.publicKeys;
  }

  async list({ clientId }: ApiClientRecord): Promise<WebhookList> {
    return { webhooks: (await this.parts.book.read(clientId)).map(describeWebhook) };
  }

  /** Throws WEBHOOK_UNKNOWN. */
  async show({ clientId }: ApiClientRecord, webhookId: string): Promise<Webhook> {
    return describeWebhook(await this.parts.book.find(clientId, webhookId));
  }

  /** Throws as `WebhookBook.create`. */
  async create({ clientId }: ApiClientRecord, request: WebhookRequest): Promise<Webhook> {
    return describeWebhook(await this.parts.book.create(clientId, request));
  }

  /** Throws as `WebhookBook.replace`. */
  async replace({ clientId }: ApiClientRecord, webhookId: string, request: WebhookReplacement): Promise<Webhook> {
    return describeWebhook(await this.parts.book.replace(clientId, webhookId, request));
  }

  /** Throws WEBHOOK_UNKNOWN. */
  remove({ clientId }: ApiClientRecord, webhookId: string): Promise<void> {
    return this.parts.book.remove(clientId, webhookId);
  }

  /** Throws WEBHOOK_UNKNOWN, REQUEST_INVALID for an `after` that is none. */
  async deadLetters(
    client: ApiClientRecord,
    webhookId: string,
    page: { readonly limit: number; readonly after: string | undefined },
  ): Promise<DeadLetterList> {
    return this.parts.deadLetters.list(await this.parts.book.find(client.clientId, webhookId), page);
  }

  /** Throws WEBHOOK_UNKNOWN, EVENT_UNKNOWN. */
  async replay(client: ApiClientRecord, webhookId: string, eventId: string | undefined): Promise<Replay> {
    return this.parts.deadLetters.replay(await this.parts.book.find(client.clientId, webhookId), eventId);
  }

  /** Sends an event of its own at once, also to a disabled endpoint; nothing is kept. Throws WEBHOOK_UNKNOWN, RATE_LIMITED. */
  async test(client: ApiClientRecord, webhookId: string): Promise<WebhookTest> {
    const webhook = await this.parts.book.find(client.clientId, webhookId);
    const at = this.parts.now();
    const eventId = newId('evt', at.getTime());
    const event = { id: eventId, type: 'webhook.test', timestamp: at.toISOString(), data: { webhookId } };
    const payload = JSON.stringify(webhookEventSchema.parse(event));
    const { kind, attempt } = await this.tests.take(() => this.parts.send(webhook, { eventId, payload }));
    return { delivered: kind === 'delivered', eventId, attempt };
  }
}
