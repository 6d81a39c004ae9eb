import {
  apiClientRecordSchema,
  objectKeys,
  retentionFor,
  type ApiClientRecord,
  type ClientUsage,
  type Retention,
  type RetentionReport,
  type UsageReport,
} from '@kyso/contracts';
import { getJson, type ObjectStore } from '@kyso/storage';
import type { Quotas } from './quotas.js';
import type { UsageBook } from './usage-book.js';

/** Tells clients and operators what is taken up and what will be erased. */
export class UsageDesk {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly usage: UsageBook;
      readonly quotas: Quotas;
      readonly terms: Retention;
      readonly lastSweep: () => Promise<RetentionReport | undefined>;
    },
  ) {}

  async show(client: ApiClientRecord): Promise<ClientUsage> {
    return this.describe(client, await this.parts.lastSweep());
  }

  private async describe(client: ApiClientRecord, sweep: RetentionReport | undefined): Promise<ClientUsage> {
    const { usage, quotas, terms } = this.parts;
    const { clientId } = client;
    const stored = await quotas.stored(clientId);
    const due = sweep?.clients[clientId]?.due;
    return {
      clientId,
      stored: { ...stored, ...(sweep === undefined ? {} : { countedAt: sweep.startedAt }) },
      days: await usage.lastDays(clientId),
      quotas: client.quotas ?? {},
      retention: retentionFor(terms, client.retention),
      ...(due === undefined ? {} : { dueDocuments: due }),
    };
  }

  /** Of all clients, by their ids. */
  async report(): Promise<UsageReport> {
    const { store } = this.parts;
    const lastSweep = await this.parts.lastSweep();
    const clients: ClientUsage[] = [];
    for await (const { key } of store.list(objectKeys.clientsPrefix)) {
      const client = await getJson(store, key, apiClientRecordSchema);
      if (client !== undefined) clients.push(await this.describe(client, lastSweep));
    }
    clients.sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
    return { clients, ...(lastSweep === undefined ? {} : { lastSweep }) };
  }
}
