import { createHash } from 'node:crypto';
import { nameSchema } from '@kyso/contracts';

/** An API key as a caller sent it: `kyso_<clientId>_<43 characters base64url>`. */
export interface PresentedKey {
  readonly clientId: string;
  /** SHA-256 of the whole key string, 32 bytes. The key itself is not kept. */
  readonly sha256: Buffer;
}

/** Reads an API key; undefined when the text does not have the form of one, so that no look-up is made for it. */
export function parseApiKey(key: string): PresentedKey | undefined {
  const match = /^kyso_([a-z0-9-]{1,63})_([A-Za-z0-9_-]{43})$/.exec(key);
  const clientId = match?.[1];
  if (clientId === undefined || !nameSchema.safeParse(clientId).success) return undefined;
  return { clientId, sha256: createHash('sha256').update(key, 'utf8').digest() };
}

/** The key of `Authorization: Bearer …` (RFC 6750, 2.1); undefined when the header is absent or another scheme. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(authorization ?? '')?.[1];
}

/** The password of `Authorization: Basic …` (RFC 7617, 2); the user name is not looked at. */
export function basicPassword(authorization: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,400}={0,2})$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : decoded.slice(colon + 1);
}
