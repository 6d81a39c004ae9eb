import {
  maxWebhooksPerClient,
  newId,
  objectKeys,
  SigningError,
  storedWebhookSchema,
  webhookIdSchema,
  webhookSchema,
  type StoredWebhook,
  type Webhook,
  type WebhookDisabledReason,
  type WebhookReplacement,
  type WebhookRequest,
} from '@kyso/contracts';
import { createJson, getJson, putJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { WebhookHosts } from './webhook-hosts.js';

export interface WebhookBookParts {
  readonly store: ObjectStore;
  readonly hosts: WebhookHosts;
  /** Milliseconds that `hasEnabled` and `known` may lag behind. */
  readonly maxAgeMs: number;
  readonly now: () => Date;
}

/** The endpoints of all clients, from `webhooks/<clientId>/<webhookId>.json`. */
export class WebhookBook {
  private readonly cache: ExpiringCache<readonly StoredWebhook[]>;

  constructor(private readonly parts: WebhookBookParts) {
    this.cache = new ExpiringCache({ maxEntries: 10_000, maxAgeMs: parts.maxAgeMs });
  }

  /** Whether what happens to the client's jobs has to be kept to be told. Throws STORE_UNAVAILABLE. */
  async hasEnabled(clientId: string): Promise<boolean> {
    if (!this.parts.hosts.any) return false;
    return (await this.cache.getOrLoad(clientId, () => this.read(clientId))).some(({ enabled }) => enabled);
  }

  /** The client's endpoints as they are stored now, the oldest first. Throws STORE_UNAVAILABLE. */
  async read(clientId: string): Promise<StoredWebhook[]> {
    const { store } = this.parts;
    const found: StoredWebhook[] = [];
    for await (const { key } of store.list(objectKeys.webhooksPrefix(clientId))) {
      const webhook = await getJson(store, key, storedWebhookSchema);
      if (webhook !== undefined) found.push(webhook);
    }
    return found.sort((a, b) => (a.webhookId < b.webhookId ? -1 : 1));
  }

  /** Throws WEBHOOK_UNKNOWN, also for somebody else's. */
  async find(clientId: string, webhookId: string): Promise<StoredWebhook> {
    const webhook = await this.readOne(clientId, webhookId);
    if (webhook === undefined) throw new SigningError('WEBHOOK_UNKNOWN', { found: webhookId });
    return webhook;
  }

  /**
   * The endpoint for a delivery, undefined when it is deleted: may be `maxAgeMs` old where it is enabled, and never where it is
   * not, for that would cost the delivery.
   */
  async known(clientId: string, webhookId: string): Promise<StoredWebhook | undefined> {
    const all = await this.cache.getOrLoad(clientId, () => this.read(clientId));
    const cached = all.find((one) => one.webhookId === webhookId);
    return cached?.enabled === true ? cached : this.readOne(clientId, webhookId);
  }

  /** Throws WEBHOOK_HOST_REFUSED, WEBHOOK_EXISTS, WEBHOOK_LIMIT, REQUEST_INVALID, STORE_UNAVAILABLE. */
  async create(clientId: string, request: WebhookRequest): Promise<StoredWebhook> {
    const { store, hosts, now } = this.parts;
    hosts.assertAllowed(request.url);
    const others = await this.read(clientId);
    assertSole(others, request.url);
    if (others.length >= maxWebhooksPerClient) {
      throw new SigningError('WEBHOOK_LIMIT', { expected: `at most ${maxWebhooksPerClient} webhooks of a client` });
    }
    const at = now();
    const createdAt = at.toISOString();
    const webhookId = newId('whk', at.getTime());
    const webhook: StoredWebhook = {
      webhookId,
      clientId,
      ...settingsOf(request),
      enabled: true,
      createdAt,
      changedAt: createdAt,
    };
    await createJson(store, objectKeys.webhook(clientId, webhookId), webhook);
    this.cache.delete(clientId);
    return webhook;
  }

  /** Throws WEBHOOK_UNKNOWN and what `create` throws but WEBHOOK_LIMIT. */
  async replace(clientId: string, webhookId: string, request: WebhookReplacement): Promise<StoredWebhook> {
    this.parts.hosts.assertAllowed(request.url);
    const before = await this.find(clientId, webhookId);
    assertSole(
      (await this.read(clientId)).filter((one) => one.webhookId !== webhookId),
      request.url,
    );
    const changedAt = this.parts.now().toISOString();
    const { createdAt, disabled = { reason: 'client' as const, at: changedAt } } = before;
    return this.keep({
      webhookId,
      clientId,
      ...settingsOf(request),
      ...(request.enabled ? { enabled: true } : { enabled: false, disabled }),
      createdAt,
      changedAt,
    });
  }

  /** Its deliveries and dead letters are removed by whoever delivers. Throws WEBHOOK_UNKNOWN, STORE_UNAVAILABLE. */
  async remove(clientId: string, webhookId: string): Promise<void> {
    await this.find(clientId, webhookId);
    await this.parts.store.delete(objectKeys.webhook(clientId, webhookId));
    this.cache.delete(clientId);
  }

  /** Nothing more is sent to it until its client enables it again; not where it has another address since. */
  async disable({ clientId, webhookId, url }: StoredWebhook, reason: WebhookDisabledReason): Promise<void> {
    const webhook = await this.readOne(clientId, webhookId);
    if (webhook === undefined || webhook.url !== url || !webhook.enabled) return;
    const at = this.parts.now().toISOString();
    await this.keep({ ...webhook, enabled: false, disabled: { reason, at }, changedAt: at });
  }

  private async keep(webhook: StoredWebhook): Promise<StoredWebhook> {
    await putJson(this.parts.store, objectKeys.webhook(webhook.clientId, webhook.webhookId), webhook);
    this.cache.delete(webhook.clientId);
    return webhook;
  }

  private async readOne(clientId: string, webhookId: string): Promise<StoredWebhook | undefined> {
    if (!webhookIdSchema.safeParse(webhookId).success) return undefined;
    return getJson(this.parts.store, objectKeys.webhook(clientId, webhookId), storedWebhookSchema);
  }
}

/** As its client sees it. */
export function describeWebhook(webhook: StoredWebhook): Webhook {
  return webhookSchema.parse(webhook);
}

function settingsOf({ url, types, description }: WebhookRequest): Pick<StoredWebhook, 'url' | 'types' | 'description'> {
  return { url, ...(types === undefined ? {} : { types }), ...(description === undefined ? {} : { description }) };
}

/** Two endpoints with one URL would be told everything twice: most likely a call that was repeated. */
function assertSole(others: readonly StoredWebhook[], url: string): void {
  const other = others.find((one) => one.url === url);
  if (other !== undefined) throw new SigningError('WEBHOOK_EXISTS', { found: other.webhookId });
}
