import { timingSafeEqual } from 'node:crypto';
import { apiClientRecordSchema, objectKeys, SigningError, type ApiClientRecord } from '@kyso/contracts';
import { getJson, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import type { PresentedKey } from './api-key.js';

/** Stands for a client that does not exist: its hash is no SHA-256 of anything known, so that both cases take equal time. */
const nobodySha256 = Buffer.alloc(32, 0xff);

/**
 * The API clients, from `clients/<id>.json`. A record is kept for `maxAgeMs`: so long a disabled client or a withdrawn right
 * still works. Unknown ids are remembered too, so that guesses do not reach the store each time.
 */
export class ClientRegistry {
  private readonly clients: ExpiringCache<{ readonly record: ApiClientRecord | undefined }>;

  constructor(
    private readonly store: ObjectStore,
    maxAgeMs: number,
  ) {
    this.clients = new ExpiringCache({ maxEntries: 10_000, maxAgeMs });
  }

  /** True when `identify` will not have to ask the store. */
  knows(clientId: string): boolean {
    return this.clients.get(clientId) !== undefined;
  }

  /** The client whose key this is; undefined when unknown, wrong or disabled. Throws STORE_UNAVAILABLE. */
  async identify(key: PresentedKey): Promise<ApiClientRecord | undefined> {
    const record = await this.read(key.clientId);
    const expected = record === undefined ? nobodySha256 : Buffer.from(record.keySha256, 'hex');
    const matches = timingSafeEqual(expected, key.sha256);
    return matches && record?.enabled === true && record.clientId === key.clientId ? record : undefined;
  }

  /** The client for whom something is done that it asked for before. Throws FORBIDDEN when it is unknown or disabled by now. */
  async find(clientId: string): Promise<ApiClientRecord> {
    const record = await this.read(clientId);
    if (record?.enabled === true) return record;
    throw new SigningError('FORBIDDEN', { expected: 'a client that is enabled', found: clientId });
  }

  private async read(clientId: string): Promise<ApiClientRecord | undefined> {
    const { record } = await this.clients.getOrLoad(clientId, async () => ({
      record: await getJson(this.store, objectKeys.client(clientId), apiClientRecordSchema),
    }));
    return record;
  }
}
