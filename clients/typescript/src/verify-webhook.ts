import type { WebhookEvent, WebhookKeys } from './generated/api.js';

/** Why a delivery was not taken. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
  constructor(
    readonly reason: 'header-missing' | 'out-of-time' | 'signature-wrong',
    message: string,
  ) {
    super(message);
  }
}

/** Headers of a request, as fetch, Express, Fastify or node:http give them. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** Seconds that `webhook-timestamp` may differ from our clock; default 300. Whoever recorded a delivery can't send it later. */
  readonly toleranceSeconds?: number;
  /** Default: the system's clock. */
  readonly now?: Date;
}

/** More signatures than a cluster has keys; the header comes from whoever called. */
const maxSignatures = 8;

/**
 * Checks a delivery (Standard Webhooks 1.0, `v1a`: Ed25519) and gives its event. `body`: the bytes as they came, before anything
 * parsed them. `keys`: the answer of `GET /v1/webhook-keys`; when this throws signature-wrong, ask for them once more.
 * Within the time window the same delivery may come again: remember `event.id`. Throws WebhookRefused.
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  keys: WebhookKeys,
  { toleranceSeconds = 300, now = new Date() }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const id = headerOf(headers, 'webhook-id');
  const seconds = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature').split(' ', maxSignatures);
  if (!/^\d{1,12}$/.test(seconds) || Math.abs(now.getTime() / 1_000 - Number(seconds)) > toleranceSeconds) {
    throw new WebhookRefused(
      'out-of-time',
      `expected webhook-timestamp within ${toleranceSeconds} s, found ${seconds}`,
    );
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${seconds}.`);
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  for (const signature of signatures) {
    const raw = signatureOf(signature);
    if (raw !== undefined && (await isByOneOf(keys, raw, signed))) {
      const event = JSON.parse(new TextDecoder().decode(bytes)) as WebhookEvent;
      // Both are signed; a receiver that remembers either of them must remember the same.
      if (event.id === id) return event;
    }
  }
  throw new WebhookRefused('signature-wrong', `no signature of ${id} is by one of ${keys.keys.length} keys`);
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string' || value === '') {
    throw new WebhookRefused('header-missing', `expected one header ${name}, found none or several`);
  }
  return value;
}

/** The 64 bytes of a `v1a` signature; undefined for others, such as a shared secret's. */
function signatureOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  const base64 = /^v1a,([A-Za-z0-9+/]{86}==)$/.exec(text)?.[1];
  return base64 === undefined ? undefined : Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function isByOneOf(
  { keys }: WebhookKeys,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  for (const { kty, crv, x } of keys) {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify']);
    if (await crypto.subtle.verify('Ed25519', key, signature, signed)) return true;
  }
  return false;
}
