import { createHash } from 'node:crypto';
import {
  idempotencyRecordSchema,
  objectKeys,
  SigningError,
  type ApiClientRecord,
  type IdempotencyRecord,
  type SigningJobRequest,
} from '@kyso/contracts';
import { createJson, getJson, type ObjectStore } from '@kyso/storage';

/** Reads the Idempotency-Key header: 1 to 255 visible ASCII characters. Throws REQUEST_INVALID for anything else. */
export function parseIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw new SigningError('REQUEST_INVALID', {
    expected: 'Idempotency-Key of 1 to 255 visible ASCII characters',
    found: typeof header === 'string' ? `${header.length} characters` : 'several keys',
  });
}

/**
 * SHA-256 of a request as it was understood: the schema puts the members in its own order and fills in defaults, so that two
 * spellings of one request are the same request.
 */
export function requestSha256(request: SigningJobRequest): string {
  return createHash('sha256').update(JSON.stringify(request), 'utf8').digest('hex');
}

/** Which job belongs to which Idempotency-Key of a client. The first writer wins, for good. */
export class IdempotencyRecords {
  constructor(private readonly store: ObjectStore) {}

  /** The record of this key, if it was used. Throws IDEMPOTENCY_KEY_REUSED when it was for another request. */
  async find(client: ApiClientRecord, key: string, bodySha256: string): Promise<IdempotencyRecord | undefined> {
    const record = await getJson(this.store, objectKey(client, key), idempotencyRecordSchema);
    if (record !== undefined && record.bodySha256 !== bodySha256) throw new SigningError('IDEMPOTENCY_KEY_REUSED');
    return record;
  }

  /** Claims the key; when another request was faster, gives its record. Throws IDEMPOTENCY_KEY_REUSED. */
  async claim(client: ApiClientRecord, key: string, wanted: IdempotencyRecord): Promise<IdempotencyRecord> {
    if (await createJson(this.store, objectKey(client, key), wanted)) return wanted;
    const winner = await this.find(client, key, wanted.bodySha256);
    if (winner === undefined) throw new SigningError('STORE_UNAVAILABLE', { found: 'a record that disappeared' });
    return winner;
  }
}

function objectKey(client: ApiClientRecord, key: string): string {
  return objectKeys.idempotency(client.clientId, createHash('sha256').update(key, 'ascii').digest('hex'));
}
