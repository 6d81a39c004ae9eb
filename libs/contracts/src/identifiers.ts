import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** 26 characters of Crockford base 32: 48 bits of milliseconds, then 80 random bits (a ULID). Sorts by time. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id with a prefix that names its kind, such as `doc_01j…`. */
export function newId(
  prefix: 'doc' | 'job' | 'bat' | 'req' | 'dlg' | 'act' | 'whk' | 'evt' | 'use',
  nowMs: number = Date.now(),
): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time;
  let random = '';
  for (const byte of randomBytes(16)) random += alphabet[byte % 32];
  return `${prefix}_${time}${random}`;
}

/**
 * The id that always comes of the same parts (any strings): 130 bits of their SHA-256, so that it tells nothing of them and
 * no two lists of parts share one.
 */
export function derivedId(prefix: 'doc' | 'job' | 'bat' | 'evt', ...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts), 'utf8').digest();
  return `${prefix}_${Array.from(digest.subarray(0, 26), (byte) => alphabet[byte % 32]).join('')}`;
}

export const documentIdSchema = z.string().regex(/^doc_[0-9a-z]{26}$/, 'expected doc_ and 26 characters');
export const jobIdSchema = z.string().regex(/^job_[0-9a-z]{26}$/, 'expected job_ and 26 characters');
export const batchIdSchema = z.string().regex(/^bat_[0-9a-z]{26}$/, 'expected bat_ and 26 characters');
/** Names given by operators: credentials, tokens, clients. They become parts of object keys and queue names. */
export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a-z, 0-9 and -, at most 63');
/** What stands in a path where an id would: `GET /v1/templates/export`. */
const wordsOfPaths: readonly string[] = ['check', 'export', 'import', 'presets'];
/** Names of new templates and credentials. */
export const newNameSchema = nameSchema.refine((name) => !wordsOfPaths.includes(name), {
  error: `expected another id than ${wordsOfPaths.join(', ')}`,
});
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
/** ISO 8601 in UTC, with milliseconds. */
export const instantSchema = z.iso.datetime({ offset: true });
