import { createHash } from 'node:crypto';
import { derivedId, SigningError, type SigningJobRequest } from '@kyso/contracts';

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

/**
 * The job that a client's Idempotency-Key stands for. The id is derived from both, so that the request itself, created only if
 * it is absent, is the record of the key: two gateways that get the same key at the same time make one job.
 */
export function jobIdOfKey(clientId: string, key: IdempotencyKey): string {
  return typeof key === 'string'
    ? derivedId('job', 'idempotency-key', clientId, key)
    : derivedId('job', 'idempotency-key of a set', clientId, key.set, String(key.index));
}

/** The key of a request, or of one job of a set of jobs. */
export type IdempotencyKey = string | { readonly set: string; readonly index: number };
